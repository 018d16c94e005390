"""The nemesis' checker finds each kind of broken promise: a run that passes says something."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest

from tests.nemesis import checker
from tests.nemesis.faults import Fault
from tests.nemesis.load import Launch
from tests.nemesis.readers import Transcript

JOB = {"id": "a", "task": "t.double", "state": "succeeded", "result": 4, "reason": None, "error": None, "epoch": 1}
EVENTS = [
    {"seq": 1, "kind": "state", "set": {"state": "started"}},
    {"seq": 2, "kind": "state", "set": {"state": "succeeded", "result": 4}},
]


class Run:
    """One job that was launched, ran, and was watched; tests break one thing of it."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = [dict(JOB)]
        self.logs = {"a": {"seq": 2, "job": dict(JOB), "events": copy.deepcopy(EVENTS)}}
        self.launched = {"a": Launch("a", "double", time.time(), 4)}
        self.refused: dict[str, int] = {}
        self.latencies = [(0.0, 0.01, "GET jobs")] * 100
        self.transcript = Transcript()
        self.transcript.take(
            {"type": "snapshot", "epoch": 1, "seq": 0, "job": {"id": "a", "seq": 0, "state": "queued"}}
        )
        self.transcripts = {"a": self.transcript}
        self.followed = {"a"}
        self.lags: list[tuple[float, float]] = [(100.0, 100.5)]
        self.bad: list[str] = []
        self.connections = 1
        self.faults: list[Fault] = []
        self.events = EVENTS

    def run(self, code: str, ids: list[str] | None = None) -> Any:
        return self.rows if ids is None else self.logs

    def broken(self) -> set[str]:
        self.transcript.take({"type": "events", "epoch": 1, "events": self.events})
        return set(checker.check(self, self, [self], self.faults).broken)  # type: ignore[arg-type, list-item]


@pytest.fixture
def run() -> Run:
    return Run()


def test_what_is_whole_passes(run: Run) -> None:
    assert run.broken() == set()


def test_an_acknowledged_job_without_a_row(run: Run) -> None:
    run.launched["b"] = Launch("b", "double", time.time(), 4)
    assert run.broken() == {"no acknowledged job is lost"}


@pytest.mark.parametrize(
    "end",
    [
        {"result": 5},
        {"state": "failed", "error": {"type": "KeyError", "message": "x"}},
        {"state": "lost"},
        {"state": "cancelled"},
    ],
)
def test_an_end_that_cannot_be(run: Run, end: dict[str, Any]) -> None:
    run.rows[0].update(end)
    assert "a job ends as it should" in run.broken()


def test_a_job_that_is_stuck(run: Run) -> None:
    run.rows[0]["state"] = "started"
    assert "no job is stuck" in run.broken()


@pytest.mark.parametrize("ends", [0, 2])
def test_a_job_with_no_final_event_or_two(run: Run, ends: int) -> None:
    run.logs["a"]["events"] = [EVENTS[0], *[{**EVENTS[1], "seq": 2 + n} for n in range(ends)]]
    assert "a job has one final event" in run.broken()


def test_a_history_that_says_something_else_than_the_log(run: Run) -> None:
    run.logs["a"]["job"] = {**JOB, "state": "failed"}
    assert "history and log agree" in run.broken()


@pytest.mark.parametrize("numbers", [[2], [1, 1, 2], [1, 3]])
def test_a_transcript_with_a_gap_or_a_copy(run: Run, numbers: list[int]) -> None:
    run.events = [{**EVENTS[min(n, 2) - 1], "seq": n} for n in numbers]
    assert "readers get every event once, in order" in run.broken()


def test_a_reader_who_never_sees_the_end(run: Run) -> None:
    run.events = EVENTS[:1]
    assert run.broken() == {"readers see the end"}


def test_an_end_of_an_epoch_that_redis_lost_is_put_right_for_who_follows(run: Run) -> None:
    """Who had left cannot be told that the job ran once more."""
    run.rows[0] |= {"result": 4, "epoch": 2}
    run.events = [EVENTS[0], {**EVENTS[1], "set": {"state": "succeeded", "result": 5}}]
    assert run.broken() == {"readers see the end"}
    run.followed, run.events = set(), []
    assert run.broken() == set()
    run.rows[0]["epoch"] = 1
    assert run.broken() == {"readers see the end"}


def test_an_event_that_comes_late(run: Run) -> None:
    run.lags = [(100.0, 106.0)]
    assert run.broken() == {"readers have caught up soon"}


def test_an_event_that_comes_late_after_a_fault_is_counted_from_its_end(run: Run) -> None:
    run.lags = [(100.0, 109.0)]
    run.faults = [Fault("freeze Redis", "5 s", 100.2, 105.0)]
    assert run.broken() == set()
    run.lags = [(100.0, 111.0)]
    assert run.broken() == {"readers have caught up soon", "readers get every event once, in order"}


def test_requests_that_wait(run: Run) -> None:
    run.latencies = [(0.0, 0.01, "GET jobs")] * 95 + [(0.0, 0.6, "GET jobs")] * 5
    assert run.broken() == {"requests are answered soon"}


def test_another_epoch_that_is_seen_late(run: Run) -> None:
    run.faults = [Fault("lose all data of Redis", "FLUSHALL", 100.0, 100.1)]
    run.transcript.snapshots = [(99.0, 1), (104.0, 2)]
    assert run.broken() == set()
    run.transcript.snapshots = [(99.0, 1), (106.0, 2)]
    assert "another epoch is seen soon" in run.broken()
