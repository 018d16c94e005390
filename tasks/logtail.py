"""How the recorder reads the log: many jobs in one round trip, events as the text that the archive keeps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from tasks import eventlog
from tasks.eventlog import LogUnavailable, Snapshot


@dataclass(frozen=True)
class Tail:
    """A job as the log has it, its worker's lease, and its events (seq, JSON text) after a cursor."""

    snapshot: Snapshot
    lease: str
    events: list[tuple[int, str]]


def tails(cursors: Mapping[str, int], limit: int) -> dict[str, Tail]:
    """Of the jobs in `cursors` that the log knows: each with at most `limit` events after its cursor.

    Raises LogUnavailable.
    """
    try:
        pipe = eventlog.client().pipeline(transaction=False)
        for job_id, after in cursors.items():
            # In this order: what is written in between is left for the next time.
            pipe.hgetall(eventlog._hash(job_id))
            pipe.xrange(eventlog._stream(job_id), min=f"(0-{after}", count=limit)
        replies = iter(pipe.execute())
    except RedisError as error:
        raise LogUnavailable(f"Redis does not answer: {error}") from error
    found = {job_id: _tail(job_id, next(replies), next(replies)) for job_id in cursors}
    return {job_id: tail for job_id, tail in found.items() if tail is not None}


def _tail(job_id: str, raw: dict[str, str], entries: list[tuple[str, dict[str, str]]]) -> Tail | None:
    snapshot = eventlog._snapshot(job_id, raw)
    if snapshot is None:
        return None
    numbered: list[tuple[int, Any]] = [(int(entry.partition("-")[2]), fields["e"]) for entry, fields in entries]
    # The archive's lines are the stream's own text with the seq put in front: nothing is decoded on this way.
    lines = [(seq, f'{{"seq":{seq},{body[1:]}') for seq, body in numbered if seq <= snapshot.seq]
    return Tail(snapshot, raw.get("lease", ""), lines)


def expire(job_ids: Iterable[str], seconds: int) -> None:
    """Let the streams and hashes of jobs that are archived whole go after `seconds`, in one round trip.

    Raises LogUnavailable.
    """
    try:
        pipe = eventlog.client().pipeline(transaction=False)
        for job_id in job_ids:
            pipe.expire(eventlog._stream(job_id), seconds)
            pipe.expire(eventlog._hash(job_id), seconds)
        pipe.execute()
    except RedisError as error:
        raise LogUnavailable(f"Redis does not answer: {error}") from error
