"""Clients that read nothing, say too much or say nonsense hurt nobody but themselves."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.support.live import Reader
from tests.support.stack import Stack, megabytes

W = "from tests.support import writing as w; "
KB = 1024


@pytest.fixture
def job(web: Stack) -> str:
    """A job of alice's with half a megabyte of log."""
    job = web.run(W + "answer = w.job()")
    web.run(W + "w.lines(job, 1, 100, echo=False, size=5000)", job=job)
    return job


def test_who_acknowledges_nothing_gets_256_kib_and_is_closed(web, job):
    with Reader(web, "alice", acks=False) as slow, Reader(web, "alice") as quick:
        slow.subscribe(f"job:{job}", after=0)
        last = 0
        began = time.monotonic()
        while last < 101:
            last = slow.next()["events"][-1]["seq"] if last == 0 else last
            quick.subscribe(f"job:{job}", after=last)
            for _, event in quick.events():
                last = event["seq"]
                if last == 101:
                    break
        assert time.monotonic() - began < 5, "the quick one did not wait for the slow one"
        assert slow.close_code(20) == 4408
        assert 8 < time.monotonic() - began < 16
        assert 100 * KB < slow.bytes <= 256 * KB
    with Reader(web, "alice") as back:
        back.subscribe(f"job:{job}", after=40)
        seen = []
        for _, event in back.events():
            seen.append(event["seq"])
            if event["seq"] == 101:
                break
        assert seen == list(range(41, 102))


def test_credit_that_returns_lets_the_rest_follow(web, job):
    with Reader(web, "alice", acks=False) as reader:
        reader.subscribe(f"job:{job}", after=0)
        seen: list[int] = []
        while len(seen) < 101:
            try:
                frame = reader.next(2)
            except TimeoutError:
                assert reader.bytes <= 256 * KB * 3
                reader.say(type="ack", n=reader.frames)
            else:
                seen += [event["seq"] for event in frame["events"]]
    assert seen == list(range(1, 102))


def test_a_reader_without_credit_is_let_be_while_it_acknowledges_now_and_then(web, job):
    with Reader(web, "alice", acks=False) as reader:
        reader.subscribe(f"job:{job}", after=0)
        reader.next()
        for n in range(1, 4):
            reader.say(type="ack", n=n)
            reader.next()


def test_a_flood_of_frames_is_closed(web):
    before = megabytes(web)
    with Reader(web, "alice", acks=False) as reader, Reader(web, "alice") as other:
        began = time.monotonic()
        with pytest.raises(ConnectionClosed) as caught:  # noqa: PT012
            for _ in range(20_000):
                reader.say(type="ack", n=0)
            reader.close_code()
            reader.say(type="ack", n=0)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 4429
        assert time.monotonic() - began < 5
        other.subscribe("jobs")
        assert other.next()["type"] == "jobs"
    assert megabytes(web) - before < 20


def test_a_flood_of_bytes_is_closed_and_costs_no_memory(web):
    before = megabytes(web)
    with Reader(web, "alice", acks=False) as reader:
        with pytest.raises(ConnectionClosed) as caught:  # noqa: PT012
            for _ in range(2000):
                reader.ws.send("x" * 50_000)
            reader.close_code()
            reader.say(type="ack", n=0)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 4429
    assert megabytes(web) - before < 20


def test_a_reader_that_acknowledges_every_frame_is_no_flood(web):
    job = web.run(W + "answer = w.job()")
    with Reader(web, "alice") as reader:
        reader.subscribe(f"job:{job}", after=1)
        reader.next()
        last = web.run(W + "answer = w.lines(job, 1, 600, echo=True)", job=job)
        reader.until(lambda frame: frame["events"][-1]["seq"] == last)


def test_two_hundred_topics_and_no_more(web, job):
    absent = [f"job:00000000-0000-4000-8000-{n:012}" for n in range(3)]
    jobs = web.run(W + "answer = [w.job() for _ in range(200)]")
    with Reader(web, "alice") as reader:
        for each in jobs:
            reader.subscribe(f"job:{each}")
        for _ in jobs:
            assert reader.next()["type"] == "snapshot"
        reader.subscribe(f"job:{job}")
        assert reader.next()["code"] == "too_many"
        reader.subscribe(f"job:{jobs[7]}", after=1)
        assert reader.next()["type"] == "events", "one that is followed already is answered anew"
        reader.say(type="unsubscribe", topic=f"job:{jobs[0]}")
        for topic in absent:
            reader.subscribe(topic)
            assert reader.next()["code"] == "not_found", "what is not there takes no place"
        reader.subscribe(f"job:{job}")
        assert reader.next()["type"] == "snapshot"


def test_ticks_say_that_the_log_is_live(web):
    with Reader(web, "alice") as reader:
        first, second = reader.read(7), reader.read(7)
        assert first["type"] == second["type"] == "tick"
        assert first["log"] == "live"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=10,
)
nonsense = st.one_of(
    st.binary(max_size=100),
    st.text(max_size=100),
    anything.map(json.dumps),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["subscribe", "unsubscribe", "ack", "x"])},
        optional={"topic": anything, "after": anything, "epoch": anything, "n": anything},
    ).map(json.dumps),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(nonsense, max_size=20))
def test_nonsense_is_answered_and_the_connection_stays(web, frames):
    if not hasattr(web, "alices"):
        web.alices = web.cookies("alice")
    with Reader(web, cookies=web.alices) as reader:
        for frame in frames:
            reader.ws.send(frame)
        reader.subscribe("jobs")
        found = reader.until(lambda frame: frame["type"] == "jobs")
        assert all(frame["code"] in ("bad_request", "not_found") for frame in found[:-1])
