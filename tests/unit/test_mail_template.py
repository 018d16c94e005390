"""Templates of mails: `{column}` and nothing more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.samples.mail_recipients import Recipient
from tasks.samples.mail_template import UnknownColumn, check, fill, one_line


def test_columns_are_filled_in():
    assert fill("안녕 {이름}, {{not this}} { name }!", {"이름": "민수", "name": "Kim"}) == "안녕 민수, {not this} Kim!"


@pytest.mark.parametrize("template", ["{a.__class__}", "{a[0]}", "{0}", "{a!r}", "{a:>999999999}", "{missing}"])
def test_what_is_no_column_is_refused(template):
    with pytest.raises(UnknownColumn, match="The file has no column"):
        check(template, ["a"])


def test_a_value_is_not_a_template():
    assert fill("{a} {b}", {"a": "{b}", "b": "{a}"}) == "{b} {a}"


def test_braces_that_name_nothing_stay():
    template = "body { color: red; \n } {} {"
    check(template, [])
    assert fill(template, {}) == template


@given(st.text())
def test_a_header_has_one_line(text):
    assert len(one_line(text).splitlines()) <= 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("bob@example.com", "bob@EXAMPLE.com", True),
        ("Bob@example.com", "bob@example.com", True),
        ("kim@한글.kr", "kim@xn--bj0bj06e.kr", True),
        ("bob@example.com", "bob@example.org", False),
        ("b.ob@example.com", "bob@example.com", False),
    ],
)
def test_spellings_of_one_address(one, other, same):
    assert (Recipient(1, one, {}).key == Recipient(2, other, {}).key) is same


@pytest.mark.parametrize(
    "address",
    ["", "kim", "a@b@c", "a@example.com\nBcc: x@example.com", "a@example.com, b@example.com", "Kim <k@example.com>"],
)
def test_what_is_no_address(address):
    assert not Recipient(1, address, {}).valid
