"""A table from a spreadsheet or a CSV file: which rows it has, and what is no table."""

import pytest
from django.core.exceptions import ValidationError

from dashboard.tables.text import decoded, read

KNOWN = ("x", "y", "note")
LONG = "2" * 200_000  # more than the csv module takes by itself


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("x,y\n1,2\n3,4", ["x", "y"], {2: ["1", "2"], 3: ["3", "4"]}),
        ("x\ty\r\n1\t2\r\n", ["x", "y"], {2: ["1", "2"]}),
        ("x;y\n1,5;2,5", ["x", "y"], {2: ["1,5", "2,5"]}),
        ("x\r1\r2", ["x"], {2: ["1"], 3: ["2"]}),
        # Blank rows count, as they do in the spreadsheet; a row of several lines is one.
        ("\n,\nx,y\n\n1,2\n , \n3,4\n\n", ["x", "y"], {5: ["1", "2"], 7: ["3", "4"]}),
        ('x,note\n1,"a\nb, ""c"""\n2,d', ["x", "note"], {2: ["1", 'a\nb, "c"'], 3: ["2", "d"]}),
        (' x ,"y" ,y:\n1,2,3', ["x", "y", "y:"], {2: ["1", "2", "3"]}),
        # Copied from a spreadsheet: JSON in a cell needs no quotes around it.
        ('x\ty\n1\t{"a": [1, 2]}', ["x", "y"], {2: ["1", '{"a": [1, 2]}']}),
        # The delimiter that finds known names, not the one that finds the most.
        ("x;a,b,c,d\n1;2", ["x", "a,b,c,d"], {2: ["1", "2"]}),
        ("p|q\n1|2", ["p|q"], {2: ["1|2"]}),
        ("x", ["x"], {}),
        (f"x\n{LONG}", ["x"], {2: [LONG]}),
    ],
)
def test_rows_are_read_and_numbered_as_in_the_spreadsheet(text: str, names: list[str], rows: dict[int, list[str]]):
    table = read(text, KNOWN)
    assert (table.names, table.rows) == (names, rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There is no table"),
        (" \n\n", "There is no table"),
        ('x,y\n1,2\n"3,4\n5,6', "Row 3 has a quote that is never closed."),
    ],
    ids=["nothing", "blank", "quote"],
)
def test_what_is_no_table_is_told(text: str, message: str):
    with pytest.raises(ValidationError, match=message):
        read(text, KNOWN)


def test_a_file_is_utf_8_with_or_without_its_mark():
    assert decoded("x\n파랑".encode()) == decoded("x\n파랑".encode("utf-8-sig")) == "x\n파랑"
    for content in ("x\n파랑".encode("cp949"), "x\n1".encode("utf-16"), b"PK\x03\x04\xff"):
        with pytest.raises(ValidationError, match="CSV UTF-8"):
            decoded(content)
