"""Steering a job that is launched: cancel."""

import logging
import threading
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import transaction

from tasks import counters, eventlog, signals
from tasks.eventlog import LogUnavailable
from tasks.events import FINAL, JobDict
from tasks.models import Job
from tasks.reporter import reporter

logger = logging.getLogger(__name__)


class NotCancellable(Exception):
    """The job has ended already, so it cannot be cancelled."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the job has ended already: it {'was' if state in ('cancelled', 'lost') else 'has'} {state}")
        self.state = state


def cancel(job_id: UUID | str, *, force: bool = False) -> JobDict:
    """Ask the job to stop, and return it.

    A waiting job ends at once as `cancelled`; a started one is `asked`, sees it at its next `track`, `progress` or
    `cancelled()`, and ends. With `force` its process is terminated. While Redis is away, only a job that was not sent
    yet can be cancelled: it is `asked`, and ends when Redis is back. Raises NotCancellable, Job.DoesNotExist,
    LogUnavailable.
    """
    key = str(job_id)
    ends: dict[str, Any] = {"asked": {"cancel": "asked"}, "cancelled": signals.cancelled().set}
    try:
        reply = eventlog.cancel(key, **ends)
    except LogUnavailable:
        return _ask_unsent(key)
    if reply.status == "absent":
        row = Job.objects.select_related("owner").get(pk=job_id)
        if row.state in FINAL:
            raise NotCancellable(row.state)
        eventlog.announce(row.as_dict(), owner_id=row.owner_id)
        reply = eventlog.cancel(key, **ends)
    reporter().echo(key, reply)
    snapshot = eventlog.snapshot(key)
    if snapshot is None:
        raise Job.DoesNotExist
    if reply.status == "final":
        raise NotCancellable(snapshot.job["state"])
    if force and snapshot.job["state"] == "started":
        # In a thread: it speaks to every worker, and a broker that hangs must not hold the request.
        threading.Thread(target=_terminate, args=(key,), daemon=True).start()
    return snapshot.job


def _ask_unsent(job_id: str) -> JobDict:
    """Note in its row that a job which no broker was given is to be cancelled. Raises LogUnavailable for any other."""
    waiting = Job.objects.filter(pk=job_id, published_at=None, message__isnull=False, state__in=("queued", "scheduled"))
    with transaction.atomic():
        change = counters.add("change", 1)
        if not waiting.update(cancel="asked", change=change):
            raise LogUnavailable("Redis does not answer, so a job that was sent cannot be cancelled now")
    return Job.objects.select_related("owner").get(pk=job_id).as_dict()


def cancel_asked() -> None:
    """Cancel the jobs for which that was asked while Redis was away. Raises LogUnavailable."""
    for row in Job.objects.filter(state__in=("queued", "scheduled"), cancel="asked").select_related("owner")[:200]:
        try:
            cancel(row.pk)
        except NotCancellable as ended:
            logger.info("job %s cannot be cancelled: %s", row.pk, ended)


def _terminate(job_id: str) -> None:
    try:
        current_app.control.revoke(job_id, terminate=True, signal="SIGTERM")
    except OSError as error:
        logger.warning("job %s could not be terminated: %s", job_id, error)
