"""Only what somebody follows is sent to a job's group; nobody misses an event, whatever becomes of the mark."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Awaitable, Iterator
from typing import Any

import pytest
from channels.layers import channel_layers, get_channel_layer

from tasks import broadcast, eventlog, events
from tasks.eventlog import Change, connection
from tests.integration.conftest import serving
from tests.support.live import Follower, Reader
from tests.support.stack import Stack, wait_for

W = "from tests.support import writing as w; "


@pytest.fixture
def job(web: Stack) -> str:
    """A job of alice's."""
    return web.run(W + "answer = w.job()")


def write(stack: Stack, job: str, n: int) -> bool:
    """One line, told as a worker tells it; whether anybody wanted to be told."""
    return stack.run(W + "answer = w.told(job, n)", job=job, n=n)


def heard(answer: Awaitable[Any]) -> Any:
    """What the log says on a loop of its own."""

    async def ask() -> Any:
        try:
            return await answer
        finally:
            await connection.aclient().aclose()

    return asyncio.run(ask())


def test_a_reply_says_whether_somebody_follows(redis_server):
    eventlog.open_epoch(1)
    job_id = str(uuid.uuid4())
    line = Change("log", lines=[{"time": events.now(), "level": "info", "text": "said"}])

    def watched(n: int) -> bool:
        return eventlog.append(job_id, [line], writer="test", n=n).watched

    assert heard(eventlog.asnapshot(job_id)) is None
    assert eventlog.announce(events.blank_job(job_id, task="t.add")).watched, "it was followed before it was known"
    assert watched(1)
    assert not watched(1), "a duplicate is told to nobody"
    with redis_server.client() as client:
        assert 0 < client.ttl(f"taskcast:watched:{job_id}") <= 10
        client.delete(f"taskcast:watched:{job_id}")
    assert not watched(2)
    assert heard(eventlog.awatch([job_id])) == eventlog.heads([job_id])
    assert watched(3)


@pytest.mark.parametrize("size", [0, 200, 9_000], ids=["small", "a text", "too large to be sent along"])
async def test_the_log_tells_a_group_what_its_callers_would(redis_server, size):
    eventlog.open_epoch(3)
    layer = get_channel_layer()
    job_id, channel = str(uuid.uuid4()), await layer.new_channel()
    await layer.group_add(broadcast.job_group(job_id), channel)
    await eventlog.asnapshot(job_id)
    eventlog.announce(events.blank_job(job_id, task="t.add"))
    assert (await asyncio.wait_for(layer.receive(channel), 5))["before"] == ""
    told = [
        Change("log", lines=[{"time": "", "level": "info", "text": "봄" * (1 + size)}]),
        Change("state", {"reason": "?"}),
    ]
    reply = eventlog.append(job_id, told, writer="test", n=1)
    assert reply.watched
    assert reply.told
    message = await asyncio.wait_for(layer.receive(channel), 5)
    assert message == broadcast.events_message(job_id, reply.epoch, reply.written, reply.before)
    assert message["before"]
    await connection.aclient().aclose()
    await layer.flush()


LAYER = "channels_redis.pubsub.RedisPubSubChannelLayer"


@pytest.mark.parametrize(
    ("backend", "config"),
    [
        ("channels.layers.InMemoryChannelLayer", {}),
        ("channels_redis.core.RedisChannelLayer", {}),
        (LAYER, {"symmetric_encryption_keys": ["secret"]}),
        (LAYER, {"serializer_format": "json"}),
        (LAYER, {"hosts": ["redis://elsewhere:6379"]}),
        (LAYER, {"hosts": "twice"}),
    ],
)
async def test_what_only_the_layer_can_send_is_left_to_the_caller(redis_server, settings, backend, config):
    hosts = [redis_server.address.url]
    config = {**config, "hosts": hosts * 2 if config.get("hosts") == "twice" else config.get("hosts", hosts)}
    known = {"BACKEND": backend} | ({"CONFIG": config} if "redis" in backend else {})
    settings.CHANNEL_LAYERS = {"default": known}
    channel_layers.backends.clear()
    eventlog.open_epoch(1)
    job_id = str(uuid.uuid4())
    try:
        await eventlog.asnapshot(job_id)
        reply = eventlog.announce(events.blank_job(job_id, task="t.add"))
        assert reply.watched
        assert not reply.told
    finally:
        channel_layers.backends.clear()
        await connection.aclient().aclose()


def test_a_full_redis_can_be_read_though_it_takes_no_mark(redis_server):
    eventlog.open_epoch(1)
    job_id = str(uuid.uuid4())
    eventlog.announce(events.blank_job(job_id, task="t.add"))
    with redis_server.client() as client:
        client.config_set("maxmemory", "1")
        try:
            assert heard(eventlog.asnapshot(job_id)) == eventlog.snapshot(job_id)
            assert heard(eventlog.awatch([job_id])) == eventlog.heads([job_id])
            assert not client.exists(f"taskcast:watched:{job_id}")
        finally:
            client.config_set("maxmemory", "0")


def test_what_nobody_follows_is_told_to_nobody(web, job):
    assert not write(web, job, 1)
    with Reader(web, "alice") as reader:
        reader.subscribe(f"job:{job}")
        assert reader.next()["seq"] == 2
        assert write(web, job, 2)
        assert [event["seq"] for event in reader.next()["events"]] == [3]


def test_a_mark_that_is_gone_is_set_again_and_costs_time_alone(web, job):
    with Reader(web, "alice") as reader, web.redis() as redis:
        reader.subscribe(f"job:{job}", after=1)
        assert reader.next()["events"] == []
        redis.delete(f"taskcast:watched:{job}")
        assert not write(web, job, 1)
        assert [event["seq"] for event in reader.next(5)["events"]] == [2]
        wait_for(lambda: redis.exists(f"taskcast:watched:{job}"), "the sweep renews the mark", 5)
        assert write(web, job, 2)
        assert [event["seq"] for event in reader.next(5)["events"]] == [3]


def test_who_begins_while_a_job_speaks_gets_each_event_once(web, job):
    last = 151
    writer = threading.Thread(target=lambda: [write(web, job, n) for n in range(1, last)])
    cookies = web.cookies("alice")
    writer.start()
    followers: list[tuple[Reader, Follower]] = []
    try:
        while writer.is_alive() and len(followers) < 20:
            reader, follower = Reader(web, cookies=cookies).__enter__(), Follower()
            followers.append((reader, follower))
            reader.subscribe(f"job:{job}")
            follower.take(reader.next())
        for reader, follower in followers:
            while follower.job["seq"] < last:
                follower.take(reader.next(5))
    finally:
        writer.join()
        for reader, _ in followers:
            reader.__exit__(None, None, None)


@pytest.fixture
def two() -> Iterator[Stack]:
    """Two web processes, whose Redis may be emptied."""
    with serving(Stack(), "daphne2") as running:
        yield running


RESTORE = """
from tests.support import writing as w
from tasks import eventlog, events
job = {**events.blank_job(job, task="t", owner="alice"), "seq": 4}
eventlog.restore(job, 2, owner_id=w.owner_id("alice"))
eventlog.open_epoch(2)
"""


def test_two_web_processes_and_a_redis_that_loses_its_data(two):
    job = two.run(W + "answer = w.job()")
    with Reader(two, "alice") as one, Reader(two, "alice", port=two.ports["daphne2"]) as other, two.redis() as redis:
        for reader in (one, other):
            reader.subscribe(f"job:{job}")
            assert reader.next()["seq"] == 1
        assert write(two, job, 1)
        for reader in (one, other):
            assert [event["seq"] for event in reader.next()["events"]] == [2]
        # The one that leaves takes nothing from the other.
        one.say(type="unsubscribe", topic=f"job:{job}")
        redis.delete(f"taskcast:watched:{job}")
        wait_for(lambda: redis.exists(f"taskcast:watched:{job}"), "the other process renews the mark", 5)
        assert write(two, job, 2)
        assert [event["seq"] for event in other.next()["events"]] == [3]
        redis.flushall()
        two.run(RESTORE, job=job)
        frame = other.next(6)
        assert (frame["type"], frame["epoch"], frame["seq"]) == ("snapshot", 2, 4)
        assert write(two, job, 3)
        assert [event["seq"] for event in other.next()["events"]] == [5]
