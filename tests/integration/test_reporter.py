"""The thread that speaks for a process, against a real Redis: all attempts in one round trip, each on its own."""

from __future__ import annotations

import gc
import uuid
import weakref
from typing import Any

import pytest
import redis

from tasks import eventlog, events
from tasks.eventlog import Change
from tasks.eventlog.line import Call, Script
from tasks.progress import activate, progress
from tasks.reporter import Reporter
from tests.support.stack import wait_for


@pytest.fixture
def jobs(redis_server) -> list[str]:
    eventlog.open_epoch(1)
    ids = [str(uuid.uuid4()) for _ in range(3)]
    for job_id in ids:
        eventlog.announce(events.blank_job(job_id, task="t.add", state="started"))
    return ids


@pytest.fixture
def reporter() -> Reporter:
    return Reporter()


def said(job_id: str) -> list[str]:
    return [line["text"] for event in eventlog.read(job_id, 0).events for line in event.get("lines", ())]


def test_what_several_jobs_say_goes_out_in_one_round_trip(jobs, reporter, monkeypatch):
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


def test_a_report_that_cannot_be_written_silences_nobody_else(jobs, reporter, monkeypatch):
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


def test_a_job_right_after_another_is_listened_to(jobs, reporter):
    """The thread may just have gone to sleep: nobody is told anything of a job that nobody follows."""
    reporter.open(jobs[0], 1, base={}).end(Change("state", {"state": "succeeded"}))
    assert reporter.flush()
    eventlog.cancel(jobs[1], asked={"cancel": "asked"}, cancelled={})
    silent = reporter.open(jobs[1], 1, base={})
    wait_for(lambda: silent.recording.cancelled, "a job that says nothing is asked to stop", 5)


DONE = Change("state", {"state": "succeeded"})


def ends(job_id: str) -> int:
    return sum(event.get("set", {}).get("state") == "succeeded" for event in eventlog.read(job_id, 0).events)


@pytest.fixture(params=[True, False], ids=["arrived", "did not arrive"])
def lost(request, reporter, monkeypatch) -> list[int]:
    """The reporter's first answers that nobody waited for are lost with their connection: how many those were."""
    counts: list[int] = []
    # Its own line alone: reporters of other tests may still be busy.
    line = reporter._sent._line
    send, answers = line.send, line.answers

    def lose_request(client: redis.Redis, call: Call) -> None:
        if counts or request.param:
            send(client, call)

    def lose_answers(count: int) -> list:
        counts.append(count)
        if len(counts) == 1:
            line.drop()
            raise redis.ConnectionError("cut")
        return answers(count)

    monkeypatch.setattr(line, "send", lose_request)
    monkeypatch.setattr(line, "answers", lose_answers)
    return counts


def test_an_end_is_sent_by_the_thread_that_ran_the_job(jobs, reporter, monkeypatch):
    monkeypatch.setattr(reporter, "_flush", lambda: None)  # the reporter's own thread does nothing
    reporter.open(jobs[0], 1, base={}).end(DONE)
    wait_for(lambda: ends(jobs[0]), "the log has the end", 5)


def test_an_end_whose_answer_is_lost_is_sent_again_and_written_once(jobs, reporter, lost):
    reporter.open(jobs[0], 1, base={}).end(DONE)
    assert reporter.flush()
    wait_for(lambda: not reporter._boxes, "it is done with", 5)
    assert lost[0] == 1
    assert ends(jobs[0]) == 1


def test_after_a_request_that_could_not_be_sent_nobody_waits_for_answers_in_vain(jobs, reporter, monkeypatch):
    attempts = [reporter.open(job_id, 1, base={}) for job_id in jobs]
    assert reporter.flush()
    send = Script.send

    def cut(self: Script, connection: Any, calls: Any) -> None:
        connection.disconnect()
        monkeypatch.setattr(Script, "send", send)
        raise redis.ConnectionError("cut")

    monkeypatch.setattr(reporter, "wake", lambda: None)  # all three before anybody looks
    attempts[0].end(DONE)
    monkeypatch.setattr(Script, "send", cut)
    for attempt in attempts[1:]:
        attempt.end(DONE)
    monkeypatch.undo()
    assert reporter.flush(1.5), "an answer would be waited for for 2 s"
    assert [ends(job_id) for job_id in jobs] == [1, 1, 1]


def test_ends_back_to_back_are_written_together_within_a_beat(jobs, reporter, monkeypatch):
    sizes = []
    run_all = eventlog.run_all
    monkeypatch.setattr(eventlog, "run_all", lambda requests: sizes.append(len(requests)) or run_all(requests))
    monkeypatch.setattr("tasks.reporter._BACK_TO_BACK", 10)
    for job_id in jobs:
        reporter.open(job_id, 1, base={}).end(DONE)
    wait_for(lambda: all(map(ends, jobs)), "the log has all ends, and nobody asked for it", 5)
    assert sizes, "the reporter's thread wrote some"


def test_an_announcement_whose_answer_is_lost_is_made_again(jobs, reporter, lost):
    job = events.blank_job(str(uuid.uuid4()), task="t.add", created_at=events.now())
    reporter.announce(job, None, "celery", "")
    wait_for(lambda: lost and eventlog.snapshot(job["id"]), "it is announced", 5)
    assert lost[0] == 1


def test_a_report_right_after_another_waits_and_an_end_does_not(jobs, reporter):
    attempt = reporter.open(jobs[0], 1, base={})
    attempt.line("first")
    wait_for(lambda: said(jobs[0]) == ["first"], "the first report goes out at once", 5)
    (box,) = reporter._boxes.values()
    until = box._rests_until
    assert not box.is_urgent(until - 0.001), "what follows within 50 ms waits"
    assert box.due == until, "and is looked at then"
    assert box.is_urgent(until)
    attempt.change(Change("state", {"reason": "told at once"}))
    assert box.is_urgent(until - 0.001) or eventlog.snapshot(jobs[0]).job["reason"] == "told at once"


def test_an_attempt_that_is_reported_waits_for_no_garbage_collector(jobs, reporter):
    gc.collect()
    gc.disable()
    try:
        attempt = reporter.open(jobs[0], 1, base={})
        with activate(attempt.recording), progress(total=2) as step:
            step.advance()
        attempt.end(DONE)
        assert reporter.flush()
        gone = [weakref.ref(attempt), weakref.ref(attempt.recording), weakref.ref(attempt.outputs)]
        del attempt, step
        assert [each() for each in gone] == [None] * 3
    finally:
        gc.enable()
