"""What a job shows of its children, how many are in which state, and the end of a batch, which is that of its last job.

The log's script counts. Here that is told to readers, often enough to be live and no more often, however many children
there are. What the log may have got wrong (a child that left Redis and was put right from its row) is put right from
the rows once all of a batch have ended.
"""

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Count

from tasks import eventlog, events
from tasks.eventlog import Change, Reply
from tasks.events import UNFINISHED
from tasks.models import BATCH, Job
from tasks.reporter import reporter

# Seconds between two tellings of this process.
_PAUSE = 0.1
_BATCHES = 20

#: The error of a batch of which not all jobs succeeded; it is no exception of anybody.
JOBS_FAILED = "JobsFailed"

_told_at = 0.0


def tell() -> int:
    """Tell the readers of those jobs whose children have moved; returns of how many. Raises LogUnavailable."""
    global _told_at
    if time.monotonic() - _told_at < _PAUSE:
        return 0
    _told_at = time.monotonic()
    parents = eventlog.parents()
    for job_id in parents:
        _tell(job_id)
    return len(parents)


def _tell(job_id: str) -> None:
    reply = eventlog.tell_children(job_id)
    reporter().echo(job_id, reply)
    told = _told(reply)
    progress = told.get("progress")
    if progress and progress["current"] >= progress["total"]:
        _end(job_id, told["children"])


def _told(reply: Reply) -> dict[str, Any]:
    changes: dict[str, Any] = eventlog.decode(*reply.written[-1]).get("set", {}) if reply.written else {}
    return changes


def _end(job_id: str, counts: Mapping[str, int]) -> None:
    bad, cancelled, all_of_them = (
        counts.get("failed", 0) + counts.get("lost", 0),
        counts.get("cancelled", 0),
        sum(counts.values()),
    )
    end: dict[str, Any] = {"state": "succeeded", "result": dict(counts)}
    if bad:
        message = f"{bad} of {all_of_them} jobs did not succeed"
        end = {"state": "failed", "error": {"type": JOBS_FAILED, "message": message, "traceback": ""}}
    elif cancelled:
        end = {"state": "cancelled", "cancel": "seen", "reason": f"{cancelled} of {all_of_them} jobs were cancelled"}
    change = Change("state", {**end, "finished_at": events.now()})
    reporter().echo(job_id, eventlog.append(job_id, [change], writer="children", n=1))


def settle() -> None:
    """Make batches known that the log does not know, and end those whose jobs have all ended. Raises LogUnavailable."""
    batches = list(Job.objects.filter(task=BATCH, state__in=UNFINISHED).select_related("owner")[:_BATCHES])
    known = eventlog.heads([str(batch.pk) for batch in batches])
    for batch in batches:
        key = str(batch.pk)
        if key not in known:
            reply = eventlog.announce(batch.as_dict(), owner_id=batch.owner_id, batch=batch.batch_size)
            reporter().echo(key, reply)
        elif not Job.objects.filter(parent=batch.pk, state__in=UNFINISHED).exists():
            counts = counted(batch.pk)
            eventlog.set_children(key, counts)
            _tell(key)
            _end(key, counts)


def counted(parent: UUID) -> dict[str, int]:
    """How many children of the job are in which state, by their rows."""
    rows = Job.objects.filter(parent=parent).order_by().values_list("state").annotate(number=Count("pk"))
    found = dict(rows)
    return {state: found[state] for state in events.STATES if state in found}
