"""What the cells of a table give a task."""

from typing import Any

import pytest

from dashboard.tables.rows import BadTable, read
from tests.support import signatures as s
from tests.support.signatures import described


def given(function: Any, text: str) -> list[dict[str, Any]]:
    table = read(described(function), text)
    assert table.misread == {}
    return table.rows


def test_an_empty_cell_is_no_value():
    rows = given(s.texts, "plain,coded,nullable,secret,long\na,,,,\nb,xy,c,d,e\nf")
    full = {"plain": "b", "coded": "xy", "nullable": "c", "secret": "d", "long": "e"}
    assert rows == [{"plain": "a"}, full, {"plain": "f"}]
    assert given(s.choices, "colour,several,yes\nred,,") == [{"colour": "red"}]


def test_an_empty_cell_of_a_required_parameter_is_none_where_that_is_a_value():
    def needs(number: int | None, text: str | None) -> None: ...

    assert given(needs, "number,text\n,a\n1,") == [{"number": None, "text": "a"}, {"number": 1, "text": None}]


def test_a_cell_with_several_lines_is_a_list():
    rows = given(s.many, 'words,counts,once\n"a b\nc","1\n2",[1]\n"[""d""]",[],[2]')
    assert rows == [
        {"words": ["a b", "c"], "counts": ["1", "2"], "once": [1]},
        {"words": ["d"], "counts": [], "once": [2]},
    ]
    assert given(s.choices, 'colour,several\nred,"red\ngreen"')[0]["several"] == ["red", "green"]


def test_a_column_with_a_colon_is_exact_json():
    table = read(described(s.texts), 'plain:,nullable:,long:\n"""4""",null,""""""\n"""a""",,')
    assert (table.rows, table.is_exact) == ([{"plain": "4", "nullable": None, "long": ""}, {"plain": "a"}], True)
    table = read(described(s.numbers), "whole:,real\n1,0.5\none,0.5\n")
    assert (table.rows[0], table.is_exact, list(table.misread)) == ({"whole": 1, "real": 0.5}, False, [1])


def test_where_there_are_only_exact_columns_a_number_is_no_text():
    assert read(described(s.numbers), 'whole:\n"""1"""').is_exact


def test_a_row_that_is_too_long_is_told_and_empty_cells_beyond_are_not():
    table = read(described(s.numbers), "whole,real\n1,,,\n2,,,3")
    assert [fault["msg"] for fault in table.misread[1]] == ["The row has more cells than there are names."]
    assert list(table.misread) == [1]


def test_a_table_of_one_column_has_no_delimiter():
    assert given(s.texts, "plain\na, b; c") == [{"plain": "a, b; c"}]


def test_the_numbers_are_those_of_the_spreadsheet():
    assert read(described(s.numbers), "\nwhole\n1\n\n2").numbers == [3, 5]


def test_a_name_is_taken_once_with_or_without_a_colon():
    with pytest.raises(BadTable) as refused:
        read(described(s.numbers), "whole,whole:,whole\n1,1,1")
    assert refused.value.problems == ["There are two columns “whole”."]
