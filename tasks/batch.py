"""Many jobs of one task at once, with one parent: the batch, whose progress is theirs.

All are validated before any is written, and written before any is sent. They are sent by a thread; what it does not
get to, because its process ends or the broker is away, the watch dispatches.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from celery import current_app
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from tasks import audit, catalog, counters, sending
from tasks import launching as single
from tasks.again import NotRetryable, files_of, not_kept, place_of, retry
from tasks.catalog import BadArguments, Fault
from tasks.events import FINAL, JobDict
from tasks.models import BATCH, Job, Upload
from tasks.reporter import reporter
from tasks.uploaded import UploadedFile, uploads_in

logger = logging.getLogger(__name__)

#: Jobs of one batch at most.
MOST = 50_000
# Rows in one statement; jobs that are claimed, sent and marked together.
_ROWS = 500
_SENT_TOGETHER = 50


class BadRows(ValueError):
    """Some rows do not fit the task; `errors` has the faults of each, by the row's index from 0."""

    def __init__(self, errors: Mapping[int, list[Fault]]) -> None:
        count = len(errors)
        super().__init__("1 row does not fit the task" if count == 1 else f"{count} rows do not fit the task")
        self.errors = errors


def launch_batch(
    task: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    user: Any = None,
    eta: datetime | None = None,
    queue: str | None = None,
    priority: str = "normal",
    retry_of: UUID | None = None,
    retries: Sequence[UUID] = (),
    numbers: Sequence[int] = (),
    job_id: UUID | None = None,
    files: Iterable[UploadedFile] = (),
    notify: str | None = None,
    json_types: bool = False,
) -> Job:
    """Launch `task` once for each of `rows` (arguments by parameter name), as `user`; returns the batch.

    All or none: raises BadRows with everything that is wrong, ValueError for no rows or more than MOST, and
    catalog.UnknownTask. `retries` are the jobs that the rows repeat, in the same order, and `numbers` what the rows are
    called where they are not counted from 1; `notify` is as for `launch`. `job_id` is for callers that may repeat a
    launch: IntegrityError where there is such a job.
    """
    if not 0 < len(rows) <= MOST:
        raise ValueError(f"a batch has 1 to {MOST} rows, not {len(rows)}")
    spec = catalog.get(task)
    typed = validated(spec, rows, user=user, files=files, json_types=json_types)
    now = timezone.now()
    batch = Job(
        id=job_id or uuid4(),
        task=BATCH,
        args={"task": spec.name, "rows": len(rows)},
        state="started",
        started_at=now,
        owner=user,
        created_at=now,
        children={"queued": len(rows)},
        progress={"current": 0, "total": len(rows), "description": "", "steps": []},
        retry_of=retry_of,
        published_at=now,
        notify=notify,
    )
    queue = queue or single.usual_queue(spec.name)
    shared = {"eta": eta, "queue": queue, "priority": priority, "owner": user, "parent": batch.pk, "root": batch.pk}
    jobs = [
        single.new_row(
            spec,
            values,
            # In the order of the rows, the batch last: lists are in the order of this time.
            now=now - timedelta(microseconds=len(typed) - place),
            row=numbers[place] if numbers else place + 1,
            retry_of=retries[place] if retries else None,
            **shared,
        )
        for place, values in enumerate(typed)
    ]
    used = {number for values in typed for number in uploads_in(values)}
    with transaction.atomic():
        last = counters.add("change", len(jobs) + 1)
        for number, job in enumerate([*jobs, batch]):
            job.change = last - len(jobs) + number
        Job.objects.bulk_create([batch, *jobs], batch_size=_ROWS)
        audit.note(
            audit.RETRIED if retries else audit.LAUNCHED,
            user,
            job=batch.pk,
            task=spec.name,
            detail=f"{len(jobs)} jobs",
        )
        Upload.objects.filter(pk__in=used).update(used_at=now)
        transaction.on_commit(lambda: single.in_background(_send, batch.pk))
    return batch


def validated(
    spec: catalog.LaunchableTask,
    rows: Sequence[Mapping[str, Any]],
    *,
    user: Any = None,
    files: Iterable[UploadedFile] = (),
    json_types: bool = False,
) -> list[catalog.Typed]:
    """The typed arguments of every row, as LaunchableTask.validate has them. Raises BadRows."""
    typed: list[catalog.Typed] = []
    errors: dict[int, list[Fault]] = {}
    coming = list(files)
    for number, row in enumerate(rows):
        try:
            typed.append(spec.validate(row, user=user, coming=coming, json_types=json_types))
        except BadArguments as error:
            errors[number] = error.errors
    if errors:
        raise BadRows(errors)
    return typed


def _send(batch_id: UUID) -> None:
    """Send the jobs of the batch, in order, until all are sent or the broker is away."""
    close_old_connections()
    try:
        batch = Job.objects.select_related("owner").get(pk=batch_id)
        reporter().changed(batch.change)
        if not sending.announce(batch):
            return
        waiting = Job.objects.filter(parent=batch_id, published_at=None, cancel=None, state="queued")
        with current_app.producer_pool.acquire(block=True) as producer:
            while jobs := _claimed(waiting):
                if not _send_some(jobs, producer):
                    return
    except Exception:
        logger.exception("the jobs of batch %s could not be sent", batch_id)
    finally:
        connection.close()


def _claimed(waiting: Any) -> list[Job]:
    """The next jobs, marked as published: nobody else sends them too. What is then not sent is found as a stray."""
    with transaction.atomic():
        jobs = list(
            waiting.select_related("owner")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("change")[:_SENT_TOGETHER]
        )
        Job.objects.filter(pk__in=[job.pk for job in jobs]).update(published_at=timezone.now())
    return jobs


def _send_some(jobs: Sequence[Job], producer: Any) -> bool:
    left = [job.pk for job in jobs[sending.publish_all(jobs, producer) :]]
    Job.objects.filter(pk__in=left).update(published_at=None, reason=sending.WAITING_FOR_BROKER)
    return not left


class NothingToRetry(Exception):
    """All jobs of the batch have succeeded: there is nothing to retry."""

    def __init__(self) -> None:
        super().__init__("all jobs of this batch have succeeded: there is nothing to retry")


def once_more(job: JobDict, *, user: Any = None, args: Mapping[str, Any] | None = None) -> Job:
    """`again.retry` of a job, `retry_failed` of a batch."""
    return retry_failed(job, user=user) if job["task"] == BATCH else retry(job, user=user, args=args)


def retry_failed(batch: JobDict, *, user: Any = None) -> Job:
    """Launch those jobs of an ended batch once more that did not succeed, as a new batch with `retry_of`.

    Raises NothingToRetry, again.NotRetryable while the batch lives, BadRows where arguments were not kept.
    """
    if batch["state"] not in FINAL:
        raise NotRetryable(batch["state"])
    failed = Job.objects.filter(parent=batch["id"], state__in=FINAL - {"succeeded"}).order_by("created_at", "id")
    jobs = [row.as_dict() for row in failed.select_related("owner").defer("message")]
    if not jobs:
        raise NothingToRetry
    # Batches of earlier days have no numbers.
    numbers = [job["row"] for job in jobs if job["row"] is not None]
    return retry_jobs(batch["args"]["task"], jobs, user=user, retry_of=UUID(batch["id"]), numbers=numbers)


def retry_jobs(
    task: str,
    jobs: Sequence[JobDict],
    *,
    user: Any = None,
    retry_of: UUID | None = None,
    numbers: Sequence[int] = (),
) -> Job:
    """Launch these ended jobs of one task once more, as a batch. Raises BadRows, also where arguments were not kept."""
    rows = [job["args"] or {} for job in jobs]
    if missing := {number: faults for number, args in enumerate(rows) if (faults := list(not_kept(args)))}:
        raise BadRows(missing)
    return launch_batch(
        task,
        rows,
        user=user,
        **place_of(jobs[0]),
        retry_of=retry_of,
        retries=[UUID(job["id"]) for job in jobs],
        numbers=numbers,
        files=[file for args in rows for file in files_of(args)],
    )
