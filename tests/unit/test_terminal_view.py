"""A job on a terminal, in a pipe and as JSON: what is told, not twice, and nothing that steers a terminal."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from rich.console import Console

from dashboard.terminal import lines
from dashboard.terminal.following import Connection, Event, Snapshot
from dashboard.terminal.live import LiveBars, show
from dashboard.terminal.viewers import JsonLines, PlainLines, Silent
from dashboard.terminal.visible import visible, visible_json, visible_lines
from tasks.events import blank_job, fold

JOB = "0d449f4c-4387-4a8d-91cf-a83ed4e85a7b"
STEERS = "\x1b\x9b\x07\u202e\u2066\r\x00"
EVIL = f"[bold]\x1b[2J{STEERS}:smile:[/]"


def job(**fields: Any) -> dict[str, Any]:
    return blank_job(JOB, **{"task": "a.task", "created_at": at(0), **fields})


def at(seconds: float) -> str:
    return f"2026-05-31T05:00:{seconds:09.6f}+00:00"


def step(description: str, current: float, total: float | None, *steps: Any) -> dict[str, Any]:
    return {"description": description, "current": current, "total": total, "steps": list(steps)}


def events(begin: dict[str, Any], *changes: dict[str, Any]) -> list[Any]:
    """A snapshot and what follows on it; `changes` are `set`s, with `time` in seconds and `lines` if any."""
    found: list[Any] = [Snapshot(begin)]
    now = begin
    for seq, change in enumerate(changes, begin["seq"] + 1):
        event: dict[str, Any] = {"seq": seq, "time": at(change.pop("time", seq)), "kind": "state"}
        event |= {"lines": change.pop("lines")} if "lines" in change else {}
        now = fold(now, event | {"set": change})
        found.append(Event(event | {"set": change}, now))
    return found


def line(text: str, level: str = "info") -> dict[str, str]:
    return {"time": at(3), "level": level, "text": text}


def plain(*items: Any) -> list[str]:
    out = io.StringIO()
    viewer = PlainLines(out)
    for item in items:
        viewer.take(item)
    return [re.sub(r"^\d\d:\d\d:\d\d\.\d{3} ", "", text) for text in out.getvalue().splitlines()]


def shown(value: Any, width: int = 80, **options: Any) -> str:
    out = io.StringIO()
    Console(file=out, width=width, **options).print(show(value, 10))
    return out.getvalue()


def test_plain_lines_tell_states_log_outputs_and_the_end():
    items = events(
        job(),
        {"state": "started", "started_at": at(1), "worker": "w@h"},
        {"lines": [line("one"), line("two", "error")]},
        {"outputs": [{"name": "table", "kind": "table", "value": []}]},
        {"outputs": [{"name": "table", "kind": "table", "value": [1]}]},
        {"cancel": "asked"},
        {"state": "succeeded", "finished_at": at(4), "result": {"a": 1}},
    )
    assert plain(*items) == [
        "queued",
        "started on w@h",
        "info: one",
        "error: two",
        "output table (table)",
        "started on w@h (asked to stop)",
        "succeeded after 3.0 s",
    ]


def test_what_the_log_had_before_comes_first_below_which_job_it_is():
    out = io.StringIO()
    PlainLines(out).begin(job(), [line("one"), line("two\nthree")])
    assert out.getvalue().splitlines() == [
        f"a.task {JOB}",
        "14:00:03.000 info: one",
        "14:00:03.000 info: two",
        "  | three",
    ]


def test_plain_progress_is_a_line_a_second_or_each_ten_percent():
    steps = [{"progress": step("Rows", n, 100), "time": n / 25} for n in range(101)]
    told = plain(*events(job(state="started"), *steps))[1:]
    assert told == [f"Rows {n} of 100 ({n} %)" for n in range(0, 101, 10)]
    slow = [{"progress": step("Rows", n, 1000), "time": n * 0.6} for n in range(10)]
    assert plain(*events(job(state="started"), *slow))[1:] == [f"Rows {n} of 1,000 (0 %)" for n in (0, 2, 4, 6, 8)]


def test_progress_in_a_line_is_the_way_to_the_step_at_work():
    inner = step("Files", 1, 3, step("Rows", 10, 10), step("", 5, None))
    assert lines.progress_line(job(state="started", progress=inner)) == "Files › Step 2 5"
    assert lines.progress_line(job(state="started")) == ""


def test_why_a_job_ended_is_told():
    ended = {"started_at": at(0), "finished_at": at(2)}
    error = {"type": "ValueError", "message": "no\nentry", "traceback": "Traceback\n  x\nValueError: no entry"}
    assert lines.state_line(job(state="failed", error=error, **ended)) == "failed after 2.0 s: ValueError: no\\nentry"
    assert lines.state_line(job(state="lost", reason="its process died")) == "lost: its process died"
    assert lines.end_lines(job(state="failed", error=error))[-1] == "ValueError: no entry"
    assert lines.end_lines(job(state="succeeded", result=None)) == []
    assert "as a file" in lines.end_lines({**job(state="succeeded"), "truncated": ["result"]})[0]
    assert lines.end_lines(job(state="succeeded", result="x" * 9000))[0].endswith("…")


def test_a_connection_that_is_away_is_told():
    assert plain(Connection(is_away=True), Connection(is_away=False)) == [
        "Redis or the database does not answer: reconnecting",
        "connected again",
    ]


def test_bars_are_nested_and_say_how_far():
    text = shown(job(state="started", progress=step("Files", 1, 3, step("Rows", 10, 10), step("Bytes", 5, None))))
    rows = [row.rstrip() for row in text.splitlines()]
    assert [re.sub(r"[━╸╺ ]+", " ", row).strip() for row in rows] == [
        "Files 1 of 3 (33 %)",
        "Rows 10 of 10 (100 %)",
        "Bytes 5",
        "started a.task",
    ]
    assert rows[1].startswith("  Rows")
    assert rows[0].count("━") < rows[1].count("━") == 30


def test_more_bars_than_there_is_room_for_leave_out_what_is_over():
    steps = [step(f"Step {n}", 1, 1) for n in range(40)]
    text = shown(job(state="started", progress=step("All", 40, 42, *steps, step("Now", 0, 9))))
    assert len(text.splitlines()) == 11
    assert {"All", "Now"} <= {row.split()[0] for row in text.splitlines()}


def test_nothing_moves_any_more_in_a_job_that_has_ended():
    assert "━" not in shown(job(state="failed", progress=step("Bytes", 5, None)))


def test_a_narrow_terminal_gets_narrow_lines():
    text = shown(job(state="started", progress=step("행을 읽는 중입니다 " * 5, 1, 2)), width=50)
    assert "1 of 2 (50 %)" in text
    assert len(text.splitlines()) == 2


def test_no_text_of_a_task_steers_the_terminal():
    items = events(
        job(),
        {"state": "started", "worker": EVIL, "progress": step(EVIL, 1, 2), "lines": [line(EVIL)]},
        {"outputs": [{"name": EVIL, "kind": "json"}], "reason": EVIL},
        {"state": "failed", "error": {"type": EVIL, "message": EVIL, "traceback": EVIL}, "finished_at": at(3)},
    )
    out, err, screen = io.StringIO(), io.StringIO(), io.StringIO()
    console = Console(file=screen, width=300, markup=False, emoji=False, highlight=False)
    for viewer in (PlainLines(out), LiveBars(console), JsonLines(out, err, all_of_it=True), Silent(out, err)):
        with viewer:
            viewer.begin(job(task=EVIL), [line(EVIL)])
            for item in items:
                viewer.take(item)
            viewer.end(items[-1].job)
    written = out.getvalue() + err.getvalue() + screen.getvalue()
    assert not set(STEERS) & set(written)
    assert "[bold]\\x1b[2J" in written
    assert ":smile:" in screen.getvalue()


def test_what_is_visible_stays_as_it_is():
    assert visible("한글 e\u0301 ‍") == "한글 e\u0301 ‍"
    assert visible("a\nb\tc") == "a\\nb       c"
    assert visible_lines("a\r\nb\rc") == "a\nb\\rc"
    assert json.loads(visible_json(json.dumps(EVIL, ensure_ascii=False))) == EVIL


def test_a_line_of_the_log_cannot_pass_for_another():
    first, second = lines.log_lines(line("a\n14:00:00.000 info: forged"))
    assert first.endswith("info: a")
    assert second == "  | 14:00:00.000 info: forged"


@pytest.mark.parametrize(("all_of_it", "expected"), [(True, ["id", "kind", "kind", "id"]), (False, ["id"])])
def test_json_lines_are_the_job_its_events_and_the_job(all_of_it: bool, expected: list[str]):
    out, err = io.StringIO(), io.StringIO()
    items = events(job(), {"state": "started"}, {"state": "succeeded", "result": "\x9b \n"})
    viewer = JsonLines(out, err, all_of_it=all_of_it)
    for item in [*items, Connection(is_away=True)]:
        viewer.take(item)
    viewer.end(items[-1].job)
    told = [json.loads(text) for text in out.getvalue().splitlines()]
    assert ["id" if "id" in one else "kind" for one in told] == expected
    assert told[-1] == items[-1].job
    assert "reconnecting" in err.getvalue()


def test_the_silent_one_writes_the_result_and_nothing_else_to_standard_output():
    out, err = io.StringIO(), io.StringIO()
    viewer = Silent(out, err)
    for item in events(job(), {"state": "started"}):
        viewer.take(item)
    assert out.getvalue() + err.getvalue() == ""
    viewer.end({**job(state="succeeded", result={"a": "한글"})})
    assert out.getvalue() == '{"a":"한글"}\n'
    assert err.getvalue() == f"{JOB} succeeded\n"
