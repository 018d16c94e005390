"""Tasks of the bare Celery application, and of celery-progress."""

import asyncio
import time
from typing import Any

import redis as sync_redis
import redis.asyncio
from asgiref.sync import async_to_sync
from celery import shared_task
from channels.layers import get_channel_layer

from bench.peers.site import REDIS


def _redis() -> redis.asyncio.Redis:
    # Whoever asks may take his time; redis-py's default ends a wait after 5 s.
    return redis.asyncio.Redis.from_url(REDIS, socket_timeout=None)


@shared_task
def add(x: float, y: float) -> float:
    return x + y


@shared_task
def nothing() -> None:
    pass


@shared_task
def hold(key: str) -> None:
    with sync_redis.Redis.from_url(REDIS, socket_timeout=None) as client:
        client.blpop([key])


@shared_task(bind=True)
def report_by(self: Any, how: str, count: int) -> float:
    """Microseconds for each of `count` reports of progress by celery-progress, "socket" or "http"."""
    if how == "socket":
        from celery_progress.websockets.backend import WebSocketProgressRecorder as Recorder
    else:
        from celery_progress.backend import ProgressRecorder as Recorder
    recorder = Recorder(self)
    started = time.perf_counter()
    for number in range(count):
        recorder.set_progress(number, count)
    return (time.perf_counter() - started) / count * 1e6


@shared_task
def tell_times(group: str, count: int, pause: float) -> None:
    """The same as ours, by `group_send` on a loop that is kept: the quickest that plain Channels can do."""

    async def tell() -> None:
        layer = get_channel_layer()
        for _ in range(count):
            await asyncio.sleep(pause)
            data = {"current": time.monotonic_ns()}
            await layer.group_send(group, {"type": "tell", "data": data})

    asyncio.run(tell())


@shared_task
def tell_when_asked(group: str, key: str) -> None:
    """The same as ours, by `group_send`."""

    async def tell() -> None:
        layer = get_channel_layer()
        async with _redis() as client:
            while (await client.brpop([key], timeout=0)) != (key.encode(), b"end"):
                data = {"current": time.monotonic_ns()}
                await layer.group_send(group, {"type": "tell", "data": data})

    asyncio.run(tell())


@shared_task
def tell_steadily(group: str, key: str, pause: float) -> None:
    """The same as ours, by `group_send` on a loop that is kept."""

    async def tell() -> None:
        layer = get_channel_layer()
        async with _redis() as client:
            while (asked := await client.brpop([key], timeout=0)) != (key.encode(), b"end"):
                assert asked
                for _ in range(int(asked[1])):
                    await asyncio.sleep(pause)
                    await layer.group_send(group, {"type": "tell", "data": {"current": time.monotonic_ns()}})

    asyncio.run(tell())


@shared_task
def count_to(group: str, count: int) -> dict[str, int]:
    """The same as ours, as it is mostly done: one `group_send` for each step."""
    layer = get_channel_layer()
    began = time.monotonic_ns()
    for number in range(1, count + 1):
        async_to_sync(layer.group_send)(group, {"type": "tell", "data": {"current": number}})
    return {"began": began, "ended": time.monotonic_ns()}
