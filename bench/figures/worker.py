"""What a job costs its worker in processor time: everything recorded, against bare Celery."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil
import redis

from bench.measuring import Effort, Result, Target, interleaved
from bench.peers.processes import Peers
from bench.stage import instance, reader
from tests.support.stack import Stack, wait_for

# The one process is held until all are sent: who sends is no part of what the worker uses.
_SEND = "from {module} import hold, nothing\nhold.delay(key)\nfor _ in range(count): nothing.delay()"


_KEY = "bench.hold"


def measure(effort: Effort) -> Iterator[Result]:
    count = effort.of(1500, 20)
    recorder: list[float] = []
    with instance(WORKERS="1") as stack, Peers() as peers:
        peers.start_worker(pool=1)
        reader(stack)
        with stack.redis() as ours, redis.Redis.from_url(peers.address.url) as theirs:
            found = interleaved(
                effort.rounds,
                {
                    "ours": lambda: _ours(stack, ours, count, recorder),
                    "floor": lambda: _bare(peers, theirs, count),
                },
            )
    yield Result.of(
        "worker's processor time for a job that does nothing",
        "µs",
        found,
        floor_name="bare Celery",
        targets=[Target("ratio_to_floor", 1.25, 1.05)],
        note="main process and pool",
    )
    yield Result("recorder's processor time for a job that does nothing", "µs", recorder[-effort.rounds :])


def _ours(stack: Stack, client: redis.Redis, count: int, recorder: list[float]) -> float:
    main = psutil.Process(stack.pid("worker"))
    (recording,) = [child for child in main.children() if "tasks.recorder_main" in " ".join(child.cmdline())]
    others = [main, *(child for child in main.children(recursive=True) if child.pid != recording.pid)]
    begin = _used([recording])
    stack.run(_SEND.format(module="bench.tasks"), key=_KEY, count=count)
    _wait_until_recorded(client)
    spent = _spent(others, client, "celery")
    _wait_until_recorded(client)
    recorder.append((_used([recording]) - begin) / count * 1e6)
    return spent / count * 1e6


def _wait_until_recorded(client: redis.Redis) -> None:
    wait_for(lambda: not client.exists("taskcast:dirty"), "everything is recorded", 60)


def _bare(peers: Peers, client: redis.Redis, count: int) -> float:
    main = psutil.Process(peers.pid("worker"))
    everybody = [main, *main.children(recursive=True)]
    peers.run(_SEND.format(module="bench.peers.tasks"), key=_KEY, count=count)
    return _spent(everybody, client, "peer") / count * 1e6


def _spent(processes: list[psutil.Process], client: redis.Redis, queue: str) -> float:
    """Seconds of processor time that the processes use for the jobs that wait, until all of them have ended."""
    before = _used(processes)
    client.rpush(_KEY, "go on")
    wait_for(lambda: not _waiting(client, queue), "all jobs have ended", 120)
    time.sleep(0.3)  # what ended jobs still have to say
    return _used(processes) - before


def _waiting(client: redis.Redis, queue: str) -> bool:
    # kombu has a list for each priority, and keeps what is taken and not acknowledged.
    lists = [queue, *(f"{queue}\x06\x16{priority}" for priority in (3, 6, 9))]
    return bool(client.exists("unacked", *lists))


def _used(processes: list[psutil.Process]) -> float:
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))
