"""Reading the log is one operation: the events after a cursor, or the snapshot."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.auth import get_user_model

from tasks import broadcast, events
from tasks.eventlog.connection import EPOCH, aask, ask, hash_key, stream_key, watched_key

# Seconds for which a job counts as followed after a follower has last said so. Those say it every 2 s; a mark that
# outlives them costs a message that nobody hears.
_WATCHED = 10


# A stream's entries as Redis answers them: their ids (0-SEQ), and the name and value of their one field.
Entries = Sequence[tuple[str, tuple[str, str]]]


@dataclass(frozen=True)
class Snapshot:
    """A job at `seq`, whose event is of the time `at`, "" where there is none; `owner_id` is the owner's key, for the
    decision who may see it."""

    epoch: int
    seq: int
    job: events.JobDict
    owner_id: Any
    at: str = ""


@dataclass(frozen=True)
class Page:
    """Events after a cursor, as (seq, event's JSON text without seq); `seq` is the job's last. `reaches` is False where
    the stream no longer holds the next.

    `before` is the time of the event at the cursor, "" where the stream does not hold that one. By it a reader knows
    whether it was given the same event: after a Redis that lost its last second numbers are given out again.
    """

    epoch: int
    seq: int
    bodies: list[tuple[int, str]]
    reaches: bool
    before: str

    @cached_property
    def events(self) -> list[events.EventDict]:
        """The same as data."""
        return [decode(seq, body) for seq, body in self.bodies]


@dataclass(frozen=True)
class Held:
    """Who has a job, or had it last: the attempt, its worker's lease, its process; `may_rerun` says that it may start
    again where that one is dead."""

    state: str
    attempt: int
    lease: str
    pid: int
    may_rerun: bool


def held(job_id: str) -> Held | None:
    """Who has the job; None where the log does not know it. Raises LogUnavailable."""
    found = ask(lambda redis_: redis_.hmget(hash_key(job_id), "f:state", "attempt", "lease", "pid", "rerun"))
    state, attempt, lease, pid, rerun = found
    if state is None:
        return None
    return Held(json.loads(state), int(attempt or 0), lease or "", int(pid or 0), rerun == "1")


def snapshot(job_id: str) -> Snapshot | None:
    """The job as the log has it now, or None where the log does not know it. Raises LogUnavailable."""
    return ask(lambda redis_: to_snapshot(job_id, redis_.hgetall(hash_key(job_id))))


def snapshots(job_ids: Sequence[str]) -> dict[str, Snapshot]:
    """The jobs among `job_ids` that the log knows, in one round trip. Raises LogUnavailable."""
    replies = ask(lambda redis_: _of_each(redis_, job_ids, lambda pipe, key: pipe.hgetall(key)).execute())
    found = {job_id: to_snapshot(job_id, raw) for job_id, raw in zip(job_ids, replies, strict=True)}
    return {job_id: snap for job_id, snap in found.items() if snap is not None}


async def asnapshot(job_id: str) -> Snapshot | None:
    """`snapshot` on the running loop, for one who follows the job from here on and is in its group already."""
    (raw,) = await _watch([job_id], lambda pipe, key: pipe.hgetall(key))
    return to_snapshot(job_id, raw)


def read(job_id: str, after: int, limit: int = 500) -> Page | None:
    """The job's events with a `seq` higher than `after`, at most `limit`; None where the log does not know the job.

    Raises LogUnavailable.
    """
    return _page(after, limit, ask(lambda redis_: _read(redis_, job_id, after, limit)))


async def aread(job_id: str, after: int, limit: int = 500) -> Page | None:
    """`read` on the running loop."""
    return _page(after, limit, await aask(lambda redis_: _read(redis_, job_id, after, limit)))


def _read(redis_: Any, job_id: str, after: int, limit: int) -> Any:
    # Both at one moment. Not by a script: for Lua, Redis makes values of each entry, which takes it ten times as long.
    pipe = redis_.pipeline(transaction=True)
    # Answers as they come: the client would make a dict of each entry.
    pipe.response_callbacks = {}
    pipe.hmget(hash_key(job_id), "epoch", "seq")
    # The one at the cursor too.
    pipe.xrange(stream_key(job_id), min=f"0-{after}", count=limit + 1)
    return pipe.execute()


def heads(job_ids: Sequence[str]) -> dict[str, tuple[int, int, str]]:
    """(epoch, last seq, time of that event) of those among `job_ids` that the log knows. Raises LogUnavailable."""
    return _heads(job_ids, ask(lambda redis_: _of_each(redis_, job_ids, _head).execute()))


def reasons(job_ids: Sequence[str]) -> dict[str, tuple[int, str | None]]:
    """(last seq, reason) of those among `job_ids` that the log knows. Raises LogUnavailable."""
    replies = ask(lambda redis_: _of_each(redis_, job_ids, lambda p, key: p.hmget(key, "seq", "f:reason")).execute())
    found = zip(job_ids, replies, strict=True)
    return {job_id: (int(seq), json.loads(text or "null")) for job_id, (seq, text) in found if seq is not None}


def untold(job_ids: Sequence[str]) -> list[str]:
    """Those among `job_ids`, which are to be cancelled, that the log does not know, or that wait, or were started and
    not asked to stop. Raises LogUnavailable.
    """
    fields = ("f:state", "f:cancel")
    replies = ask(lambda redis_: _of_each(redis_, job_ids, lambda pipe, key: pipe.hmget(key, fields)).execute())
    found = [[text and json.loads(text) for text in reply] for reply in replies]
    done = [state in events.FINAL or (state == "started" and cancel is not None) for state, cancel in found]
    return [job_id for job_id, is_done in zip(job_ids, done, strict=True) if not is_done]


async def awatch(job_ids: Sequence[str]) -> dict[str, tuple[int, int, str]]:
    """`heads` on the running loop, for one who goes on following these jobs; asks the log also where there are none."""
    return _heads(job_ids, await _watch(job_ids, _head))


async def _watch(job_ids: Sequence[str], command: Callable[[Any, str], object]) -> list[Any]:
    """Mark the jobs as followed, and ask for something of each."""

    async def ask_for(redis_: Any) -> list[Any]:
        pipe = redis_.pipeline(transaction=False)
        pipe.ping()
        # The marks first: what is written after them is told, and what was written before is read.
        for job_id in job_ids:
            pipe.set(watched_key(job_id), broadcast.redis_channel(broadcast.job_group(job_id)) or "1", ex=_WATCHED)
        for job_id in job_ids:
            command(pipe, hash_key(job_id))
        found: list[Any] = (await pipe.execute(raise_on_error=False))[1 + len(job_ids) :]
        # A Redis that is full takes no mark, and nobody writes to it either.
        for reply in found:
            if isinstance(reply, Exception):
                raise reply
        return found

    return await aask(ask_for)


def _head(pipe: Any, key: str) -> None:
    pipe.hmget(key, "epoch", "seq", "at")


def _of_each(redis_: Any, job_ids: Sequence[str], command: Callable[[Any, str], object]) -> Any:
    pipe = redis_.pipeline(transaction=False)
    for job_id in job_ids:
        command(pipe, hash_key(job_id))
    return pipe


def current_epoch() -> int | None:
    """The log's epoch, or None where Redis has lost its data and nobody has opened a new one. Raises LogUnavailable."""
    value = ask(lambda redis_: redis_.get(EPOCH))
    return int(value) if value else None


def decode(seq: int, body: str) -> events.EventDict:
    """An event from its JSON text in the stream or in a group message."""
    return {"seq": seq, **json.loads(body)}


def time_of(body: str) -> str:
    """The time of an event, from its JSON text: the script writes it first."""
    return body[len('{"time":"') : body.index('"', len('{"time":"'))]


def to_snapshot(job_id: str, raw: Any) -> Snapshot | None:
    if "seq" not in raw:
        return None
    # As one text: decoding each of twenty short ones by itself takes four times as long.
    fields = ",".join([f'"{name[2:]}":{text}' for name, text in raw.items() if name.startswith("f:")])
    job = events.blank_job(job_id) | json.loads(f"{{{fields}}}") | {"seq": int(raw["seq"])}
    if "long" in raw:
        job["truncated"] = json.loads(raw["long"])
    owner_id = user_key(raw["owner_id"]) if raw.get("owner_id") else None
    return Snapshot(int(raw["epoch"]), job["seq"], job, owner_id, raw.get("at", ""))


def user_key(text: str) -> Any:
    """A user's primary key as the user model has it: a number, a UUID or what else."""
    return get_user_model()._meta.pk.to_python(text)


def _page(after: int, limit: int, raw: Any) -> Page | None:
    (epoch, seq), entries = raw
    if epoch is None or seq is None:
        return None
    found = numbered(entries)
    before = time_of(found.pop(0)[1]) if found and found[0][0] == after else ""
    found = found[:limit]
    reaches = found[0][0] == after + 1 if found else int(seq) <= after
    return Page(int(epoch), int(seq), found, reaches, before)


def numbered(entries: Entries) -> list[tuple[int, str]]:
    """The events of a stream's entries: seq, and JSON text without it."""
    return [(int(entry[2:]), body) for entry, (_, body) in entries]


def _heads(job_ids: Sequence[str], raw: list[list[str | None]]) -> dict[str, tuple[int, int, str]]:
    return {
        job_id: (int(epoch), int(seq), at or "")
        for job_id, (epoch, seq, at) in zip(job_ids, raw, strict=True)
        if epoch is not None and seq is not None
    }
