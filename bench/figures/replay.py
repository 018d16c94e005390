"""A thousand events after a cursor, by a subscription on a socket that is open."""

from __future__ import annotations

import time
from collections.abc import Iterator

import redis

from bench.measuring import Effort, Result, Target, interleaved, paused_median
from bench.sockets import Socket
from bench.stage import instance, reader
from tasks.eventlog.connection import stream_key

# A job of `count` reports, without a worker: what it says goes through the real log.
_WRITE = """
from tests.support import writing
from tasks import eventlog
from tasks.eventlog import Change
answer = writing.job("reader")
for number in range(1, count + 1):
    progress = {"current": number, "total": count, "description": "Reading", "steps": []}
    eventlog.append(answer, [Change("progress", {"progress": progress})], writer="bench", n=number)
"""


def measure(effort: Effort) -> Iterator[Result]:
    count, times = effort.of(1000, 20), effort.of(15, 2)
    with instance(WORKERS="1") as stack:
        cookies = reader(stack)
        job_id = stack.run(_WRITE, count=count)
        socket = Socket(stack.port, "/ws/", cookies, acks=True)
        # As fast as a program can ask Redis: the connection is kept, and nothing is done with the answer.
        with redis.Redis.from_url(stack.address.url) as client:
            found = interleaved(
                effort.rounds,
                {
                    "ours": lambda: paused_median(times, lambda: _replayed(socket, job_id, count), count),
                    "floor": lambda: paused_median(times, lambda: _ranged(client, job_id), count),
                },
            )
    yield Result.of(
        f"replay of {count} events after a cursor",
        "ms",
        found,
        floor_name="one XRANGE",
        targets=[Target("ratio_to_floor", 3.0, 1.5)],
    )


def _replayed(socket: Socket, job_id: str, count: int) -> int:
    """How many events come; the job's first one, that it was launched, is before the cursor."""
    socket.say(type="subscribe", topic=f"job:{job_id}", after=1)
    seen = 0
    deadline = time.monotonic() + 10
    while seen < count and time.monotonic() < deadline:
        socket.receive(wait=True)
        seen += sum(payload.count(b'"seq":') for payload in socket.payloads())
    return seen


def _ranged(client: redis.Redis, job_id: str) -> int:
    return len(client.xrange(stream_key(job_id), min="0-2") or ())
