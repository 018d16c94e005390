"""What the broker holds: how many messages wait, and one that a dead worker had taken is given back. With Redis as the
broker only.

Kombu notes each message that was handed out and not acknowledged in a hash, and gives it back after the visibility
timeout: hours, since a shorter one starts long tasks twice. For jobs that nobody launched through Taskcast (from a
shell, by beat) that hash is the only place that still has the message.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import redis
from celery import current_app

from tasks import eventlog

#: Kombu keeps a list for each step of priority: the queue's own name for 0, and these behind it for the others.
STEPS = ("", "\x06\x163", "\x06\x166", "\x06\x169")

# Entries asked for in one step of a scan.
_SCAN = 500


def lengths(queues: Iterable[str]) -> dict[str, int]:
    """How many messages wait in each of these queues, without those that workers have taken. Raises LogUnavailable."""
    names = list(queues)

    def measure(redis_: redis.Redis) -> Any:
        pipe = redis_.pipeline(transaction=False)
        for name in names:
            for step in STEPS:
                pipe.llen(name + step)
        return pipe.execute()

    found = iter(eventlog.ask(measure) if names else [])
    return {name: sum(next(found) for _ in STEPS) for name in names}


def give_back(job_ids: Collection[str]) -> set[str]:
    """Put the messages of these jobs that some worker had taken back into their queues; returns the jobs found.

    Only for jobs that no living worker has: a second copy of a message does nothing, but costs its way. Raises
    OSError where the broker is away.
    """
    if not job_ids:
        return set()
    found = set()
    with current_app.connection_for_write() as connection:
        try:
            channel: Any = connection.default_channel
            if not hasattr(channel, "unacked_key"):
                return set()  # another kind of broker gives them back by itself, once the connection is gone
            for tag, job_id in _taken(channel):
                if job_id in job_ids:
                    channel.qos.restore_by_tag(tag)
                    found.add(job_id)
        except connection.connection_errors as error:
            raise OSError(f"the broker does not answer: {error}") from error
    return found


def _taken(channel: Any) -> Iterator[tuple[str, str]]:
    """The delivery tags of all messages that were handed out, and the ids of their jobs."""
    with channel.conn_or_acquire() as client:
        entries = list(client.hscan_iter(channel.unacked_key, count=_SCAN))
    for tag, text in entries:
        headers = json.loads(text)[0].get("headers") or {}
        yield tag.decode() if isinstance(tag, bytes) else tag, str(headers.get("id", ""))
