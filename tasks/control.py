"""Steering a job that is launched: cancel."""

import logging
import threading
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tasks import audit, counters, ends, eventlog, launching, leases
from tasks.eventlog import LogUnavailable, Reply
from tasks.events import FINAL, UNFINISHED, JobDict
from tasks.models import BATCH, AuditEntry, Job
from tasks.records import is_id
from tasks.reporter import reporter

logger = logging.getLogger(__name__)

# Kinds of pools that ignore an order to terminate, as a lease and as `celery worker --pool` call them.
_NO_PROCESSES = {"thread": "threads", "solo": "solo"}

# Rows in one statement.
_TOGETHER = 500


class NotCancellable(Exception):
    """The job has ended already, so it cannot be cancelled."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the job has ended already: it {'was' if state in ('cancelled', 'lost') else 'has'} {state}")
        self.state = state


class NotTerminable(Exception):
    """The pool of the job's worker can end no job by force; nothing was done."""

    def __init__(self, worker: str, pool: str) -> None:
        words = _(
            "Worker {worker} has a pool of the kind “{pool}”, which cannot end one job by force; nothing was done. "
            "Cancel the job without force, which its task sees when it looks, or restart that worker."
        )
        super().__init__(words.format(worker=worker, pool=pool))


def cancel(job_id: UUID | str, *, force: bool = False, user: Any = None) -> JobDict:
    """Ask the job to stop, and return it; the audit trail says that `user` did.

    A waiting job ends at once as `cancelled`; a started one is `asked`, sees it at its next `track`, `progress` or
    `cancelled()`, and ends. With `force` its process is terminated, of a batch those of its jobs. While Redis is away
    the job is `asked`, and told when Redis is back; with `force` that is LogUnavailable, since nothing was terminated.
    Raises NotCancellable, NotTerminable, Job.DoesNotExist, LogUnavailable.
    """
    key = str(job_id)
    if force:
        _see_whether_terminable(key)
    # First, so that what is acknowledged here outlives a Redis that loses its data.
    entry, is_ours = _note(key, user=user, force=force)
    if entry.task == BATCH:
        cancel_many(Job.objects.filter(parent=key))
    try:
        return _cancel(key, force)
    except NotCancellable as ended:
        if is_ours and ended.state == "cancelled":
            return _now(key)  # the watch read our note, and told it before us
        entry.delete()
        raise
    except (Job.DoesNotExist, LogUnavailable):
        entry.delete()  # nothing was done
        raise


def _see_whether_terminable(job_id: str) -> None:
    held = eventlog.held(job_id)
    if held is None or held.state != "started" or not held.lease:
        return
    pool = leases.alive([held.lease]).get(held.lease, {}).get("pool")
    if pool in _NO_PROCESSES:
        raise NotTerminable(leases.worker_name(held.lease), _NO_PROCESSES[pool])


def _cancel(key: str, force: bool) -> JobDict:
    try:
        reply = _tell(key)
    except LogUnavailable:
        noted = Job.objects.filter(pk=key, state__in=UNFINISHED).select_related("owner").first()
        if force or noted is None:
            raise
        return noted.as_dict()
    job = _now(key)
    if reply.status == "final":
        raise NotCancellable(job["state"])
    if force and job["state"] == "started":
        # In a thread: it speaks to every worker, and a broker that hangs must not hold the request.
        threading.Thread(target=_terminate, args=(job,), daemon=True).start()
    return job


def _now(job_id: str) -> JobDict:
    snapshot = eventlog.snapshot(job_id)
    return snapshot.job if snapshot else Job.objects.select_related("owner").get(pk=job_id).as_dict()


def cancel_many(jobs: QuerySet[Job], *, user: Any = None) -> int:
    """Ask those of the `jobs` to stop that have not ended; returns how many.

    They are noted in their rows at once, and told soon: see tell_asked. With `user`, the audit trail names each.
    """
    with transaction.atomic():
        change = counters.add("change", 1)
        found = list(jobs.filter(state__in=UNFINISHED, cancel=None).values_list("pk", "task"))
        for start in range(0, len(found), _TOGETHER):
            some = [pk for pk, _ in found[start : start + _TOGETHER]]
            Job.objects.filter(pk__in=some).update(cancel="asked", change=change)
        if user is not None:
            audit.note_each(audit.CANCELLED, user, found)
        transaction.on_commit(lambda: launching.in_background(_tell_soon))
    return len(found)


def _tell_soon() -> None:
    close_old_connections()
    try:
        while tell_asked():
            pass
    except (LogUnavailable, DatabaseError) as error:
        logger.warning("jobs are asked to stop later: %s", error)
    finally:
        connection.close()


def _note(job_id: str, *, user: Any, force: bool) -> tuple[AuditEntry, bool]:
    """Note in its row that the job is to be cancelled, unless it has none, or that says that it has ended.

    Returns the entry of the audit trail, and whether the note is new.
    """
    with transaction.atomic():
        change = counters.add("change", 1)
        waits = Job.objects.filter(pk=job_id, state__in=UNFINISHED, cancel=None)
        is_new = waits.update(cancel="asked", change=change) == 1
        task = Job.objects.filter(pk=job_id).values_list("task", flat=True).first() or ""
        return audit.note(audit.FORCED if force else audit.CANCELLED, user, job=UUID(job_id), task=task), is_new


def _tell(job_id: str) -> Reply:
    """Ask the log to cancel the job. Raises NotCancellable, Job.DoesNotExist, LogUnavailable."""
    told: dict[str, Any] = {"asked": {"cancel": "asked"}, "cancelled": ends.cancelled().set}
    reply = eventlog.cancel(job_id, **told)
    if reply.status == "absent":
        row = Job.objects.select_related("owner").get(pk=job_id)
        if row.state in FINAL:
            raise NotCancellable(row.state)
        eventlog.announce(row.as_dict(), owner_id=row.owner_id, batch=row.batch_size)
        reply = eventlog.cancel(job_id, **told)
    reporter().echo(job_id, reply)
    return reply


def tell_asked() -> int:
    """Tell the log of the next cancels that it does not know: many were asked for at once, or it was away, or has lost
    them. Returns how many. Raises LogUnavailable.
    """
    asked = Job.objects.filter(state__in=UNFINISHED, cancel="asked").order_by("-change")
    ids = [str(pk) for pk in asked.values_list("pk", flat=True)[:500]]
    told = 0
    for job_id in eventlog.untold(ids):
        try:
            _tell(job_id)
        except NotCancellable as ended:
            logger.info("job %s cannot be cancelled: %s", job_id, ended)
        else:
            told += 1
    return told


def _terminate(job: JobDict) -> None:
    try:
        ids = _running_of_batch(job["id"]) if job["task"] == BATCH else [job["id"]]
        current_app.control.revoke(ids, terminate=True, signal="SIGTERM")
    except (LogUnavailable, DatabaseError, OSError) as error:
        logger.warning("job %s could not be terminated: %s", job["id"], error)
    finally:
        connection.close()


def _running_of_batch(job_id: str) -> list[str]:
    running = [key for key in eventlog.running() if is_id(key)]
    return [str(pk) for pk in Job.objects.filter(parent=job_id, pk__in=running).values_list("pk", flat=True)]
