"""The topic `job:ID` on a real daphne: every event once, in order, whatever the channel layer loses."""

from __future__ import annotations

import threading

import pytest

from tasks.events import FRAME_VALUE_BYTES
from tests.support.live import Follower, Reader
from tests.support.stack import Stack, wait_for

W = "from tests.support import writing as w; "


@pytest.fixture
def job(web: Stack) -> str:
    """A job of alice's."""
    return web.run(W + "answer = w.job()")


def write(web: Stack, job: str, first: int, count: int, echo: bool, **more) -> int:
    return web.run(W + "answer = w.lines(job, first, count, echo=echo, **more)", job=job, first=first, count=count,
                   echo=echo, more=more)  # fmt: skip


def fresh(web: Stack, job: str) -> dict:
    """The snapshot that a new reader gets now."""
    with Reader(web, "alice") as reader:
        reader.subscribe(f"job:{job}")
        return reader.next()


def test_snapshot_then_live_events(web, job):
    with Reader(web, "alice") as reader:
        reader.subscribe(f"job:{job}")
        follower = Follower()
        follower.take(reader.next())
        last = write(web, job, 1, 300, echo=True)
        while follower.job["seq"] < last:
            follower.take(reader.next())
    assert follower.seen == list(range(2, last + 1))
    assert follower.job == fresh(web, job)["job"]


def test_each_subscribe_is_answered(web, job):
    last = write(web, job, 1, 9, echo=False)
    topic = f"job:{job}"
    with Reader(web, "alice") as reader:
        reader.subscribe(topic, after=4)
        frame = reader.next()
        assert (frame["type"], [event["seq"] for event in frame["events"]]) == ("events", list(range(5, last + 1)))
        epoch = frame["epoch"]
        reader.subscribe(topic, after=last, epoch=epoch)
        assert reader.next() == {"type": "events", "topic": topic, "epoch": epoch, "events": []}
        reader.subscribe(topic, after=last + 1, epoch=epoch)
        assert reader.next()["seq"] == last
        reader.subscribe(topic, after=4, epoch=epoch + 1)
        assert reader.next()["type"] == "snapshot"
        reader.subscribe(topic, after=0)
        assert [event["seq"] for event in reader.next()["events"]] == list(range(1, last + 1))
        reader.say(type="unsubscribe", topic=topic)
        reader.say(type="unsubscribe", topic=topic)
        write(web, job, 10, 1, echo=True)
        reader.subscribe("jobs")
        assert reader.next()["type"] == "jobs", "nothing came of what was unsubscribed"


def test_events_whose_messages_are_lost_arrive_within_a_sweep(web, job):
    with Reader(web, "alice") as reader:
        reader.subscribe(f"job:{job}", after=1)
        assert reader.next()["events"] == []
        write(web, job, 1, 3, echo=False)
        assert [event["seq"] for event in reader.next(5)["events"]] == [2, 3, 4]
        # A gap: 5 is lost, 6 is heard of, and at once both are there.
        write(web, job, 4, 1, echo=False)
        write(web, job, 5, 1, echo=True)
        seen = [
            event["seq"]
            for frame in reader.until(lambda f: f["events"][-1]["seq"] == 6, 5)
            for event in frame["events"]
        ]
        assert seen == [5, 6]


def test_a_large_event_is_only_announced_and_read(web, job):
    with Reader(web, "alice") as reader:
        reader.subscribe(f"job:{job}", after=1)
        reader.next()
        write(web, job, 1, 1, echo=True, text="x" * 20_000)
        (event,) = reader.next(5)["events"]
        assert event["seq"] == 2
        assert len(event["lines"][0]["text"]) == 20_000


def test_killed_subscriptions_lose_nothing(web, job):
    with Reader(web, "alice") as reader, web.redis() as redis:
        reader.subscribe(f"job:{job}")
        follower = Follower()
        follower.take(reader.next())
        done = threading.Event()

        def cut() -> None:
            while not done.wait(0.05):
                redis.client_kill_filter(_type="pubsub")

        knife = threading.Thread(target=cut)
        knife.start()
        try:
            for n in range(20):
                last = write(web, job, 1 + 50 * n, 50, echo=True)
        finally:
            done.set()
            knife.join()
        wait_for(lambda: any("access" in name for name in redis.pubsub_channels()), "the hub listens again")
        while follower.job["seq"] < last:
            follower.take(reader.next())
    assert follower.seen == list(range(2, last + 1))


def test_messages_that_nobody_can_read_stop_nothing(web, job):
    """The layer raises in the receiver for what it cannot decode: integer keys, or not its own format at all."""
    with Reader(web, "alice") as reader, web.redis() as redis:
        reader.subscribe(f"job:{job}", after=1)
        reader.next()
        (group,) = redis.pubsub_channels(f"*{job.replace('-', '')}")
        # Of the last one the layer makes {"type": "job.events"}.
        for junk in (b"\xc1", b"\x81\x01\x02", b"\x81\xa4type\xaajob.events"):
            assert redis.publish(group, junk) == 1
            reader.subscribe("jobs")
            assert reader.next()["type"] == "jobs"
        write(web, job, 1, 3, echo=True)
        frames = reader.until(lambda frame: frame.get("events", [{"seq": 0}])[-1]["seq"] == 4)
        assert [event["seq"] for frame in frames for event in frame.get("events", ())] == [2, 3, 4]
        wait_for(lambda: "going on" in web.log("daphne"), "the log names the failure")


def test_reconnecting_every_fifty_events_loses_and_repeats_nothing(web, job):
    last = 2001
    cookies = web.cookies("alice")
    writer = threading.Thread(target=lambda: [write(web, job, 1 + 100 * n, 100, echo=True) for n in range(20)])
    writer.start()
    seen, cursor = [], {"after": 0}
    try:
        while len(seen) < last:
            with Reader(web, cookies=cookies) as reader:
                reader.subscribe(f"job:{job}", **cursor)
                for epoch, event in reader.events():
                    seen.append(event["seq"])
                    cursor = {"after": event["seq"], "epoch": epoch}
                    if len(seen) % 50 == 0 or len(seen) >= last:
                        break
    finally:
        writer.join()
    assert seen == list(range(1, last + 1))


def test_the_law_holds_over_the_socket_with_values_too_long_for_a_frame(web, job):
    long, short = "한" * FRAME_VALUE_BYTES, {"rows": [1, 2, None, "é"]}
    fields = [
        {"state": "started", "worker": "w"},
        {"progress": {"current": 1, "total": None, "description": "", "steps": []}},
        {"result": long},
        {"outputs": [{"name": "a", "kind": "json", "value": [1, 2]}], "result": short},
        {"outputs": [{"name": long, "kind": "json", "value": 1}]},
        {"error": {"type": "E", "message": long, "traceback": "…"}, "result": None, "outputs": []},
    ]
    followers = []
    with Reader(web, "alice") as early, Reader(web, "alice") as late:
        for reader in (early, late):
            followers.append(Follower())
            reader.subscribe(f"job:{job}")
            followers[-1].take(reader.next())
            for n, each in enumerate(fields, start=1):
                if reader is early:
                    last = web.run(
                        W + "answer = w.values(job, n, echo=n % 2 == 0, **fields)", job=job, n=n, fields=each
                    )
            while followers[-1].job["seq"] < last:
                followers[-1].take(reader.next())
    now = fresh(web, job)["job"]
    assert followers[0].job == followers[1].job == now
    assert now["truncated"] == ["error"]
    assert now["error"] is None


RESTORE = """
from tests.support import writing as w
from tasks import eventlog, events
job = {**events.blank_job(job, task="t", owner="alice"), "seq": 1}
eventlog.restore(job, epoch, owner_id=w.owner_id("alice"))
"""


def test_another_epoch_is_a_fresh_snapshot(web, job):
    with Reader(web, "alice") as reader:
        reader.subscribe(f"job:{job}")
        before = reader.next()
        web.run(RESTORE, job=job, epoch=before["epoch"] + 1)
        after = reader.next(5)
        assert (after["type"], after["epoch"], after["seq"]) == ("snapshot", before["epoch"] + 1, 1)
        write(web, job, 1, 1, echo=True)
        assert [event["seq"] for event in reader.next()["events"]] == [2]


def test_a_log_that_fell_back_is_a_fresh_snapshot(web, job):
    """As Redis does when the machine loses power: up to a second of its log is gone, its numbers come again."""
    last = write(web, job, 1, 9, echo=False)
    with Reader(web, "alice") as reader, web.redis() as redis:
        reader.subscribe(f"job:{job}", after=last)
        reader.next()
        with redis.pipeline() as pipe:
            pipe.hset(f"taskcast:job:{job}", mapping={"seq": 6, "w:test": 5})
            pipe.delete(f"taskcast:log:{job}")
            pipe.xadd(f"taskcast:log:{job}", {"e": '{"time":"","kind":"log"}'}, id="0-6")
            pipe.execute()
        assert reader.next()["seq"] == 6
        write(web, job, 6, 2, echo=True)
        frames = reader.until(lambda frame: frame["events"][-1]["seq"] == 8)
        assert [event["seq"] for frame in frames for event in frame["events"]] == [7, 8]


def test_a_trimmed_log_is_a_fresh_snapshot(web, job):
    last = write(web, job, 1, 20, echo=False)
    web.run("from tasks import eventlog; eventlog.trim(job, 10)", job=job)
    with Reader(web, "alice") as reader:
        reader.subscribe(f"job:{job}", after=5)
        assert reader.next()["seq"] == last
        reader.subscribe(f"job:{job}", after=10)
        assert [event["seq"] for event in reader.next()["events"]] == list(range(11, last + 1))


def test_a_job_without_a_log_is_shown_from_its_row(web):
    job = web.run(W + "answer = w.row(state='succeeded', epoch=1, seq=7, result=4)")
    with Reader(web, "alice") as reader:
        reader.subscribe(f"job:{job}")
        frame = reader.next()
        assert (frame["type"], frame["epoch"], frame["seq"], frame["job"]["result"]) == ("snapshot", 1, 7, 4)
        reader.subscribe(f"job:{job}", after=7, epoch=1)
        assert reader.next()["events"] == []
        reader.subscribe(f"job:{job}", after=3, epoch=1)
        assert reader.next()["seq"] == 7
        # A repair of the row, without an event.
        web.run(W + "w.row(job_id=job, reason='repaired')", job=job)
        assert reader.next(8)["job"]["reason"] == "repaired"


ANNOUNCE = """
from tests.support import writing as w
from tasks import eventlog, events
eventlog.announce(events.blank_job(job, owner="alice"), owner_id=w.owner_id("alice"))
"""


def test_a_job_that_is_launched_after_its_row_goes_on_with_its_log(web):
    job = web.run(W + "answer = w.row(state='queued')")
    with Reader(web, "alice") as reader:
        reader.subscribe(f"job:{job}")
        follower = Follower()
        follower.take(reader.next())
        web.run(ANNOUNCE, job=job)
        follower.take(reader.next(6))
        write(web, job, 1, 3, echo=True)
        while follower.job["seq"] < 4:
            follower.take(reader.next())
    assert follower.epoch >= 1


def test_who_may_follow_a_job(web, job):
    nobodys = web.run(W + "answer = w.job(None)")
    rows = web.run(W + "answer = [w.row(), w.row(None)]")
    absent = "00000000-0000-4000-8000-000000000000"
    sees = {"alice": {job, rows[0]}, "bob": set(), "charlie": set(), "dora": {job, nobodys, *rows}}
    token = web.token("alice")
    for name, allowed in sees.items():
        with Reader(web, name) as reader:
            for each in (job, nobodys, *rows, absent):
                reader.subscribe(f"job:{each}", after=0)
                frame = reader.next()
                if each in allowed:
                    assert frame["type"] in ("snapshot", "events")
                else:
                    assert frame["type"] == "error"
                    assert (frame["code"], frame["topic"]) == ("not_found", f"job:{each}")
    with Reader(web, token=token) as reader:
        reader.subscribe(f"job:{job}")
        assert reader.next()["type"] == "snapshot"
