"""One report of one job, which many sockets on one daphne follow: when has the last of them got it?"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import redis

from bench.measuring import Effort, Result, Target, interleaved
from bench.peers.processes import Peers
from bench.sockets import Crowd, Socket, allow_many
from bench.stage import follow, instance, reader
from tests.support.stack import Stack

_KEY, _GROUP = "bench:go", "fanout"
_CURRENT = re.compile(rb'"current": ?(\d{8,})')
# Seconds in which plain Channels tells 5,000 sockets, and some.
_PATIENCE = 60


def measure(effort: Effort) -> Iterator[Result]:
    allow_many()
    with instance(WORKERS="1") as stack, Peers() as peers:
        peers.start_daphne()
        peers.start_worker(pool=1)
        peers.start_bare_server(_GROUP)
        cookies = reader(stack)
        for count in (effort.of(1000, 5), effort.of(5000, 10)):
            with ExitStack() as crowds:
                contestants = {
                    "ours": crowds.enter_context(following(stack, cookies, count)),
                    "peer": crowds.enter_context(_plain(peers, count)),
                    "floor": crowds.enter_context(_bare(peers, count)),
                }
                found = interleaved(effort.rounds, contestants)
            yield Result.of(
                f"last of {count} sockets that follow one job",
                "ms",
                found,
                floor_name="bare asyncio server",
                peer_name="plain Channels consumer",
                targets=[Target("ratio_to_peer", 1 / 4, 1 / 6)],
            )


@contextmanager
def following(stack: Stack, cookies: dict[str, str], count: int) -> Iterator[Callable[[], float]]:
    """`count` sockets that follow one job; called, milliseconds from its next report to the last of them."""
    job_id = stack.run("from bench.tasks import tell_when_asked as task\nanswer = task.delay(key).id", key=_KEY)
    sockets = [Socket(stack.port, "/ws/", cookies, acks=True) for _ in range(count)]
    with stack.redis() as client, Crowd(sockets) as crowd:
        for each in sockets:
            follow(each, job_id)
        try:
            yield lambda: _milliseconds(crowd, lambda: client.lpush(_KEY, "go"))
        finally:
            client.lpush(_KEY, "end")


@contextmanager
def _plain(peers: Peers, count: int) -> Iterator[Callable[[], float]]:
    peers.run("from bench.peers.tasks import tell_when_asked as task\ntask.delay(*args)", args=[_GROUP, _KEY])
    sockets = [Socket(peers.port("daphne"), f"/ws/plain/{_GROUP}") for _ in range(count)]
    with redis.Redis.from_url(peers.address.url) as client, Crowd(sockets) as crowd:
        try:
            yield lambda: _milliseconds(crowd, lambda: client.lpush(_KEY, "go"))
        finally:
            client.lpush(_KEY, "end")


@contextmanager
def _bare(peers: Peers, count: int) -> Iterator[Callable[[], float]]:
    sockets = [Socket(peers.port("bare server"), "/") for _ in range(count)]
    with redis.Redis.from_url(peers.address.url) as client, Crowd(sockets) as crowd:
        yield lambda: _milliseconds(
            crowd, lambda: client.publish(_GROUP, json.dumps({"current": time.monotonic_ns(), "pad": "x" * 250}))
        )


def _milliseconds(crowd: Crowd, go: Callable[[], object]) -> float:
    """From the moment that a report bears to its arrival at the last socket. Each comes to a system that is idle."""
    crowd.quiet(0.3)
    go()
    missing, said = {each.socket.fileno() for each in crowd.sockets}, 0
    for now, number, payload in crowd.payloads(_PATIENCE):
        if current := _CURRENT.search(payload):
            said = int(current[1])
            missing.discard(number)
            if not missing:
                return (now - said) / 1e6
    raise TimeoutError(f"{len(missing)} of {len(crowd.sockets)} sockets were not told within {_PATIENCE} s")
