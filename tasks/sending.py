"""Hands a job's message to the broker, once the log knows the job. Used where a job is launched, and by the watch."""

import logging
from collections.abc import Sequence
from typing import Any

from celery import current_app
from django.db import connections, router
from django.utils import timezone
from kombu.exceptions import EncodeError, OperationalError, SerializerNotInstalled
from redis.exceptions import RedisError

from tasks import catalog, ends, eventlog, messages
from tasks.eventlog import Change, LogUnavailable
from tasks.events import FINAL, JobDict, iso
from tasks.models import Job
from tasks.reporter import reporter

logger = logging.getLogger(__name__)

WAITING_FOR_BROKER = "the broker does not answer; the job will be sent when it does"

# By hand, as in counters.py: the answer to a launch waits for it.
_NOTE = (
    f"UPDATE {Job._meta.db_table} SET published_at = %s, reason = NULLIF(reason, %s) "  # noqa: S608
    "WHERE id = %s AND (published_at IS NULL OR reason = %s)"
)

# What is raised where Redis does not answer, by the log and by the broker.
_AWAY = (LogUnavailable, OperationalError, OSError)


class NotSendable(Exception):
    """The job's message cannot be sent, whatever the broker does: its queue, its route or its serializer is wrong."""


def announce(job: Job) -> bool:
    """Make the job known to the event log; whether that is done. False where Redis is away."""
    try:
        reporter().echo(str(job.pk), _announce(job))
    except LogUnavailable as error:
        logger.warning("job %s is not announced yet: %s", job.pk, error)
        return False
    return True


def publish(job: Job) -> bool:
    """Announce the job and hand its message to the broker; whether that is done (also if it was done before).

    May be called twice for one job: the gate lets one copy start. False where Redis is away.
    """
    sent = send(job)
    if sent:
        note_sent(job)
    return sent


def send(job: Job) -> bool:
    """`publish` without the note in the row."""
    try:
        known = _announce(job)
        reporter().echo(str(job.pk), known)
        _hand_over(job, known)
    except _AWAY as error:
        logger.warning("job %s waits for the broker: %s", job.pk, error)
        return False
    return True


def publish_all(jobs: Sequence[Job], producer: Any) -> int:
    """`publish` jobs whose rows say that they are published; returns how many were, before Redis went away."""
    sent = 0
    try:
        for job, known in zip(jobs, eventlog.announce_all(map(_as_launched, jobs)), strict=True):
            _hand_over(job, known, producer)
            sent += 1
    except _AWAY as error:
        logger.warning("%d jobs wait for the broker: %s", len(jobs) - sent, error)
    return sent


def _hand_over(job: Job, known: eventlog.Reply, producer: Any = None) -> None:
    if known.status in ("refused", "final"):
        snapshot = eventlog.snapshot(str(job.pk))
        if snapshot is not None and snapshot.job["state"] in FINAL:
            return
        if snapshot is not None and snapshot.job["state"] == "scheduled":
            due = Change("state", {"state": "queued", "reason": None})
            reporter().echo(str(job.pk), eventlog.append(str(job.pk), [due], writer="launch", n=2))
    _send(job, producer)


def _announce(job: Job) -> eventlog.Reply:
    launched, owner_id = _as_launched(job)
    return eventlog.announce(launched, owner_id=owner_id, batch=job.batch_size)


def _as_launched(job: Job) -> tuple[JobDict, Any]:
    # What the row said about waiting for the broker is over once the log can be written.
    return {**job.as_dict(), "reason": None}, job.owner_id


def _send(job: Job, producer: Any) -> None:
    """Hand the job's message to the broker, or end the job where that can never be done.

    Raises OperationalError, OSError, LogUnavailable where Redis is away.
    """
    message = job.message
    if not message:
        return
    try:
        # Asked before anything goes over a connection: what is wrong here does not pass with an outage.
        route = {"queue": job.queue} if job.queue else {}
        current_app.amqp.router.route(route, job.task, message["args"], message["kwargs"])
    except Exception as error:  # whatever a project's own router raises
        _end_unsent(job, error)
        return
    try:
        _send_message(job, message, producer)
    except (EncodeError, SerializerNotInstalled) as error:
        _end_unsent(job, error)
    except RedisError as error:
        raise OperationalError(str(error)) from error


def _end_unsent(job: Job, error: Exception) -> None:
    logger.error("job %s can never be sent: %s", job.pk, type(error).__name__)  # its text may hold a secret
    secrets = catalog.secret_values(job.task, job.message["args"], job.message["kwargs"])
    never = NotSendable(f"the job's message cannot be sent: {type(error).__name__}: {error}")
    never.__cause__ = error
    reporter().echo(str(job.pk), eventlog.append(str(job.pk), [ends.failed(never, secrets)], writer="launch", n=3))


def _send_message(job: Job, message: dict[str, Any], producer: Any) -> None:
    # A key may be what JSON cannot say.
    owner = [str(job.owner_id), job.owner.get_username()] if job.owner else None
    header = {
        "parent": job.parent and str(job.parent),
        "root": job.root and str(job.root),
        "owner": owner,
        "created_at": iso(job.created_at),
        "typed": True,
        "launched": True,
    }
    current_app.send_task(
        job.task,
        args=message["args"],
        kwargs=message["kwargs"],
        task_id=str(job.pk),
        # Celery is not to listen for a result that nobody here awaits, one subscription for each job; the message says
        # what it says where nobody says anything: the task itself decides whether its result is stored.
        ignore_result=True,
        headers={messages.HEADER: header, "ignore_result": None},
        retry=False,
        # Celery prints these into the worker's log: secrets are masked there too.
        argsrepr="()",
        kwargsrepr=repr(job.args),
        queue=job.queue or None,
        producer=producer,
        priority=current_app.conf.task_default_priority if job.priority is None else job.priority,
    )


def note_sent(job: Job) -> None:
    """Note in its row that the job is published."""
    # The message stays until the job is past waiting: it may get lost, and is sent again then.
    job.published_at = timezone.now()
    connection = connections[router.db_for_write(Job)]
    fields: Any = Job._meta
    number = fields.pk.get_db_prep_value(job.pk, connection)
    now = fields.get_field("published_at").get_db_prep_value(job.published_at, connection)
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [now, WAITING_FOR_BROKER, number, WAITING_FOR_BROKER])
