"""Waiting jobs whose message no queue holds any more: it is published again, or given back, or the job is lost.

Redis hands a message out and notes that it did in two steps, and a worker that is killed takes with it what it had
reserved, for as long as the visibility timeout lasts. So a waiting job is a stray when it is neither reserved by a
living worker nor in its queue any more; and it cannot be in its queue when that has been empty for a while, or when
jobs that were sent later have been taken from it. A copy too many does no harm: the gate drops it.

Of a job that was launched through Taskcast the row has the message. Of others only the broker may have it, and where
that has lost it too, nobody will ever start the job: it is told so instead of waiting for ever.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Max, Q

from tasks import broker, ends, eventlog, events, leases
from tasks.eventlog import Change
from tasks.models import Job
from tasks.reporter import reporter

logger = logging.getLogger(__name__)

# How long a job must have been seen waiting with nobody, and its queue empty, how often in a row, and how much later a
# job must have been sent that was taken before: workers say every 2 s what they have reserved. A job is called lost
# somewhat later: a dead worker's lease hides its jobs for 10 s, and within half a minute of the fault all is said. What
# counts is what is seen here: when a job was sent is told by another machine's clock, which may be ahead.
SECONDS = 10.0
LOST_SECONDS = 15.0
TIMES = 3
_MOST = 500
_WAITING = ("scheduled", "queued", "retrying")
NOBODY_HAS_IT = "no worker has it, and its message is in no queue any more"


class Waiting(NamedTuple):
    """A job that was sent and waits; `is_ours` says that its row has the message."""

    id: str
    queue: str
    priority: int | None
    sent: datetime
    is_ours: bool


@dataclass
class _Seen:
    """Since when, and how often in a row, something has been found so."""

    since: float
    times: int = 0

    def is_old(self, now: float, seconds: float) -> bool:
        return self.times >= TIMES and now - self.since >= seconds


class Strays:
    """Looks for strays, and remembers since when which queue was empty, and which job nobody had."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._empty: dict[str, _Seen] = {}
        self._unreserved: dict[str, _Seen] = {}

    def look(self) -> int:
        """See to the strays; returns how many the next dispatch will publish. Raises LogUnavailable, OSError."""
        waiting = _waiting()
        reserved = _reserved() if waiting else None
        if reserved is None:
            self._empty, self._unreserved = {}, {}
            return 0
        lengths = broker.lengths({job.queue for job in waiting if job.queue})
        self._empty = self._still(self._empty, (name for name, size in lengths.items() if not size))
        self._unreserved = self._still(self._unreserved, (job.id for job in waiting if job.id not in reserved))
        strays = [job for job in waiting if self._is_stray(job)]
        # The row may lag behind the log.
        live = eventlog.snapshots([job.id for job in strays])
        strays = [job for job in strays if job.id not in live or live[job.id].job["state"] in _WAITING]
        self._see_to_others([job for job in strays if not job.is_ours])
        return self._publish_again([job for job in strays if job.is_ours], live)

    def _still(self, before: Mapping[str, _Seen], found: Iterable[str]) -> dict[str, _Seen]:
        seen = {name: before.get(name) or _Seen(self._clock()) for name in found}
        for one in seen.values():
            one.times += 1
        return seen

    def _is_stray(self, job: Waiting) -> bool:
        # One that has just been handed out is not yet in what its worker says.
        if job.id not in self._unreserved or not self._unreserved[job.id].is_old(self._clock(), SECONDS):
            return False
        if not job.queue:
            return True  # one that does not tell its queue: what a dead worker had taken is given back all the same
        return self._is_empty(job.queue, SECONDS) or _was_overtaken(job)

    def _is_empty(self, queue: str, seconds: float) -> bool:
        return queue in self._empty and self._empty[queue].is_old(self._clock(), seconds)

    def _publish_again(self, strays: Sequence[Waiting], live: Mapping[str, eventlog.Snapshot]) -> int:
        for job in strays:
            logger.warning("job %s waits, and no broker has its message: it is sent again", job.id)
            self._unreserved.pop(job.id, None)  # what is sent now is given as long as any other
            if job.id in live and live[job.id].job["state"] == "retrying":
                # The lost message was that of a retry; ours is that of a first attempt, which the gate would refuse.
                queued = Change("state", {"state": "queued"})
                reporter().echo(job.id, eventlog.append(job.id, [queued], writer=f"stray.{live[job.id].seq}", n=1))
        return Job.objects.filter(pk__in=[job.id for job in strays], state__in=_WAITING).update(published_at=None)

    def _see_to_others(self, strays: Sequence[Waiting]) -> None:
        given_back, now = broker.give_back({job.id for job in strays}), self._clock()
        for job in strays:
            if job.id in given_back:
                logger.warning("job %s waits, and the worker that had its message is gone: it is given back", job.id)
            elif self._is_empty(job.queue, LOST_SECONDS) and self._unreserved[job.id].is_old(now, LOST_SECONDS):
                lost = {"state": "lost", "reason": NOBODY_HAS_IT, "finished_at": events.now()}
                reply = eventlog.append(job.id, [Change("state", lost)], writer="stray", n=1)
                if reply.written:
                    logger.warning("job %s is lost: %s", job.id, NOBODY_HAS_IT)
                    reporter().echo(job.id, reply)


def _waiting() -> list[Waiting]:
    rows = Job.objects.filter(state__in=_WAITING, published_at__isnull=False)
    # Its id is borne by the last task of a chain or group, which is sent when the others have ended.
    rows = rows.exclude(state="retrying", reason=ends.REPLACED)
    # A job for later that was launched here is no message yet.
    rows = rows.exclude(state="scheduled", message__isnull=False)
    rows = rows.annotate(is_ours=Q(message__isnull=False))
    return [
        Waiting(str(pk), queue, priority, sent, is_ours)
        for pk, queue, priority, sent, is_ours in rows.values_list(
            "pk", "queue", "priority", "published_at", "is_ours"
        )[:_MOST]
        if sent is not None
    ]


def _reserved() -> set[str] | None:
    """Ids of all jobs that living workers have; None where one does not say."""
    alive = leases.alive(leases.workers())
    said = [about.get("reserved") for about in alive.values()]
    return None if None in said else {job_id for ids in said for job_id in ids or ()}


def _was_overtaken(job: Waiting) -> bool:
    """Whether a job that was sent to the queue a good while later, with the same priority, has started: then queues are
    first in, first out."""
    alike = Job.objects.filter(queue=job.queue, priority=job.priority)
    later = alike.filter(created_at__gt=job.sent, started_at__isnull=False).aggregate(Max("published_at"))
    last = later["published_at__max"]
    return last is not None and last > job.sent + timedelta(seconds=SECONDS)
