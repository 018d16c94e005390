"""The thread that speaks for a process, against a real Redis: all attempts in one round trip, each on its own."""

from __future__ import annotations

import uuid

import pytest

from tasks import eventlog, events
from tasks.eventlog import Change
from tasks.reporter import Reporter
from tests.support.stack import wait_for


@pytest.fixture
def jobs(redis_server) -> list[str]:
    eventlog.open_epoch(1)
    ids = [str(uuid.uuid4()) for _ in range(3)]
    for job_id in ids:
        eventlog.announce(events.blank_job(job_id, task="t.add", state="started"))
    return ids


def said(job_id: str) -> list[str]:
    return [line["text"] for event in eventlog.read(job_id, 0).events for line in event.get("lines", ())]


def test_what_several_jobs_say_goes_out_in_one_round_trip(jobs, monkeypatch):
    reporter = Reporter()
    attempts = [reporter.open(job_id, 1, base={}) for job_id in jobs]
    assert reporter.flush()
    sizes = []
    run_all = eventlog.run_all
    monkeypatch.setattr(eventlog, "run_all", lambda requests: sizes.append(len(requests)) or run_all(requests))
    for attempt in attempts:
        attempt._lines.append({"time": events.now(), "level": "info", "text": "one"})  # without waking the thread
    assert reporter.flush()
    assert sum(sizes) == len(jobs)
    assert len(sizes) <= 2, "the beat may have come in between"
    assert [said(job_id) for job_id in jobs] == [["one"]] * 3


def test_a_report_that_cannot_be_written_silences_nobody_else(jobs, monkeypatch):
    reporter = Reporter()
    bad, good, lost = [reporter.open(job_id, 1, base={"task": "t.add"}) for job_id in jobs]
    bad.change(Change("state", {"result": float("nan")}))
    good.line("good")
    eventlog.client().delete(f"taskcast:job:{lost.job_id}", f"taskcast:log:{lost.job_id}")
    lost.line("laid down anew")
    assert reporter.flush()
    assert said(good.job_id) == ["good"]
    assert said(lost.job_id) == ["laid down anew"]
    bad.line("goes on")
    bad.end(Change("state", {"state": "succeeded"}))
    assert reporter.flush()
    assert said(bad.job_id) == ["goes on"]
    assert eventlog.snapshot(bad.job_id).job["state"] == "succeeded"


def test_a_job_right_after_another_is_listened_to(jobs):
    """The thread may just have gone to sleep: nobody is told anything of a job that nobody follows."""
    reporter = Reporter()
    reporter.open(jobs[0], 1, base={}).end(Change("state", {"state": "succeeded"}))
    assert reporter.flush()
    eventlog.cancel(jobs[1], asked={"cancel": "asked"}, cancelled={})
    silent = reporter.open(jobs[1], 1, base={})
    wait_for(lambda: silent.recording.cancelled, "a job that says nothing is asked to stop", 5)
