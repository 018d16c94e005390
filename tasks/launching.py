"""The one door through which a job starts: page, API, command line.

The row is written first. Publishing comes after the commit, in a thread that a request waits for 300 ms at most; what
could not be published stays as it is, and the watch publishes it when the broker is back. What no broker would take has
failed, such as a job for a queue that is not set up.
"""

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from celery import current_app, current_task
from django.contrib.auth import get_user_model
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils import timezone

from tasks import audit, by_hand, catalog, counters, messages, records, telling
from tasks.models import Job, Upload
from tasks.sending import WAITING_FOR_BROKER, announce, note_sent, send
from tasks.uploaded import UploadedFile, uploads_in

logger = logging.getLogger(__name__)

# Seconds for which a request waits to see its job published.
_PATIENCE = 0.3

#: What a launch may be called, and the broker's number: lower is sooner, None is CELERY_TASK_DEFAULT_PRIORITY.
PRIORITIES: dict[str, int | None] = {"high": 0, "normal": None, "low": 6}

_NAMES = {number: name for name, number in PRIORITIES.items()}

_publishers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="taskcast-publish")


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
        by_hand.insert(job)
        audit.note(audit.RETRIED if retry_of else audit.LAUNCHED, user, job=job.pk, task=job.task)
        if used := uploads_in(typed):
            Upload.objects.filter(pk__in=used).update(used_at=now)
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
    """Send the job, or say in it that it waits for the broker; a request waits no longer than that."""
    future = in_background(_send_now, job)
    sent = False
    try:
        sent = future.result(timeout=_PATIENCE)
    except FutureTimeout:
        # What waits for a thread is the watch's now. What has begun goes on, and may come through later.
        if not future.cancel():
            future.add_done_callback(partial(_note_late, job))
    try:
        if job.state == "queued":
            _note(job, sent)
    except DatabaseError as error:
        # The job is there all the same: the watch sends it once more, which does nothing.
        logger.warning("whether job %s was sent cannot be noted: %s", job.pk, error)
    telling.launched(job.change)


def _send_now(job: Job) -> bool:
    """Without the database: its connections are the threads', and to open one takes as long as to send."""
    try:
        return send(job) if job.state == "queued" else announce(job)
    except Exception:
        logger.exception("job %s could not be published", job.pk)
        return False


def _note(job: Job, sent: bool) -> None:
    if sent:
        note_sent(job)
    # Only while it is so: the thread may have come through a moment ago.
    elif Job.objects.filter(pk=job.pk, published_at=None).update(reason=WAITING_FOR_BROKER):
        job.reason = WAITING_FOR_BROKER


def _note_late(job: Job, future: "Future[bool]") -> None:
    close_old_connections()
    try:
        if job.state == "queued" and future.result():
            note_sent(job)
    except DatabaseError as error:
        logger.warning("that job %s was sent cannot be noted: %s", job.pk, error)
    finally:
        connection.close()
