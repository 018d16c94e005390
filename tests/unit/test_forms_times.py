"""Moments in the reader's zone, also where clocks are changed; durations as people type them."""

import datetime
import html
import re
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from dashboard.forms.fields import read_optional_text, show_optional_text
from dashboard.forms.form import ArgumentsForm, form_class
from dashboard.forms.times import is_wire_duration, read_duration, show_duration
from tasks.catalog_values import iso_duration
from tests.support.signatures import described


def plan(at: datetime.datetime) -> None: ...


def sent(**values: str) -> ArgumentsForm:
    data = QueryDict(mutable=True)
    data.update(values)
    return form_class(described(plan))(data, {})


def test_a_moment_travels_in_utc() -> None:
    with timezone.override("Europe/Paris"):
        form = sent(at="2026-05-31T10:00")
        assert form.is_valid()
        assert form.arguments() == {"at": "2026-05-31T08:00:00+00:00"}
        assert 'value="2026-05-31T10:00"' in str(form["at"])


def test_a_time_that_does_not_exist_is_told_with_one_that_does() -> None:
    with timezone.override("Europe/Paris"):
        form = sent(at="2026-03-29T02:30")
        assert form.errors == {
            "at": [
                "There is no 02:30 on 2026-03-29 in Europe/Paris, where clocks are put forward: "
                "take another time, like 03:30."
            ]
        }
        assert 'value="2026-03-29T02:30"' in str(form["at"])
        with translation.override("ko"):
            assert "시각이 없습니다" in sent(at="2026-03-29T02:30").errors["at"][0]


def test_of_a_time_that_comes_twice_one_is_chosen() -> None:
    with timezone.override("Europe/Paris"):
        form = sent(at="2026-10-25T02:30")
        assert "comes twice" in form.errors["at"][0]
        control = str(form["at"])
        assert re.findall(r'<option value="(.\d\d:\d\d)"', control) == ["+02:00", "+01:00"]
        assert 'name="at.offset"' in control
        for offset, utc in (("+02:00", "00:30"), ("+01:00", "01:30")):
            chosen = sent(**{"at": "2026-10-25T02:30", "at.offset": offset})
            assert chosen.is_valid()
            assert chosen.arguments() == {"at": f"2026-10-25T{utc}:00+00:00"}
            assert f'<option value="{offset}" selected>' in str(chosen["at"])
            # A job that had it is launched again with the same.
            again = form_class(described(plan))(query=QueryDict(f"at=2026-10-25T{utc}:00%2B00:00"))
            assert f'<option value="{offset}" selected>' in str(again["at"])
        # What is left over from another day does no harm.
        assert sent(**{"at": "2026-10-26T02:30", "at.offset": "+02:00"}).arguments() == {}
        other = sent(**{"at": "2026-10-26T02:30", "at.offset": "+02:00"})
        assert other.is_valid()
        assert other.arguments() == {"at": "2026-10-26T01:30:00+00:00"}


def test_a_moment_without_a_zone_has_no_clocks_that_change() -> None:
    from pydantic import NaiveDatetime

    def naive(at: NaiveDatetime) -> None: ...

    with timezone.override("Europe/Paris"):
        form = form_class(described(naive))(QueryDict("at=2026-03-29T02:30"), {})
        assert form.is_valid()
        assert form.arguments() == {"at": "2026-03-29T02:30:00"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h 30m", 5400), ("1h30m", 5400), ("90 min", 5400), ("1.5 h", 5400), ("1,5 hours", 5400),
        ("2 days, 3 h", 183600),
        ("1w", 604800), ("250ms", 0.25), ("-5 min", -300), ("1시간 30분", 5400), ("2일", 172800), ("10 S", 10),
    ],
)  # fmt: skip
def test_a_duration_is_typed_as_people_say_it(text: str, seconds: float) -> None:
    def pause(span: datetime.timedelta) -> None: ...

    form = form_class(described(pause))(QueryDict(f"span={text}"), {})
    assert form.is_valid(), form.errors
    assert described(pause).validate(form.arguments())["span"].total_seconds() == seconds


@pytest.mark.parametrize("text", ["a while", "1 hat", "h", "1h and", "9999999999 days", "P1DT2H", "1:30:00"])
def test_other_texts_are_left_to_the_validation(text: str) -> None:
    assert read_duration(text) == text


HUGE = "P9999999999DT0S"


@pytest.mark.parametrize(
    ("iso", "shown"),
    [
        ("P0DT5400S", "1h 30m"), ("P2DT0S", "2d"), ("P0DT0S", "0s"), ("-P0DT300S", "-5m"),
        ("P1DT3661.250000S", "1d 1h 1m 1.25s"),
        ("P0DT0.000001S", "0.000001s"), ("PT90M", "1h 30m"), ("soon", "soon"), (HUGE, HUGE),
    ],
)  # fmt: skip
def test_a_duration_is_shown_as_it_may_be_typed(iso: str, shown: str) -> None:
    assert show_duration(iso) == shown
    if shown != iso:
        assert read_duration(shown) in (iso, "P0DT5400S")
    assert (is_wire_duration(iso), is_wire_duration("1h 30m")) == (iso not in ("soon", "PT90M"), False)


@given(st.timedeltas(datetime.timedelta(days=-9999), datetime.timedelta(days=9999)))
def test_a_duration_that_is_shown_is_read_back(span: datetime.timedelta) -> None:
    def pause(span: datetime.timedelta) -> None: ...

    shown = show_duration(iso_duration(span))
    assert described(pause).typed_value("span", read_duration(shown)) == span


@given(st.text(st.sampled_from('"a '), max_size=6))
def test_an_optional_text_that_is_shown_is_read_back(text: str) -> None:
    shown = show_optional_text(text)
    assert shown != ""  # which would be None
    assert read_optional_text(shown) == text


def test_an_optional_text_is_none_or_empty() -> None:
    def note(text: str | None = "x") -> None: ...

    form_type: Any = form_class(described(note))
    for typed, meant in (("", None), ('""', ""), ("a", "a")):
        form = form_type(QueryDict(mutable=True) | {"text": typed}, {})
        assert form.is_valid()
        assert form.arguments() == {"text": meant}
    assert html.escape('""') in str(form_type(query=QueryDict('text=""'))["text"])
