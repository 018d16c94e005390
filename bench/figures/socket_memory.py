"""The memory that daphne takes for each socket that follows a job."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from bench.measuring import Effort, Result, Target, interleaved
from bench.peers.processes import Peers, resident
from bench.sockets import Socket, allow_many
from bench.stage import follow, instance, reader
from tests.support.stack import Stack


def measure(effort: Effort) -> Iterator[Result]:
    allow_many()
    count = effort.of(500, 20)
    with instance(WORKERS="1") as stack, Peers() as peers, ExitStack() as crowds:
        peers.start_daphne()
        contestants = {
            "ours": crowds.enter_context(_following(stack, count)),
            "peer": crowds.enter_context(_plain(peers, count)),
        }
        found = interleaved(effort.rounds, contestants)
    yield Result.of(
        "daphne's memory for a socket",
        "KiB",
        found,
        peer_name="plain Channels consumer",
        targets=[Target("ours", 60, 30)],
        note=f"each round opens {count} more",
    )


@contextmanager
def _following(stack: Stack, count: int) -> Iterator[Callable[[], float]]:
    cookies = reader(stack)
    job_id = stack.run("from bench.tasks import tell_times\nanswer = tell_times.delay(1, 0).id")
    sockets: list[Socket] = []

    def more() -> None:
        for _ in range(count):
            sockets.append(Socket(stack.port, "/ws/", cookies, acks=True))
            follow(sockets[-1], job_id)

    yield lambda: _kibibytes(stack.pid("daphne"), more, count)
    for each in sockets:
        each.close()


@contextmanager
def _plain(peers: Peers, count: int) -> Iterator[Callable[[], float]]:
    sockets: list[Socket] = []

    def more() -> None:
        sockets.extend(Socket(peers.port("daphne"), "/ws/plain/memory") for _ in range(count))

    yield lambda: _kibibytes(peers.pid("daphne"), more, count)
    for each in sockets:
        each.close()


def _kibibytes(pid: int, more: Callable[[], None], count: int) -> float:
    """For each of the sockets that `more` opens, once it is quiet and those who look at all of them have."""
    before = resident(pid)
    more()
    time.sleep(1)
    return (resident(pid) - before) / count / 1024
