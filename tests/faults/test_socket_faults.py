"""Sockets while Redis dies, comes back and loses everything."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator

import pytest

from tests.integration.conftest import cast
from tests.support.laid_out import lay_out
from tests.support.live import Follower, Reader
from tests.support.stack import Stack

W = "from tests.support import writing as w; "


@pytest.fixture
def own() -> Iterator[Stack]:
    """A web process whose Redis may be killed."""
    running = Stack()
    try:
        running.start("redis")
        lay_out(running.home, running.env)
        running.start("daphne")
        cast(running)
        yield running
    finally:
        running.down()


def test_readers_are_told_that_the_log_is_away_and_miss_nothing_when_it_is_back(own):
    job = own.run(W + "answer = w.job()")
    row = own.run(W + "answer = w.row(state='queued')")
    own.run(W + "w.lines(job, 1, 5, echo=True)", job=job)
    with Reader(own, "alice") as reader:
        reader.subscribe(f"job:{job}")
        follower = Follower()
        follower.take(reader.next())
        own.kill("redis", signal.SIGTERM)
        away = reader.read(12)
        while away["type"] != "tick" or away["log"] == "live":
            away = reader.read(12)
        # A job that has a row is shown all the same.
        reader.subscribe(f"job:{row}")
        assert reader.next(5)["job"]["id"] == row
        own.start("redis")
        own.run(W + "w.lines(job, 6, 5, echo=True)", job=job)
        while follower.job["seq"] < 11:
            follower.take(reader.next())
        while reader.read(12).get("log") != "live":
            pass
        own.run(W + "w.lines(job, 11, 5, echo=True)", job=job)
        while follower.job["seq"] < 16:
            follower.take(reader.next())
        assert follower.seen == list(range(7, 17))


def test_a_hung_redis_is_away_and_the_sockets_live(own):
    job = own.run(W + "answer = w.job()")
    row = own.run(W + "answer = w.row(state='queued')")
    with Reader(own, "alice") as reader:
        reader.subscribe(f"job:{job}")
        assert reader.next()["type"] == "snapshot"
        own.pause("redis")
        began = time.monotonic()
        while reader.read(8)["log"] == "live":
            pass
        assert time.monotonic() - began < 10
        reader.subscribe(f"job:{row}")
        assert reader.next(8)["job"]["id"] == row
        own.resume("redis")
        while reader.read(12)["log"] == "away":
            pass
        own.run(W + "w.lines(job, 1, 5, echo=False)", job=job)
        assert [event["seq"] for event in reader.next(6)["events"]] == [2, 3, 4, 5, 6]


def test_a_redis_that_lost_everything_gives_fresh_snapshots(own):
    job = own.run(W + "answer = w.job()")
    own.run(W + "w.lines(job, 1, 5, echo=True)", job=job)
    with Reader(own, "alice") as reader, own.redis() as redis:
        reader.subscribe(f"job:{job}")
        assert reader.next()["seq"] == 6
        redis.flushall()
        own.run(
            W + "from tasks import eventlog, events\n"
            "job = {**events.blank_job(job, task='t', owner='alice', state='started'), 'seq': 4}\n"
            "eventlog.restore(job, 2, owner_id=w.owner_id('alice'), lease='')\n"
            "eventlog.open_epoch(2)",
            job=job,
        )
        frame = reader.next(6)
        assert (frame["type"], frame["epoch"], frame["seq"]) == ("snapshot", 2, 4)
        own.run(W + "w.lines(job, 1, 2, echo=True)", job=job)
        frames = reader.until(lambda frame: frame["events"][-1]["seq"] == 6)
        assert [event["seq"] for frame in frames for event in frame["events"]] == [5, 6]


@pytest.mark.parametrize("echo", [True, False], ids=["told", "untold"])
@pytest.mark.parametrize("events", [1, 2])
def test_a_redis_that_lost_its_last_second_leaves_no_reader_with_what_never_was(own, tmp_path, echo, events):
    """It gives the same numbers out again, to other events."""
    # Nothing is recorded: what the database knew would be put back.
    own.run("from tasks.locks import Lock\nassert Lock('recorder', 120).hold()")
    job = own.run(W + "answer = w.job()")
    own.run(W + "w.lines(job, 1, 5, echo=True)", job=job)
    with Reader(own, "alice") as reader:
        reader.subscribe(f"job:{job}")
        assert reader.next()["seq"] == 6
        folder = own.home / "redis"
        shutil.copytree(folder, tmp_path / "before", ignore=lambda folder, names: [n for n in names if "sock" in n])
        own.run(W + "w.values(job, 6, echo=True, state='cancelled')", job=job)
        assert reader.next()["events"][0]["set"]["state"] == "cancelled"
        own.kill("redis")
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "before", folder)
        own.start("redis")
        own.run(W + "w.values(job, 6, echo=echo, state='started')", job=job, echo=echo)
        if events == 2:
            own.run(W + "w.values(job, 7, echo=echo, state='succeeded')", job=job, echo=echo)
        follower = Follower()
        follower.take(reader.next(12))
        while follower.job["seq"] < 6 + events:
            follower.take(reader.next(12))
        assert follower.job["state"] == ("started" if events == 1 else "succeeded")


def test_the_end_of_daphne_is_quiet(own):
    with Reader(own, "alice") as reader:
        reader.subscribe("jobs")
        reader.next()
        own.kill("daphne", signal.SIGTERM)
        assert reader.close_code() == 1006
    said = own.log("daphne")
    for complaint in ("Traceback", "was destroyed", "never retrieved"):
        assert complaint not in said, said[-3000:]
