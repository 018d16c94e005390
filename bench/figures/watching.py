"""What it costs daphne to show a hundred watchers a job that reports 20 times a second, with their acknowledgements."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import redis

from bench.measuring import Effort, Result, Target, interleaved
from bench.peers.processes import Peers, cpu_seconds
from bench.sockets import Crowd, Socket
from bench.stage import follow, instance, reader
from tests.support.stack import Stack

_KEY, _GROUP = "bench:go", "watching"
_A_SECOND = 20
_PATIENCE = 30  # seconds


def measure(effort: Effort) -> Iterator[Result]:
    watchers, seconds = effort.of(100, 3), effort.of(5, 1)
    with instance(WORKERS="1") as stack, Peers() as peers, ExitStack() as crowds:
        peers.start_daphne()
        peers.start_worker(pool=1)
        contestants = {
            "ours": crowds.enter_context(_ours(stack, watchers, seconds)),
            "peer": crowds.enter_context(_plain(peers, watchers, seconds)),
        }
        found = interleaved(effort.rounds, contestants)
    yield Result.of(
        f"daphne with {watchers} watchers of {_A_SECOND} reports a second",
        "% of a core",
        found,
        peer_name="plain Channels consumer",
        targets=[Target("ours", 25, 15)],
    )


@contextmanager
def _ours(stack: Stack, watchers: int, seconds: int) -> Iterator[Callable[[], float]]:
    cookies = reader(stack)
    code = "from bench.tasks import tell_steadily as task\nanswer = task.delay(*args).id"
    job_id = stack.run(code, args=[_KEY, 1 / _A_SECOND])
    sockets = [Socket(stack.port, "/ws/", cookies, acks=True) for _ in range(watchers)]
    with stack.redis() as client, Crowd(sockets) as crowd:
        for each in sockets:
            follow(each, job_id)
        try:
            yield lambda: _percent(stack.pid("daphne"), crowd, client, seconds)
        finally:
            client.lpush(_KEY, "end")


@contextmanager
def _plain(peers: Peers, watchers: int, seconds: int) -> Iterator[Callable[[], float]]:
    peers.run(
        "from bench.peers.tasks import tell_steadily\ntell_steadily.delay(*args)", args=[_GROUP, _KEY, 1 / _A_SECOND]
    )
    sockets = [Socket(peers.port("daphne"), f"/ws/plain/{_GROUP}") for _ in range(watchers)]
    with redis.Redis.from_url(peers.address.url) as client, Crowd(sockets) as crowd:
        time.sleep(0.3)  # nothing says when they have joined the group
        try:
            yield lambda: _percent(peers.pid("daphne"), crowd, client, seconds)
        finally:
            client.lpush(_KEY, "end")


def _percent(pid: int, crowd: Crowd, client: redis.Redis, seconds: int) -> float:
    """Of one core, from the first report to the last."""
    reports = seconds * _A_SECOND
    crowd.quiet(0.3)
    began, used = time.monotonic(), cpu_seconds(pid)
    client.lpush(_KEY, reports)
    # A report may meet the one before it in one frame, in which only the later one is told.
    told, expected = 0, reports * len(crowd.sockets)
    for _, _, text in crowd.payloads(_PATIENCE):
        told += b'"current"' in text
        if told == expected or time.monotonic() - began > seconds * 1.5:
            break
    if told < expected * 0.9:
        raise RuntimeError(f"{told} of {expected} reports were seen")
    return (cpu_seconds(pid) - used) / (time.monotonic() - began) * 100
