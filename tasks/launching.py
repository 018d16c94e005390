"""The one door through which a job starts: page, API, command line.

The row is written first. Publishing comes after the commit, in a thread that a request waits for 300 ms at most; what
could not be published stays as it is, and the watch publishes it when the broker is back. What no broker would take has
failed, such as a job for a queue that is not set up.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from celery import current_app, current_task
from django.contrib.auth import get_user_model
from django.db import close_old_connections, connection, transaction
from django.db.models import Case, F, Q, When
from django.utils import timezone
from kombu.exceptions import EncodeError, OperationalError, SerializerNotInstalled
from redis.exceptions import RedisError

from tasks import audit, catalog, counters, ends, eventlog, messages, records
from tasks.eventlog import Change, LogUnavailable
from tasks.events import FINAL, JobDict
from tasks.models import Job, Upload
from tasks.reporter import reporter
from tasks.uploaded import UploadedFile, uploads_in

logger = logging.getLogger(__name__)

# Seconds for which a request waits to see its job published.
_PATIENCE = 0.3
WAITING_FOR_BROKER = "the broker does not answer; the job will be sent when it does"

#: What a launch may be called, and the broker's number: lower is sooner, None is CELERY_TASK_DEFAULT_PRIORITY.
PRIORITIES: dict[str, int | None] = {"high": 0, "normal": None, "low": 6}

_NAMES = {number: name for name, number in PRIORITIES.items()}

# What is raised where Redis does not answer, by the log and by the broker.
_AWAY = (LogUnavailable, OperationalError, OSError)

_publishers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="taskcast-publish")


class NotSendable(Exception):
    """The job's message cannot be sent, whatever the broker does: its queue, its route or its serializer is wrong."""


def launch(
    task: str,
    args: dict[str, Any],
    *,
    user: Any = None,
    eta: datetime | None = None,
    countdown: float | None = None,
    queue: str | None = None,
    priority: str = "normal",
    retry_of: UUID | None = None,
    job_id: UUID | None = None,
    files: Iterable[UploadedFile] = (),
    schedule: str | None = None,
    notify: str | None = None,
    json_types: bool = False,
) -> Job:
    """Launch `task` with `args` by parameter name, as `user`, and return its durable row.

    `eta` (aware) or `countdown` (seconds) put it off; a time that is past is now. `priority` is "high", "normal" or
    "low": what waits in a queue is taken in that order. When the broker does not answer, the job's `reason` says so and
    it is sent later. Without `user` a running job's owner is that of what it launches. `job_id` is for callers that may
    repeat a launch: IntegrityError where there is such a job. `files` are uploads of others that it may be given,
    `schedule` the name of the one that launches. `notify` is "always" or "never" where its owner is to be told of its
    end otherwise than he has chosen. `json_types`: a number has to be one, and no text. Raises catalog.UnknownTask and
    catalog.BadArguments; whether the user may is the caller's to know.
    """
    spec = catalog.get(task)
    # In a running job: what a message sent from there would say too.
    running = messages.context(current_task.request if current_task else None)
    if user is None and running["owner"]:
        user = get_user_model()._default_manager.filter(pk=running["owner"][0]).first()
    typed = spec.validate(args, user=user, coming=files, json_types=json_types)
    now = timezone.now()
    if countdown is not None:
        eta = now + timedelta(seconds=countdown)
    job = new_row(
        spec,
        typed,
        now=now,
        eta=eta,
        # Named even where it is the usual one: only then can be told whether its message is still there.
        queue=queue or usual_queue(spec.name),
        priority=priority,
        id=job_id or uuid4(),
        owner=user,
        parent=_uuid(running["parent"]),
        root=_uuid(running["root"]),
        retry_of=retry_of,
        schedule=schedule,
        notify=notify,
    )
    with transaction.atomic():
        # Open lists read rows by their change: they show the job also while no recorder runs.
        job.change = counters.add("change", 1)
        job.save(force_insert=True)
        audit.note(audit.RETRIED if retry_of else audit.LAUNCHED, user, job=job.pk, task=job.task)
        Upload.objects.filter(pk__in=uploads_in(typed)).update(used_at=now)
        transaction.on_commit(lambda: _send_soon(job))
    return job


def _uuid(job_id: str | None) -> UUID | None:
    # Celery itself takes any text as an id.
    return UUID(job_id) if job_id and records.is_id(job_id) else None


def new_row(
    spec: catalog.LaunchableTask,
    typed: catalog.Typed,
    *,
    now: datetime,
    eta: datetime | None,
    queue: str,
    priority: str,
    **fields: Any,
) -> Job:
    """The row of a job that is launched now, not yet saved, with what is still to be published."""
    positional, named = spec.call(spec.wire(typed))
    return Job(
        task=spec.name,
        args=catalog.shown(spec.name, positional, named),
        state="scheduled" if eta and eta > now else "queued",
        created_at=now,
        eta=eta,
        queue=queue,
        priority=PRIORITIES[priority],
        message={"args": positional, "kwargs": named},
        **fields,
    )


def priority_of(job: Job) -> str:
    """The name of the priority with which the job was launched."""
    return _NAMES.get(job.priority, "normal")


def usual_queue(task: str) -> str:
    """The queue to which the task goes where nobody names another; "" where its route is wrong, which sending tells."""
    try:
        return str(current_app.amqp.router.route({}, task)["queue"].name)
    except Exception as error:  # also whatever a project's own router raises
        logger.warning("the route of task %s is wrong: %s: %s", task, type(error).__name__, error)
        return ""


def in_background(action: Callable[..., Any], *args: Any) -> "Future[Any]":
    """Have one of the publishing threads do it."""
    return _publishers.submit(action, *args)


def _send_soon(job: Job) -> None:
    future: Future[bool] = in_background(_in_thread, job.pk)
    try:
        sent = future.result(timeout=_PATIENCE)
    except FutureTimeout:
        sent = False
    if not sent and job.state == "queued":
        # Only while it is so: the thread may have come through a moment ago.
        Job.objects.filter(pk=job.pk, published_at=None).update(reason=WAITING_FOR_BROKER)
    job.refresh_from_db(fields=["reason", "published_at"])


def _in_thread(job_id: UUID) -> bool:
    close_old_connections()
    try:
        job = Job.objects.select_related("owner").get(pk=job_id)
        reporter().changed(job.change)
        if job.cancel:
            return False  # the watch sees to it
        return publish(job) if job.state == "queued" else announce(job)
    except Exception:
        logger.exception("job %s could not be published", job_id)
        return False
    finally:
        connection.close()


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
    try:
        known = _announce(job)
        reporter().echo(str(job.pk), known)
        _hand_over(job, known)
    except _AWAY as error:
        logger.warning("job %s waits for the broker: %s", job.pk, error)
        return False
    _mark_published(job)
    return True


def publish_all(jobs: Sequence[Job], producer: Any) -> int:
    """`publish` jobs whose rows say that they are published; returns how many were, before Redis went away."""
    sent = 0
    try:
        # Nobody is told: hardly one of many jobs is open in a browser now, and that one is found by its reader's sweep.
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
    except RuntimeError as error:
        # Celery's result backend, which listens before the message goes, calls an outage by this name.
        if isinstance(error.__cause__, RedisError):
            raise OperationalError(str(error.__cause__)) from error
        raise


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
        "created_at": job.as_dict()["created_at"],
        "typed": True,
        "launched": True,
    }
    current_app.send_task(
        job.task,
        args=message["args"],
        kwargs=message["kwargs"],
        task_id=str(job.pk),
        headers={messages.HEADER: header},
        retry=False,
        # Celery prints these into the worker's log: secrets are masked there too.
        argsrepr="()",
        kwargsrepr=repr(job.args),
        queue=job.queue or None,
        producer=producer,
        priority=current_app.conf.task_default_priority if job.priority is None else job.priority,
    )


def _mark_published(job: Job) -> None:
    # The message stays until the job is past waiting: it may get lost, and is sent again then.
    waited = When(reason=WAITING_FOR_BROKER, then=None)
    unmarked = Q(published_at=None) | Q(reason=WAITING_FOR_BROKER)
    Job.objects.filter(unmarked, pk=job.pk).update(
        published_at=timezone.now(), reason=Case(waited, default=F("reason"))
    )
