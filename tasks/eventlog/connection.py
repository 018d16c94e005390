"""Where the event log lives in Redis: its keys, and this process's connections."""

import asyncio
import os
import weakref
from collections.abc import Callable
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

# Seconds. A Redis that hangs must not hold a task, a request or a tick for longer.
_TIMEOUTS: dict[str, Any] = {"socket_timeout": 2, "socket_connect_timeout": 1}


class LogUnavailable(Exception):
    """The event log does not answer, or has just begun anew and is not open yet. Try again in a second."""


def hash_key(job_id: str) -> str:
    """The hash with the folded job."""
    return f"{PREFIX}job:{job_id}"


def stream_key(job_id: str) -> str:
    """The stream of the job's events."""
    return f"{PREFIX}log:{job_id}"


def client() -> redis.Redis:
    """This process's connection pool to the log; a forked child gets its own."""
    return _client(os.getpid(), conf.redis_url())


@cache
def _client(pid: int, url: str) -> redis.Redis:
    # One retry: after a restart of Redis every pooled connection is dead once. Appends bear (writer, n), so a
    # repeated one is known. None after a time-out: a Redis that hangs would hold us twice as long.
    retry = Retry(NoBackoff(), 1, supported_errors=(ConnectionError,))
    return redis.Redis.from_url(url, decode_responses=True, retry=retry, **_TIMEOUTS)


_aclients: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis]" = weakref.WeakKeyDictionary()


def aclient() -> redis.asyncio.Redis:
    """The running loop's connection pool to the log."""
    loop = asyncio.get_running_loop()
    if loop not in _aclients:
        retry = redis.asyncio.retry.Retry(NoBackoff(), 1, supported_errors=(ConnectionError,))
        _aclients[loop] = redis.asyncio.Redis.from_url(
            conf.redis_url(), decode_responses=True, retry=retry, **_TIMEOUTS
        )
    return _aclients[loop]


def ask(action: Callable[[redis.Redis], Any]) -> Any:
    """What `action` finds in the log. Raises LogUnavailable where Redis does not answer."""
    try:
        return action(client())
    except RedisError as error:
        raise LogUnavailable(f"Redis does not answer: {error}") from error
