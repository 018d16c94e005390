"""Where the event log lives in Redis: its keys, and this process's connections."""

import asyncio
import os
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError
from redis.retry import Retry

from tasks import conf

PREFIX = "taskcast:"
EPOCH = PREFIX + "epoch"
DIRTY = PREFIX + "dirty"
RUNNING = PREFIX + "running"
PARENTS = PREFIX + "parents"

# Seconds. A Redis that hangs must not hold a task or a tick for longer; and after it has held one, nobody else tries
# for a while: ten requests, or ten reads of one request, are not to wait one after the other.
_PATIENCE = 2.0
_PAUSE = 1.0

_patience = ContextVar("patience", default=_PATIENCE)
_hangs_until = 0.0


class LogUnavailable(Exception):
    """The event log does not answer, or has just begun anew and is not open yet. Try again in a second."""


def hash_key(job_id: str) -> str:
    """The hash with the folded job."""
    return f"{PREFIX}job:{job_id}"


def stream_key(job_id: str) -> str:
    """The stream of the job's events."""
    return f"{PREFIX}log:{job_id}"


def watched_key(job_id: str) -> str:
    """The mark that somebody follows the job: only then its events are sent to its group."""
    return f"{PREFIX}watched:{job_id}"


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Wait so long for an answer of the log at most, in this context: a page rather shows what the database knows."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def ask(action: Callable[[redis.Redis], Any]) -> Any:
    """What `action` finds in the log. Raises LogUnavailable where Redis does not answer."""
    _check()
    try:
        return action(client())
    except RedisError as error:
        raise _unavailable(error) from error


async def aask(action: Callable[[redis.asyncio.Redis], Awaitable[Any]]) -> Any:
    """`ask` on the running loop."""
    _check()
    try:
        return await action(aclient())
    except RedisError as error:
        raise _unavailable(error) from error


def _check() -> None:
    if time.monotonic() < _hangs_until:
        raise LogUnavailable("Redis did not answer a moment ago")


def _unavailable(error: RedisError) -> LogUnavailable:
    global _hangs_until
    if isinstance(error, redis.TimeoutError):
        _hangs_until = time.monotonic() + _PAUSE
    return LogUnavailable(f"Redis does not answer: {error}")


def client() -> redis.Redis:
    """This process's connection pool to the log; a forked child gets its own."""
    return _client(os.getpid(), conf.redis_url(), _patience.get())


@cache
def _client(pid: int, url: str, seconds: float) -> redis.Redis:
    # One retry: after a restart of Redis every pooled connection is dead once. Appends bear (writer, n), so a
    # repeated one is known. None after a time-out: a Redis that hangs would hold us twice as long.
    retry = Retry(NoBackoff(), 1, supported_errors=(ConnectionError,))
    return redis.Redis.from_url(url, decode_responses=True, retry=retry, **_timeouts(seconds))


_aclients: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis]" = weakref.WeakKeyDictionary()


def aclient() -> redis.asyncio.Redis:
    """The running loop's connection pool to the log."""
    loop = asyncio.get_running_loop()
    if loop not in _aclients:
        retry = redis.asyncio.retry.Retry(NoBackoff(), 1, supported_errors=(ConnectionError,))
        _aclients[loop] = redis.asyncio.Redis.from_url(
            conf.redis_url(), decode_responses=True, retry=retry, **_timeouts(_PATIENCE)
        )
    return _aclients[loop]


def _timeouts(seconds: float) -> dict[str, Any]:
    return {"socket_timeout": seconds, "socket_connect_timeout": min(seconds, 1.0)}
