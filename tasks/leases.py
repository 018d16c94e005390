"""A worker's lease: proof in Redis that the worker which started a job is still there.

One key for each incarnation of a worker, `taskcast:lease:NAME:BOOT`, that lives for 10 s after it was last
renewed, and beside it the hash `taskcast:workers` with what each lease last said, which outlives the lease.

The worker's main process renews from its own timer: a thread there could deadlock later forks of the pool.
That timer stands still while the broker is away and reconnected to (up to half a minute after Redis is back),
so the worker's recorder process prolongs the lease as long as the worker exists and is not frozen.
"""

import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tasks import conf, eventlog, events

PREFIX = eventlog.PREFIX + "lease:"
WORKERS = eventlog.PREFIX + "workers"
# The hash of what was asked of single workers, by lease and kind: tasks/orders.py writes, tasks/obeying.py heeds.
ORDERS = eventlog.PREFIX + "orders"
KINDS = ("drain", "size")
# Seconds: how often a lease is renewed, how long it lives, and how long a dead one's last words are kept.
BEAT = 2.0
LIFE = 10.0
MEMORY = 3600.0

# What the recorder, which prolongs a lease, knows nothing of.
_UNKNOWN = {"memory": None, "pool_memory": None, "load": None}

_key = ""


def begin(name: str) -> None:
    """Make this process and those that it forks the worker `name`, in a new incarnation."""
    global _key
    _key = f"{PREFIX}{name}:{uuid.uuid4().hex[:12]}"


def lease_key() -> str:
    """The lease of the worker that this process belongs to; empty outside of workers."""
    return _key


def worker_name(key: str) -> str:
    """The name of the worker whose lease this is."""
    return key.removeprefix(PREFIX).rpartition(":")[0]


@cache
def _client(pid: int, url: str) -> redis.Redis:
    # The worker's main loop waits for this: a Redis that hangs may cost it half a second in two, not three.
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=0.5,
        socket_connect_timeout=0.5,
    )


def renew(about: dict[str, Any]) -> None:
    """Renew this worker's lease, with what is to be known about the worker. Raises redis.RedisError."""
    _write(_key, {"name": worker_name(_key), **about, "beat": events.now()})


def asked(paused: str) -> tuple[set[str], dict[str, str | None]]:
    """The members of the set `paused`, and this worker's orders by their kinds, asked for with a worker's little
    patience. Raises redis.RedisError."""
    pipe = _client(os.getpid(), conf.redis_url()).pipeline(transaction=False)
    pipe.smembers(paused)
    pipe.hmget(ORDERS, [f"{_key} {kind}" for kind in KINDS])
    members, orders = pipe.execute()
    return set(members), dict(zip(KINDS, orders, strict=True))


def end() -> None:
    """Give this worker's lease back: it ends of its own will. Raises redis.RedisError."""
    pipe = _client(os.getpid(), conf.redis_url()).pipeline(transaction=True)
    pipe.delete(_key)
    pipe.hdel(WORKERS, _key)
    pipe.hdel(ORDERS, *[f"{_key} {kind}" for kind in KINDS])
    pipe.execute()


def _write(key: str, said: dict[str, Any]) -> None:
    pipe = _client(os.getpid(), conf.redis_url()).pipeline(transaction=True)
    text = events.dumps(said)
    pipe.set(key, text, px=int(LIFE * 1000))
    pipe.hset(WORKERS, key, text)
    pipe.execute()


# --- the recorder process's side ----------------------------------------------------------------------------


def prolong(key: str) -> None:
    """Renew the lease of another process where that one has missed two beats. Raises redis.RedisError."""
    connection = _client(os.getpid(), conf.redis_url())
    left: Any = connection.pttl(key)
    if left < (LIFE - 2 * BEAT) * 1000:
        text: Any = connection.hget(WORKERS, key)
        known = json.loads(text) if text else {"name": worker_name(key)}
        # What the worker does now is not known here.
        _write(key, {**known, "active": None, "reserved": None, **_UNKNOWN, "beat": events.now()})


def prolong_in_thread(key: str, is_there: Callable[[], bool]) -> None:
    """Prolong the lease `key` from a thread of this process, each second in which `is_there()`."""

    def run() -> None:
        while True:
            try:
                if is_there():
                    prolong(key)
            except RedisError:
                pass  # the recorder beside this thread says so
            time.sleep(1.0)

    threading.Thread(target=run, name="taskcast-lease", daemon=True).start()


def is_running(pid: int) -> bool:
    """Whether the process exists and is neither dead nor frozen by a signal (where /proc tells)."""
    try:
        # The name in parentheses may hold anything.
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return False
        return _exists(pid)
    return state not in "TtZX"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


# --- reading ------------------------------------------------------------------------------------------------


def alive(keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Those of the leases `keys` that are alive, and what each says. Raises LogUnavailable."""
    wanted = list(keys)
    if not wanted:
        return {}
    texts: Any = eventlog.ask(lambda redis_: redis_.mget(wanted))
    return {key: json.loads(text) for key, text in zip(wanted, texts, strict=True) if text}


def silent(keys: Iterable[str], seconds: float) -> set[str]:
    """Those of the leases `keys` that nobody has renewed for `seconds`, by Redis' clock. Raises LogUnavailable.

    Not those of which nothing is known: a Redis that lost its data has lost them all.
    """
    known = workers()
    wanted = [key for key in keys if key in known]

    def times_to_live(redis_: redis.Redis) -> Any:
        pipe = redis_.pipeline(transaction=False)
        for key in wanted:
            pipe.pttl(key)
        return pipe.execute()

    left = eventlog.ask(times_to_live)
    return {key for key, of_it in zip(wanted, left, strict=True) if of_it < (LIFE - seconds) * 1000}


def workers() -> dict[str, dict[str, Any]]:
    """What each worker last said of itself, by lease: those that are alive, and those killed within the hour.

    {"name", "beat", "started": ISO times, "pid", "host", "celery", "taskcast": versions, "pool", "size": processes,
    "resizable", "draining": bools, "queues", "paused": names of queues, "memory", "pool_memory": bytes, "load": of its
    machine, "active": lists of process ids by the ids of the jobs that it runs, "reserved": ids of all jobs that it has
    taken from the broker, each None where that is not known}. Raises LogUnavailable.
    """
    texts: Any = eventlog.ask(lambda redis_: redis_.hgetall(WORKERS))
    return {key: json.loads(text) for key, text in texts.items()}


def forget(keys: Iterable[str]) -> None:
    """Forget what dead workers last said. Raises LogUnavailable."""
    gone = list(keys)
    if gone:
        eventlog.ask(lambda redis_: redis_.hdel(WORKERS, *gone))
        eventlog.ask(lambda redis_: redis_.hdel(ORDERS, *[f"{key} {kind}" for key in gone for kind in KINDS]))
