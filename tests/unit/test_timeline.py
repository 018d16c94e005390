"""A job's way from its launch to its end, here as in the browser: both are tested with tests/data/timeline.json."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dashboard import timeline
from dashboard.templatetags import taskcast_timeline

CASES: list[dict[str, Any]] = json.loads(Path("tests/data/timeline.json").read_text(encoding="utf-8"))["phases"]
NOW = datetime.fromisoformat("2025-11-22T05:00:40+00:00")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_phases(case: dict[str, Any]) -> None:
    way = timeline.phases(case["job"], case["moments"])
    assert [[each.state, each.attempt, each.reason, each.start, each.end] for each in way] == case["phases"]
    parts = taskcast_timeline.parts(way, NOW)
    assert [[part["state"], part["x"], part["width"]] for part in parts] == case["parts"]


def test_of_many_attempts_the_first_and_the_last_are_shown() -> None:
    events = [
        {"seq": n + 1, "time": f"{n}", "kind": "state", "set": {"state": "started", "attempt": n + 1}}
        for n in range(500)
    ]
    shown = timeline.shown(timeline.moments(events))
    assert [moment["attempt"] for moment in shown] == [1, 2, 3, 4, 5, *range(475, 501)]
    assert shown[4]["state"] == timeline.GAP


def test_an_event_that_changes_no_state_is_no_moment() -> None:
    events = [
        {"seq": 1, "time": "a", "kind": "state", "set": {"state": "started", "attempt": 3}},
        {"seq": 2, "time": "b", "kind": "progress", "set": {"progress": None}},
        {"seq": 3, "time": "c", "kind": "log", "lines": []},
        {"seq": 4, "time": "d", "kind": "state", "set": {"state": "retrying", "reason": "no"}},
    ]
    assert timeline.moments(events) == [
        {"time": "a", "state": "started", "attempt": 3, "reason": None},
        {"time": "d", "state": "retrying", "attempt": 3, "reason": "no"},
    ]
