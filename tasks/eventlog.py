"""The event log: the truth about a job while it lives, in Redis. The only writer and reader of job streams.

Each job has a stream of events (ids `0-SEQ`) and a hash with the folded job. One Lua script writes both: it assigns
the dense `seq`, knows duplicates by (writer, n), refuses older attempts and changes of final states, and marks the job
dirty for the recorder. Reading is one operation: the events after a cursor, or the snapshot.
"""

import asyncio
import json
import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tasks import conf, events

PREFIX = "taskcast:"
EPOCH = PREFIX + "epoch"
DIRTY = PREFIX + "dirty"
RUNNING = PREFIX + "running"

_SCRIPT = (Path(__file__).parent / "lua" / "joblog.lua").read_text()
# Seconds. A Redis that hangs must not hold a task, a request or a tick for longer.
_TIMEOUTS: dict[str, Any] = {"socket_timeout": 3, "socket_connect_timeout": 1}


class LogUnavailable(Exception):
    """The event log does not answer, or has just begun anew and is not open yet. Try again in a second."""


@dataclass(frozen=True)
class Change:
    """One event to be: what it sets, and the state it brings the job into, if any.

    `kept` names fields whose value was too large and lies in a file; their value here is None.
    """

    kind: events.Kind
    set: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[Mapping[str, str]] = ()
    kept: frozenset[str] = frozenset()

    def wire(self) -> dict[str, Any]:
        """As the script takes it: every value as JSON text, so that Lua never decodes one."""
        state = self.set.get("state", "")
        return {
            "kind": self.kind,
            "to": state,
            "from": events.dumps(sorted(events.SOURCES[state])) if state else "",
            "set": [[name, events.dumps(value), name in self.kept] for name, value in self.set.items()],
            "lines": events.dumps(list(self.lines)) if self.lines else "",
        }


@dataclass(frozen=True)
class Reply:
    """What the log answered: `status` is "ok", or why not ("absent", "fenced", "final", "refused", "duplicate",
    "cancelled"; "started" for a start); `written` holds (seq, event's JSON text without seq) of what was appended."""

    status: str
    epoch: int
    seq: int
    attempt: int
    cancel: str | None
    written: list[tuple[int, str]]


@dataclass(frozen=True)
class Snapshot:
    """A job at `seq`; `owner_id` is the owner's key, for the decision who may see it."""

    epoch: int
    seq: int
    job: events.JobDict
    owner_id: int | None


@dataclass(frozen=True)
class Page:
    """Events after a cursor; `seq` is the job's last. `reaches` is False where the stream no longer holds the next."""

    epoch: int
    seq: int
    events: list[events.EventDict]
    reaches: bool


def _hash(job_id: str) -> str:
    return f"{PREFIX}job:{job_id}"


def _stream(job_id: str) -> str:
    return f"{PREFIX}log:{job_id}"


# --- connections ----------------------------------------------------------------------------------------------


def client() -> redis.Redis:
    """This process's connection pool to the log; a forked child gets its own."""
    return _client(os.getpid(), conf.redis_url())


@cache
def _client(pid: int, url: str) -> redis.Redis:
    # One retry: after a restart of Redis every pooled connection is dead once. Appends bear (writer, n), so a
    # repeated one is known.
    return redis.Redis.from_url(url, decode_responses=True, retry=Retry(NoBackoff(), 1), **_TIMEOUTS)


_aclients: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis]" = weakref.WeakKeyDictionary()


def aclient() -> redis.asyncio.Redis:
    """The running loop's connection pool to the log."""
    loop = asyncio.get_running_loop()
    if loop not in _aclients:
        retry = redis.asyncio.retry.Retry(NoBackoff(), 1)
        _aclients[loop] = redis.asyncio.Redis.from_url(
            conf.redis_url(), decode_responses=True, retry=retry, **_TIMEOUTS
        )
    return _aclients[loop]


# --- writing --------------------------------------------------------------------------------------------------


def append(
    job_id: str,
    changes: Sequence[Change],
    *,
    writer: str,
    n: int,
    attempt: int = 0,
    create: bool = False,
    owner_id: int | None = None,
) -> Reply:
    """Append `changes` to the job's log as the events `n`, `n+1`, … of `writer`.

    `attempt` 0 is for those who write outside of an attempt. With `create`, a job that the log does not know comes
    into being. Raises LogUnavailable.
    """
    return _run(
        job_id,
        op="append",
        writer=writer,
        n=n,
        attempt=attempt,
        create=create,
        private=_private(owner_id),
        events=[change.wire() for change in changes],
    )


def announce(job: Mapping[str, Any], *, owner_id: int | None = None) -> Reply:
    """Make the job known to the log as it was launched, if it is not known yet. Raises LogUnavailable."""
    fields = {name: value for name, value in job.items() if name in events.JOB_FIELDS}
    return append(job["id"], [Change("state", fields)], writer="launch", n=1, create=True, owner_id=owner_id)


def start(
    job: Mapping[str, Any],
    *,
    started: Mapping[str, Any],
    cancelled: Mapping[str, Any],
    lease: str,
    token: str,
    retries: int,
    rerun: bool,
    owner_id: int | None = None,
) -> Reply:
    """Start an attempt by compare-and-set: of several copies of one message, one gets "started".

    `job` is what the message itself tells, for a job that nobody announced; `started` and `cancelled` are the fields
    set by the one end or the other; `token` names this call, so that it may be repeated; `retries` is how often Celery
    has retried the job; `rerun` says that a job whose worker is dead may start again. Raises LogUnavailable.
    """
    base = {name: value for name, value in job.items() if name in events.JOB_FIELDS}
    return _run(
        job["id"],
        op="start",
        writer="gate",
        attempt=0,
        retries=retries,
        private=_private(owner_id),
        base=Change("state", base).wire(),
        events=[Change("state", started).wire()],
        cancelled=Change("state", cancelled).wire(),
        lease=lease,
        token=token,
        rerun=rerun,
    )


def cancel(job_id: str, *, asked: Mapping[str, Any], cancelled: Mapping[str, Any]) -> Reply:
    """Ask a started job to stop (`asked` is set), or end a waiting one (`cancelled` is). Raises LogUnavailable."""
    return _run(
        job_id,
        op="cancel",
        writer="control",
        asked=Change("state", asked).wire(),
        cancelled=Change("state", cancelled).wire(),
    )


def _private(owner_id: int | None) -> dict[str, str]:
    return {} if owner_id is None else {"owner_id": str(owner_id)}


def _run(job_id: str, **request: Any) -> Reply:
    request = {"id": job_id, "time": events.now(), "private": {}, "lease": "", "token": "", "events": [], **request}
    keys = [_hash(job_id), _stream(job_id), DIRTY, RUNNING, EPOCH]
    connection = client()
    try:
        # private={} becomes a Lua table either way; cjson has no trouble with an empty one that is only iterated.
        raw: Any = _script(connection)(keys=keys, args=[events.dumps(request)])
    except RedisError as error:
        raise LogUnavailable(f"Redis does not answer: {error}") from error
    status, epoch, seq, attempt, cancel_json, first, *bodies = raw
    if status == "noepoch":
        raise LogUnavailable("the event log has begun anew and is not open yet")
    asked = json.loads(cancel_json) if cancel_json else None
    return Reply(status, epoch, seq, attempt, asked, list(enumerate(bodies, start=first)))


@cache
def _script(connection: redis.Redis) -> Any:
    return connection.register_script(_SCRIPT)


# --- reading --------------------------------------------------------------------------------------------------


def snapshot(job_id: str) -> Snapshot | None:
    """The job as the log has it now, or None where the log does not know it. Raises LogUnavailable."""
    return _keep(lambda redis_: _snapshot(job_id, redis_.hgetall(_hash(job_id))))


def snapshots(job_ids: Sequence[str]) -> dict[str, Snapshot]:
    """The jobs among `job_ids` that the log knows, in one round trip. Raises LogUnavailable."""
    try:
        pipe = client().pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hgetall(_hash(job_id))
        found = {job_id: _snapshot(job_id, raw) for job_id, raw in zip(job_ids, pipe.execute(), strict=True)}
    except RedisError as error:
        raise LogUnavailable(f"Redis does not answer: {error}") from error
    return {job_id: snap for job_id, snap in found.items() if snap is not None}


async def asnapshot(job_id: str) -> Snapshot | None:
    """`snapshot` on the running loop."""
    try:
        return _snapshot(job_id, await aclient().hgetall(_hash(job_id)))
    except RedisError as error:
        raise LogUnavailable(f"Redis does not answer: {error}") from error


def read(job_id: str, after: int, limit: int = 500) -> Page | None:
    """The job's events with a `seq` higher than `after`, at most `limit`; None where the log does not know the job.

    Raises LogUnavailable.
    """
    try:
        pipe = client().pipeline(transaction=True)
        pipe.hmget(_hash(job_id), "epoch", "seq")
        pipe.xrange(_stream(job_id), min=f"(0-{after}", count=limit)
        return _page(after, *pipe.execute())
    except RedisError as error:
        raise LogUnavailable(f"Redis does not answer: {error}") from error


async def aread(job_id: str, after: int, limit: int = 500) -> Page | None:
    """`read` on the running loop."""
    try:
        pipe = aclient().pipeline(transaction=True)
        pipe.hmget(_hash(job_id), "epoch", "seq")
        pipe.xrange(_stream(job_id), min=f"(0-{after}", count=limit)
        return _page(after, *await pipe.execute())
    except RedisError as error:
        raise LogUnavailable(f"Redis does not answer: {error}") from error


def heads(job_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(epoch, last seq) of those among `job_ids` that the log knows. Raises LogUnavailable."""
    try:
        pipe = client().pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hmget(_hash(job_id), "epoch", "seq")
        return _heads(job_ids, pipe.execute())
    except RedisError as error:
        raise LogUnavailable(f"Redis does not answer: {error}") from error


async def aheads(job_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """`heads` on the running loop."""
    try:
        pipe = aclient().pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hmget(_hash(job_id), "epoch", "seq")
        return _heads(job_ids, await pipe.execute())
    except RedisError as error:
        raise LogUnavailable(f"Redis does not answer: {error}") from error


def current_epoch() -> int | None:
    """The log's epoch, or None where Redis has lost its data and nobody has opened a new one. Raises LogUnavailable."""
    try:
        value = client().get(EPOCH)
    except RedisError as error:
        raise LogUnavailable(f"Redis does not answer: {error}") from error
    return int(value) if value else None


# --- keeping --------------------------------------------------------------------------------------------------

# Forgets that a job is dirty, unless something was written since it was read.
_SETTLE = """
for i = 1, #ARGV, 2 do
  if (redis.call('HGET', KEYS[1] .. ARGV[i], 'seq') or ARGV[i + 1]) == ARGV[i + 1] then
    redis.call('SREM', KEYS[2], ARGV[i])
  end
end"""


def dirty(limit: int = 500) -> list[str]:
    """Up to `limit` jobs that were written since the recorder settled them. Raises LogUnavailable."""
    return _keep(lambda redis_: redis_.srandmember(DIRTY, limit))


def settle(recorded: Mapping[str, int]) -> None:
    """Take jobs whose events up to the given `seq` are recorded off the dirty set. Raises LogUnavailable."""
    arguments = [text for job_id, seq in recorded.items() for text in (job_id, str(seq))]
    _keep(lambda redis_: redis_.eval(_SETTLE, 2, PREFIX + "job:", DIRTY, *arguments))


def trim(job_id: str, keep_after: int) -> None:
    """Drop the job's events up to the `seq` `keep_after`. Only for events that are archived."""
    _keep(lambda redis_: redis_.xtrim(_stream(job_id), minid=f"0-{keep_after + 1}", approximate=False))


def running() -> dict[str, str]:
    """Started jobs, and the key of the lease of the worker that has each. Raises LogUnavailable."""
    return _keep(lambda redis_: redis_.hgetall(RUNNING))


def restore(job: events.JobDict, epoch: int, *, owner_id: int | None, lease: str = "") -> None:
    """Lay down a job from its row in a log that lost its data; its events go on after the row's `seq`.

    Only for the one who is about to open the new epoch: writers wait until then.
    """
    fields = {f"f:{name}": events.dumps(job[name]) for name in events.JOB_FIELDS if name != "id"}
    fields |= {"epoch": str(epoch), "seq": str(job["seq"]), "attempt": str(job["attempt"]), "lease": lease}
    if job["attempt"]:
        # Celery's count is not in the row; each retry was an attempt, so a copy of an earlier message has a lower one.
        fields["retries"] = str(job["attempt"] - 1)
    if owner_id is not None:
        fields["owner_id"] = str(owner_id)
    if "truncated" in job:
        fields |= {"long": events.dumps(job["truncated"]), "kept": events.dumps(events.whole_job(job)["truncated"])}

    def lay_down(redis_: redis.Redis) -> None:
        pipe = redis_.pipeline()
        pipe.delete(_hash(job["id"]), _stream(job["id"]))
        pipe.hset(_hash(job["id"]), mapping=dict[Any, Any](fields))
        if job["state"] == "started":
            pipe.hset(RUNNING, job["id"], lease)
        pipe.execute()

    _keep(lay_down)


def open_epoch(epoch: int) -> None:
    """Open the log for writing as `epoch`, unless somebody has. Raises LogUnavailable."""
    _keep(lambda redis_: redis_.set(EPOCH, epoch, nx=True))


def _keep(action: Callable[[redis.Redis], Any]) -> Any:
    try:
        return action(client())
    except RedisError as error:
        raise LogUnavailable(f"Redis does not answer: {error}") from error


# --- wire form ------------------------------------------------------------------------------------------------


def decode(seq: int, body: str) -> events.EventDict:
    """An event from its JSON text in the stream or in a group message."""
    return {"seq": seq, **json.loads(body)}


def _snapshot(job_id: str, raw: Any) -> Snapshot | None:
    if "seq" not in raw:
        return None
    fields = {name[2:]: json.loads(text) for name, text in raw.items() if name.startswith("f:")}
    job = events.blank_job(job_id) | fields | {"seq": int(raw["seq"])}
    if "long" in raw:
        job["truncated"] = json.loads(raw["long"])
    owner_id = raw.get("owner_id")
    return Snapshot(int(raw["epoch"]), job["seq"], job, int(owner_id) if owner_id else None)


def _page(after: int, head: list[str | None], entries: list[tuple[str, dict[str, str]]]) -> Page | None:
    if head[0] is None or head[1] is None:
        return None
    epoch, seq = int(head[0]), int(head[1])
    found = [decode(int(entry_id.partition("-")[2]), fields["e"]) for entry_id, fields in entries]
    reaches = found[0]["seq"] == after + 1 if found else seq <= after
    return Page(epoch, seq, found, reaches)


def _heads(job_ids: Sequence[str], raw: list[list[str | None]]) -> dict[str, tuple[int, int]]:
    return {
        job_id: (int(epoch), int(seq))
        for job_id, (epoch, seq) in zip(job_ids, raw, strict=True)
        if epoch is not None and seq is not None
    }
