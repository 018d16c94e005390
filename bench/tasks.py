"""Tasks that the measured instance runs. What happens inside of a job is measured there, beside the real reporter."""

from __future__ import annotations

import random
import time

import redis
from celery import shared_task

from bench import loops
from tasks import conf, launchable, progress, track


def _redis() -> redis.Redis:
    # Whoever asks may take his time; redis-py's default ends a wait after 5 s.
    return redis.Redis.from_url(conf.redis_url(), socket_timeout=None)


@launchable(hidden=True)
@shared_task
def measure_loops(kind: str, count: int, rounds: int) -> dict[str, list[float]]:
    """Nanoseconds for each item of loops of this kind (see bench.loops)."""
    return loops.measure(kind, count, rounds)


@launchable(hidden=True)
@shared_task
def nothing() -> None:
    """Nothing: what is left is what a job costs."""


@launchable(hidden=True)
@shared_task
def hold(key: str) -> None:
    """Hold its process until something is pushed to Redis' list `key`."""
    with _redis() as client:
        client.blpop([key])


@launchable(hidden=True)
@shared_task
def tell_times(count: int, pause: float) -> None:
    """`count` reports, `pause` seconds apart, each of the time (ns, time.monotonic_ns()) at which it was made."""
    time.sleep(0.5)  # to be followed
    with progress() as step:
        for _ in range(count):
            time.sleep(pause)
            step.update(current=time.monotonic_ns())


@launchable(hidden=True)
@shared_task
def tell_when_asked(key: str) -> None:
    """Report the time (ns, time.monotonic_ns()) whenever something is pushed to Redis' list `key`; "end" ends it."""
    with _redis() as client, progress() as step:
        while client.blpop([key])[1] != b"end":
            step.update(current=time.monotonic_ns())


@launchable(hidden=True)
@shared_task
def tell_often(count: int, pause: float) -> None:
    """`count` reports of the time (ns, time.monotonic_ns()), one every `pause` seconds."""
    begin = time.monotonic() + random.uniform(0, pause)
    with progress() as step:
        for number in range(count):
            time.sleep(max(0.0, begin + number * pause - time.monotonic()))
            step.update(current=time.monotonic_ns())


@launchable(hidden=True)
@shared_task
def tell_steadily(key: str, pause: float) -> None:
    """As often as the number says that is pushed to `key`: wait `pause` seconds and report the time; "end" ends it."""
    with _redis() as client, progress() as step:
        while (count := client.blpop([key])[1]) != b"end":
            for _ in range(int(count)):
                time.sleep(pause)
                step.update(current=time.monotonic_ns())


@launchable(hidden=True)
@shared_task
def count_to(key: str, count: int) -> dict[str, int]:
    """Count as fast as a loop can, once something is pushed to `key`; when it began and ended (time.monotonic_ns())."""
    with _redis() as client:
        client.blpop([key])
    began = time.monotonic_ns()
    for _ in track(range(count)):
        pass
    return {"began": began, "ended": time.monotonic_ns()}
