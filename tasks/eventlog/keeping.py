"""What the recorder and the watch do with the log: read many tails, settle, trim, expire; restore and open it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import redis

from tasks import events
from tasks.eventlog.connection import DIRTY, EPOCH, PARENTS, PREFIX, RUNNING, ask, hash_key, stream_key
from tasks.eventlog.reading import Entries, numbered, user_key
from tasks.redis_protocol import head, packed

# Forgets that a job is dirty, unless something was written since it was read.
_SETTLE = """
for i = 1, #ARGV, 2 do
  if (redis.call('HGET', KEYS[1] .. ARGV[i], 'seq') or ARGV[i + 1]) == ARGV[i + 1] then
    redis.call('SREM', KEYS[2], ARGV[i])
  end
end"""

# Lets the streams and hashes of ended jobs go.
_EXPIRE = """
for i = 2, #ARGV do
  redis.call('EXPIRE', KEYS[1] .. ARGV[i], ARGV[1])
  redis.call('EXPIRE', KEYS[2] .. ARGV[i], ARGV[1])
end"""

# Of a job's hash what a tail tells: what its writers keep there besides is as much again.
_FIELDS = [(name, f"f:{name}") for name in events.JOB_FIELDS if name not in ("id", "seq")]
_TOLD = ("epoch", "seq", "owner_id", "long", "lease", "rerun", "queue", "schedule", *(key for _, key in _FIELDS))
_BLANK = {name: events.dumps(value) for name, value in events.blank_job("").items()}


def dirty(limit: int = 500) -> list[str]:
    """Up to `limit` jobs that were written since the recorder settled them. Raises LogUnavailable."""
    return ask(lambda redis_: redis_.srandmember(DIRTY, limit))


def settle(recorded: Mapping[str, int]) -> None:
    """Take jobs whose events up to the given `seq` are recorded off the dirty set. Raises LogUnavailable."""
    arguments = [text for job_id, seq in recorded.items() for text in (job_id, str(seq))]
    ask(lambda redis_: redis_.eval(_SETTLE, 2, PREFIX + "job:", DIRTY, *arguments))


def trim(job_id: str, keep_after: int) -> None:
    """Drop the job's events up to the `seq` `keep_after`. Only for events that are archived."""
    ask(lambda redis_: redis_.xtrim(stream_key(job_id), minid=f"0-{keep_after + 1}", approximate=False))


def parents(limit: int = 100) -> list[str]:
    """Up to `limit` jobs some of whose children have come into another state since that was told."""
    return ask(lambda redis_: redis_.srandmember(PARENTS, limit))


def set_children(job_id: str, counts: Mapping[str, int]) -> None:
    """Put right how many children of the job are in which state. Raises LogUnavailable."""

    def put(redis_: redis.Redis) -> None:
        pipe = redis_.pipeline()
        pipe.hdel(hash_key(job_id), *(f"c:{state}" for state in events.STATES))
        pipe.hset(hash_key(job_id), mapping=dict[Any, Any]({f"c:{state}": n for state, n in counts.items()}))
        pipe.execute()

    ask(put)


def running() -> dict[str, str]:
    """Started jobs, and the key of the lease of the worker that has each. Raises LogUnavailable."""
    return ask(lambda redis_: redis_.hgetall(RUNNING))


def restore(
    job: events.JobDict,
    epoch: int,
    *,
    owner_id: Any,
    lease: str = "",
    may_rerun: bool = False,
    batch: int | None = None,
) -> None:
    """Lay down a job from its row in a log that lost its data; its events go on after the row's `seq`.

    `may_rerun` says that it may start again where the worker with the `lease` is dead; `batch` how many jobs a batch
    has. Only for the one who is about to open the new epoch: writers wait until then.
    """
    fields = {f"f:{name}": events.dumps(job[name]) for name in events.JOB_FIELDS if name != "id"}
    fields |= {"epoch": str(epoch), "seq": str(job["seq"]), "attempt": str(job["attempt"]), "lease": lease}
    fields["rerun"] = "1" if may_rerun else "0"
    if job["attempt"]:
        # Celery's count is not in the row; each retry was an attempt, so a copy of an earlier message has a lower one.
        fields["retries"] = str(job["attempt"] - 1)
    if owner_id is not None:
        fields["owner_id"] = str(owner_id)
    if batch is not None:
        fields["batch"] = str(batch)
    fields |= {f"c:{state}": str(number) for state, number in (job["children"] or {}).items()}
    if "truncated" in job:
        fields |= {"long": events.dumps(job["truncated"]), "kept": events.dumps(events.whole_job(job)["truncated"])}

    def lay_down(redis_: redis.Redis) -> None:
        pipe = redis_.pipeline()
        pipe.delete(hash_key(job["id"]), stream_key(job["id"]))
        pipe.hset(hash_key(job["id"]), mapping=dict[Any, Any](fields))
        if job["state"] == "started":
            pipe.hset(RUNNING, job["id"], lease)
        pipe.execute()

    ask(lay_down)


def open_epoch(epoch: int) -> None:
    """Open the log for writing as `epoch`, unless somebody has. Raises LogUnavailable."""
    ask(lambda redis_: redis_.set(EPOCH, epoch, nx=True))


@dataclass(frozen=True)
class Tail:
    """A job as the log has it at (`epoch`, `seq`), its fields as JSON text; `owner_id` is the owner's key; its worker's
    lease, its events (seq, JSON text) after a cursor, whether it may start again where its worker is dead, and the
    queue it was sent to and the schedule that sent it, where that was not by the launch."""

    epoch: int
    seq: int
    fields: dict[str, str]
    owner_id: Any
    lease: str
    events: list[tuple[int, str]]
    may_rerun: bool = False
    queue: str = ""
    schedule: str = ""

    @property
    def state(self) -> str:
        """The job's state."""
        return self.fields["state"][1:-1]


def tails(cursors: Mapping[str, int], limit: int) -> dict[str, Tail]:
    """Of the jobs in `cursors` that the log knows: each with at most `limit` events after its cursor.

    Raises LogUnavailable.
    """
    # In this order: what is written in between is left for the next time.
    commands = [
        command
        for job_id, after in cursors.items()
        for command in (_hash_of(hash_key(job_id)), _events_of(stream_key(job_id), f"(0-{after}", str(limit)))
    ]
    replies = iter(ask(lambda redis_: _answers(redis_, commands)))
    found = {job_id: _tail(_told(next(replies)), next(replies)) for job_id in cursors}
    return {job_id: tail for job_id, tail in found.items() if tail is not None}


def _answers(redis_: redis.Redis, commands: list[bytes]) -> list[Any]:
    """The answers to commands in Redis' protocol. redis-py's pipeline takes more than twice as long."""
    pool = redis_.connection_pool
    connection = pool.get_connection()
    try:
        connection.send_packed_command([b"".join(commands)])
        return [connection.read_response() for _ in commands]
    except BaseException:
        connection.disconnect()  # nobody must be given what is left to be read
        raise
    finally:
        pool.release(connection)


# Packed once: most of what is sent.
_HASH, _NAMES = head(2 + len(_TOLD)) + packed("HMGET"), packed(*_TOLD)
_RANGE = head(6) + packed("XRANGE")


def _hash_of(key: str) -> bytes:
    return _HASH + packed(key) + _NAMES


def _events_of(key: str, after: str, limit: str) -> bytes:
    return _RANGE + packed(key, after, "+", "COUNT", limit)


def _told(values: list[str | None]) -> dict[str, str]:
    return {name: value for name, value in zip(_TOLD, values, strict=True) if value is not None}


def _tail(raw: Mapping[str, str], entries: Entries) -> Tail | None:
    if "seq" not in raw:
        return None
    seq = int(raw["seq"])
    fields = _BLANK | {name: raw[key] for name, key in _FIELDS if key in raw}
    fields["truncated"] = raw.get("long", "null")
    # The archive's lines are the stream's own text with the seq put in front: nothing is decoded on this way.
    return Tail(
        epoch=int(raw["epoch"]),
        seq=seq,
        fields=fields,
        owner_id=user_key(raw["owner_id"]) if raw.get("owner_id") else None,
        lease=raw.get("lease", ""),
        events=[(n, f'{{"seq":{n},{body[1:]}') for n, body in numbered(entries) if n <= seq],
        may_rerun=raw.get("rerun") == "1",
        queue=raw.get("queue", ""),
        schedule=raw.get("schedule", ""),
    )


def expire(job_ids: Iterable[str], seconds: int) -> None:
    """Let the streams and hashes of jobs that are archived whole go after `seconds`, in one round trip.

    Raises LogUnavailable.
    """
    ask(lambda redis_: redis_.eval(_EXPIRE, 2, PREFIX + "job:", PREFIX + "log:", seconds, *job_ids))
