"""Tasks that the measured instance runs. What happens inside of a job is measured there, beside the real reporter."""

from __future__ import annotations

import random
import time

import redis
from celery import shared_task

from bench import loops
from tasks import conf, launchable, progress


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
    with redis.Redis.from_url(conf.redis_url()) as client:
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
    with redis.Redis.from_url(conf.redis_url()) as client, progress() as step:
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
def nothing() -> None:
    """Do nothing."""
