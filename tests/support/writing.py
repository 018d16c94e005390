"""What tests let happen inside of an instance (by `Stack.run`): events and rows, with and without their echo."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tasks import broadcast, eventlog, events, reporter
from tasks.eventlog import Change, Reply
from tasks.eventlog.connection import watched_key
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


def start(
    job: Mapping[str, Any],
    *,
    started: Mapping[str, Any],
    cancelled: Mapping[str, Any] = MappingProxyType({"state": "cancelled"}),
    **known: Any,
) -> Reply:
    """Start an attempt of the job, as the gate does."""
    asked = {"lease": "", "pid": 1, "token": uuid.uuid4().hex, "retries": 0, "rerun": False, **known}
    start = eventlog.Start(job["id"], started=started, **asked)
    return start.reply(job, cancelled=cancelled, lost={"state": "lost"})


def lines(job_id: str, first: int, count: int, *, echo: bool, text: str = "", size: int = 0) -> int:
    """`count` log events, numbered from `first` on by their writer; the last `seq`."""
    for n in range(first, first + count):
        line = {"time": events.now(), "level": "info", "text": text or f"line {n} " + "x" * size}
        seq = _append(job_id, Change("log", lines=[line]), n, echo).seq
    return seq


def told(job_id: str, n: int) -> bool:
    """One log event as the event `n` of its writer, echoed as the reporter does; whether somebody follows the job."""
    line = {"time": events.now(), "level": "info", "text": f"line {n}"}
    return _append(job_id, Change("log", lines=[line]), n, echo=True).watched


def values(job_id: str, n: int, *, echo: bool, **fields: Any) -> int:
    """One event that sets `fields`; its `seq`."""
    return _append(job_id, Change("state", fields), n, echo).seq


def _append(job_id: str, change: Change, n: int, echo: bool) -> Reply:
    if not echo:
        with _nobody_told(job_id):
            return eventlog.append(job_id, [change], writer="test", n=n)
    reply = eventlog.append(job_id, [change], writer="test", n=n)
    reporter.reporter().echo(job_id, reply)
    reporter.flush()
    return reply


@contextmanager
def _nobody_told(job_id: str) -> Iterator[None]:
    """As if the message that tells of it were lost."""
    key = watched_key(job_id)
    mark = eventlog.ask(lambda redis: redis.getdel(key))
    yield
    if mark:
        eventlog.ask(lambda redis: redis.set(key, mark, ex=10))


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
