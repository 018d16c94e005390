"""Templates write jobs as the scripts do: both are tested with tests/data/formats.json."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone, translation

from dashboard import figures
from dashboard.templatetags import taskcast, taskcast_value

EXAMPLES: dict[str, Any] = json.loads(Path("tests/data/formats.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("milliseconds", "text"), EXAMPLES["span"])
def test_spans(milliseconds: int, text: str) -> None:
    assert taskcast.span(milliseconds / 1000) == text


def test_spans_in_korean() -> None:
    with translation.override("ko"):
        assert taskcast.span(61) == "1분 01초"


@pytest.mark.parametrize(("number", "text"), EXAMPLES["count"])
def test_counts(number: float, text: str) -> None:
    assert taskcast.count(number) == text


@pytest.mark.parametrize(("size", "text"), EXAMPLES["bytes"])
def test_sizes(size: int, text: str) -> None:
    assert taskcast.size_words(size) == text


@pytest.mark.parametrize(("number", "name", "text"), EXAMPLES["figures"])
def test_figures(number: float, name: str, text: str) -> None:
    assert figures.figure(number, name) == text


@pytest.mark.parametrize(("args", "text"), EXAMPLES["args"])
def test_arguments(args: dict[str, Any], text: str) -> None:
    assert taskcast.args_line(args) == text


def test_whole_floats_are_written_as_javascript_writes_them() -> None:
    assert taskcast.args_line({"x": 4.0, "y": [1.0]}) == "x=4, y=[1]"


@pytest.mark.parametrize(("iso", "day", "clock"), EXAMPLES["when"])
def test_times(iso: str, day: str, clock: str) -> None:
    with timezone.override("Asia/Seoul"):
        assert (taskcast.when(iso), taskcast.clock(iso)) == (day, clock)


@pytest.mark.parametrize(("shown", "markup"), EXAMPLES["values"])
def test_values(shown: Any, markup: str) -> None:
    assert taskcast_value.value(shown) == markup


def test_a_value_is_never_markup() -> None:
    hostile = "<script>alert(1)</script>"
    for shown in (hostile, [hostile], [{hostile: hostile}], {hostile: {hostile: [[hostile]]}}):
        assert "<script" not in taskcast_value.value(shown)


def test_a_long_table_shows_its_beginning_and_says_so() -> None:
    shown = taskcast_value.value([{"n": n} for n in range(900)])
    assert shown.count("<tr>") == 201
    assert "900 rows" in shown


def test_a_relaunch_takes_all_along_but_secrets() -> None:
    job = {"task": "a.b", "args": {"x": 4, "key": "********", "list": [1, 2], "deep": {"a": [1]}, "none": None}}
    assert taskcast.relaunch_url(job) == "/tasks/a.b/?x=4&list=1&list=2&deep=%7B%22a%22%3A+%5B1%5D%7D"
    hidden = {"task": "a.b", "args": {"login": {"user": "a", "password": "********"}, "rows": [[1, 2], None]}}
    assert taskcast.relaunch_url(hidden) == "/tasks/a.b/?rows=%5B%5B1%2C+2%5D%2C+null%5D"
