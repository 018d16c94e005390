"""What tests let happen inside of an instance (by `Stack.run`): events and rows, with and without their echo."""

from __future__ import annotations

import uuid
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tasks import broadcast, eventlog, events, reporter
from tasks.eventlog import Change
from tasks.models import Counter, Job


def open_log() -> None:
    """Open the event log, unless somebody has."""
    if eventlog.current_epoch() is None:
        eventlog.open_epoch(1)


def owner_id(name: str | None) -> int | None:
    """The key of the user `name`."""
    return None if name is None else get_user_model().objects.get(username=name).pk


def job(owner: str | None = "alice", **fields: Any) -> str:
    """A new job in the log, without a row; its id."""
    job_id = str(uuid.uuid4())
    known = {"task": "tests.job", "owner": owner, "created_at": events.now(), **fields}
    eventlog.announce(events.blank_job(job_id, **known), owner_id=owner_id(owner))
    return job_id


def lines(job_id: str, first: int, count: int, *, echo: bool, text: str = "", size: int = 0) -> int:
    """`count` log events, numbered from `first` on by their writer; the last `seq`."""
    for n in range(first, first + count):
        line = {"time": events.now(), "level": "info", "text": text or f"line {n} " + "x" * size}
        seq = _append(job_id, Change("log", lines=[line]), n, echo)
    return seq


def told(job_id: str, n: int) -> bool:
    """One log event as the event `n` of its writer, echoed as the reporter does; whether somebody follows the job."""
    line = {"time": events.now(), "level": "info", "text": f"line {n}"}
    reply = eventlog.append(job_id, [Change("log", lines=[line])], writer="test", n=n)
    reporter.reporter().echo(job_id, reply)
    reporter.flush()
    return reply.watched


def values(job_id: str, n: int, *, echo: bool, **fields: Any) -> int:
    """One event that sets `fields`; its `seq`."""
    return _append(job_id, Change("state", fields), n, echo)


def _append(job_id: str, change: Change, n: int, echo: bool) -> int:
    reply = eventlog.append(job_id, [change], writer="test", n=n)
    if echo:
        message = broadcast.events_message(job_id, reply.epoch, reply.written, reply.before)
        async_to_sync(broadcast.send)(broadcast.job_group(job_id), message)
    return reply.seq


def row(owner: str | None = "alice", *, echo: bool = True, job_id: str | None = None, **fields: Any) -> str:
    """A new row, or a changed one, as the recorder writes it; the job's id."""
    key = job_id or str(uuid.uuid4())
    with transaction.atomic():
        Counter.objects.get_or_create(name="change")
        Counter.objects.filter(name="change").update(value=F("value") + 1)
        fields["change"] = Counter.objects.get(name="change").value
        if not Job.objects.filter(pk=key).update(**fields):
            known = {"task": "tests.job", "created_at": timezone.now(), "owner_id": owner_id(owner), **fields}
            Job.objects.create(id=key, **known)
    if echo:
        async_to_sync(broadcast.send)(broadcast.JOBS, {"type": "jobs.changed", "change": fields["change"]})
    return key
