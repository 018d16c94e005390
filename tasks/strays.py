"""Queued jobs whose message no broker holds any more: they are published again.

Redis hands a message out and notes that it did in two steps, and a worker that is killed takes with it what it had
reserved, for as long as the visibility timeout lasts. So a queued job is a stray when it is neither reserved by a
living worker nor in its queue any more; and it cannot be in its queue when that has been empty for a while, or when
jobs that were sent later have been taken from it. A copy too many does no harm: the gate drops it.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db.models import Max
from django.utils import timezone

from tasks import eventlog, leases
from tasks.models import Job

logger = logging.getLogger(__name__)

# How long a queue must have been empty, how often in a row it was seen so, and how much later a job must have been
# sent that was taken before: workers say every 2 s what they have reserved.
SECONDS = 10.0
TIMES = 3
_MOST = 500
# Kombu keeps a list for each step of priority: the queue's own name for 0, and these behind it for the others.
_STEPS = ("", "\x06\x163", "\x06\x166", "\x06\x169")


class Strays:
    """Looks for strays, and remembers since when which queue was found empty."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._empty: dict[str, tuple[float, int]] = {}

    def republish(self) -> int:
        """Have strays published again by the next dispatch; returns how many. Raises LogUnavailable."""
        waiting = self._waiting()
        reserved = _reserved() if waiting else None
        if reserved is None:
            self._empty.clear()
            return 0
        strays = [
            pk
            for queue, rows in waiting.items()
            for pk, sent in rows
            if str(pk) not in reserved and (self._is_empty(queue) or _was_overtaken(queue, sent))
        ]
        # The row may lag behind the log.
        live = eventlog.snapshots([str(pk) for pk in strays])
        queued = [pk for pk in strays if str(pk) not in live or live[str(pk)].job["state"] == "queued"]
        for pk in queued:
            logger.warning("job %s is queued, and no broker has its message: it is sent again", pk)
        return Job.objects.filter(pk__in=queued, state="queued").update(published_at=None) if queued else 0

    def _waiting(self) -> dict[str, list[tuple[Any, datetime]]]:
        """Jobs that were sent a while ago and have not started, by queue; looks at each of their queues."""
        rows = Job.objects.filter(
            state="queued", published_at__lte=timezone.now() - timedelta(seconds=SECONDS), message__isnull=False
        )
        found: dict[str, list[tuple[Any, datetime]]] = defaultdict(list)
        for pk, queue, task, sent in rows.values_list("pk", "queue", "task", "published_at")[:_MOST]:
            if sent is not None:
                found[queue or _default_queue(task)].append((pk, sent))
        now = self._clock()
        lengths = _lengths(found)
        self._empty = {
            queue: (since, times + 1)
            for queue, length in lengths.items()
            if not length
            for since, times in [self._empty.get(queue, (now, 0))]
        }
        return dict(found)

    def _is_empty(self, queue: str) -> bool:
        since, times = self._empty.get(queue, (0.0, 0))
        return times >= TIMES and self._clock() - since >= SECONDS


def _default_queue(task: str) -> str:
    return str(current_app.amqp.router.route({}, task)["queue"].name)


def _lengths(queues: Iterable[str]) -> dict[str, int]:
    pipe = eventlog.client().pipeline(transaction=False)
    names = list(queues)
    for name in names:
        for step in _STEPS:
            pipe.llen(name + step)
    lengths = iter(pipe.execute() if names else [])
    return {name: sum(next(lengths) for _ in _STEPS) for name in names}


def _reserved() -> set[str] | None:
    """Ids of all jobs that living workers have; None where one does not say."""
    alive = leases.alive(leases.workers())
    said = [about.get("reserved") for about in alive.values()]
    return None if None in said else {job_id for ids in said for job_id in ids or ()}


def _was_overtaken(queue: str, sent: datetime) -> bool:
    """Whether a job that was sent to the queue a good while later has started: queues are first in, first out."""
    later = Job.objects.filter(
        queue=queue if queue != current_app.conf.task_default_queue else "",
        created_at__gt=sent,
        started_at__isnull=False,
    ).aggregate(Max("published_at"))["published_at__max"]
    return later is not None and later > sent + timedelta(seconds=SECONDS)
