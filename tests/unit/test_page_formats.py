"""Templates write jobs as the scripts do: both are tested with tests/data/formats.json."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone, translation

from dashboard import figures, graphemes, reasons
from dashboard.launching import relaunch
from dashboard.templatetags import taskcast, taskcast_value
from tasks import catalog, ends, launching, strays, watch
from tests.support.signatures import described

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


@pytest.mark.parametrize(("wire", "text"), EXAMPLES["duration"])
def test_durations(wire: str, text: str) -> None:
    assert text in taskcast_value.argument(wire, {})


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
    assert relaunch.address(job) == "/tasks/a.b/?x=4&list=1&list=2&deep=%7B%22a%22%3A+%5B1%5D%7D"
    hidden = {"task": "a.b", "args": {"login": {"user": "a", "password": "********"}, "rows": [[1, 2], None]}}
    assert relaunch.address(hidden) == "/tasks/a.b/?rows=%5B%5B1%2C+2%5D%2C+null%5D"


def test_a_relaunch_tells_a_text_of_digits_from_a_number(monkeypatch) -> None:
    def take(free, either: int | str, text: str, number: int): ...

    monkeypatch.setattr(catalog, "get", lambda name: described(take))
    job = {"task": "t.take", "args": {"free": "4", "either": "4", "text": "4", "number": 4}}
    assert relaunch.address(job) == "/tasks/t.take/?free=%224%22&either=%224%22&text=4&number=4"
    plain = {"task": "t.take", "args": {"free": "four", "either": 4}}
    assert relaunch.address(plain) == "/tasks/t.take/?free=four&either=4"


@pytest.mark.parametrize("number", [2**53 + 1, -(2**53) - 1, int("9" * 30), 10**400])
def test_whole_numbers_keep_all_their_digits(number: int) -> None:
    assert taskcast.args_line({"n": number}) == f"n={number}"[:160]
    assert str(number) in taskcast_value.value(number)
    assert taskcast_value.value({"n": number}).count(str(number)) == 1


def test_reasons_are_said_in_the_readers_language() -> None:
    silent = "worker w1@host has been silent since 10:32:07"
    job = {"state": "started", "cancel": None, "reason": silent}
    assert taskcast.situation(job) == silent
    again = "worker w1@host stopped answering at 10:32:07; it was killed or cut off; waiting to be started again"
    with translation.override("ko"):
        assert taskcast.situation(job) == "워커 w1@host 쪽에서 10:32:07부터 응답이 없음"
        said = taskcast.situation({**job, "state": "queued", "reason": again})
        assert said.endswith("다시 시작되기를 기다리는 중")
        assert "w1@host" in said
        assert not re.search("[a-z]{3,}", said.replace("w1@host", ""))
        assert taskcast.situation({**job, "reason": "disk full: {x}"}) == "disk full: {x}"


@pytest.mark.parametrize("text", reasons.SENTENCES)
def test_each_reason_is_known_again_with_its_own_words(text: str) -> None:
    holes = {name: f"<{name}>" for name in re.findall(r"\{(\w+)\}", text)}
    reason = text.format(**holes)
    assert reasons.reason_words(reason) == reason
    with translation.override("ko"):
        assert reasons.reason_words(reason) == translation.gettext(text).format(**holes) != reason


def test_the_scripts_know_the_same_reasons() -> None:
    source = Path("frontend/src/reasons.ts").read_text(encoding="utf-8")
    listed = source.partition("const SENTENCES = [")[2].partition("];")[0]
    assert re.findall(r'"(.+?)",?\n', listed) == list(reasons.SENTENCES)


def test_what_the_engine_says_of_jobs_is_known() -> None:
    said = [launching.WAITING_FOR_BROKER, strays.NOBODY_HAS_IT, ends.LOST_TOO_OFTEN, "its process died", "revoked"]
    said += re.findall(r'return "(its process [^"]+)"', inspect.getsource(ends))
    said += re.findall(r'return f"(worker [^"]+)"', inspect.getsource(watch))
    said += [ends.SENT_AGAIN, ends.REPLACED, ends.ignored().set["reason"]]
    assert len(said) > 8
    with translation.override("ko"):
        assert [text for text in said if reasons.reason_words(text) == text] == []


@pytest.mark.parametrize(
    ("text", "most", "wanted"),
    [
        ("abc", 3, "abc"),
        ("👍🏽x", 1, "👍"),
        ("a👍🏽", 2, "a"),
        ("a\u1112\u1161\u11ab", 3, "a"),
        ("a한b", 2, "a한"),
        ("aक्ष", 3, "a"),
        ("a🏴\U000e0067\U000e0062\U000e007f", 3, "a"),
        ("🇰🇷🇫🇷", 3, "🇰🇷"),
        ("a" + "\u0301" * 900, 5, "a" + "\u0301" * 4),
    ],
)
def test_a_text_is_cut_where_a_character_ends(text: str, most: int, wanted: str) -> None:
    assert graphemes.cut(text, most) == wanted


def test_that_jobs_of_a_batch_failed_is_said_in_the_readers_language() -> None:
    error = {"type": "JobsFailed", "message": "3 of 10 jobs did not succeed", "traceback": ""}
    assert taskcast.error_line(error) == "3 of 10 jobs did not succeed"
    with translation.override("ko"):
        assert taskcast.error_line(error) == "작업 10개 중 3개가 성공하지 못했습니다"
        assert taskcast.error_line({**error, "type": "ValueError"}) == "ValueError: 3 of 10 jobs did not succeed"
        cancelled = {"state": "cancelled", "cancel": "seen", "reason": "3 of 10 jobs were cancelled"}
        assert taskcast.situation(cancelled) == "작업 10개 중 3개가 취소되었습니다"


def test_a_long_argument_is_folded_and_whole() -> None:
    long = {"lines": [{"name": f"name {n}", "at": {"x": [n]}} for n in range(40)]}
    shown = taskcast_value.argument(long, {})
    assert shown.startswith("<details><summary>1 value</summary>")
    assert "name 39" in shown
    assert "<details>" not in taskcast_value.argument({"lines": [1]}, {})
