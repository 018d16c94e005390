"""One job, followed through the event log: a snapshot, then each event after it, once and in order.

Whoever folds the events into the job has what a fresh snapshot says. Where the log no longer reaches back, the archive
goes on; where it began anew, or gives numbers out again, a snapshot does.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from django.db import DatabaseError, close_old_connections

from dashboard import queries
from dashboard.queries import Found
from tasks import eventlog
from tasks.eventlog import LogUnavailable
from tasks.events import FINAL, EventDict, JobDict, fold, whole_event

_PAUSE = 0.2  # seconds between two looks at the log
_LONGER = 1.0  # where it does not answer, or only the row is left
_PAGE = 500


class Gone(Exception):
    """The job has been deleted."""


@dataclass(frozen=True)
class Snapshot:
    """The job as it is: what was known of it before is worth nothing."""

    job: JobDict


@dataclass(frozen=True)
class Event:
    """What happened, and the job after it."""

    event: EventDict
    job: JobDict


@dataclass(frozen=True)
class Connection:
    """Redis, or the database, does not answer, or does so again."""

    is_away: bool


Item: TypeAlias = Snapshot | Event | Connection


@dataclass(frozen=True)
class _Page:
    """Events that follow on the cursor; `last` is the job's last seq, `at` the time of the event at the cursor."""

    events: list[EventDict]
    last: int
    at: str


def follow(found: Found) -> Iterator[Item]:
    """Everything about the job until it has ended. Raises Gone."""
    yield Snapshot(found.job)
    is_away, at = False, ""
    while True:
        try:
            page = _after(found, at)
            fresh = None if page else _fresh(found)
        except (LogUnavailable, DatabaseError):
            if not is_away:
                yield Connection(is_away=True)
            is_away = True
            close_old_connections()
            time.sleep(_LONGER)
            continue
        if is_away:
            yield Connection(is_away=False)
        is_away = False
        if page is None:
            assert fresh is not None
            if fresh.job != found.job:
                yield Snapshot(fresh.job)
            # Only the row is left of a job that the log does not know.
            is_waiting, found, at, last = fresh == found, fresh, "", int(fresh.job["seq"])
        else:
            is_waiting, at, last = not page.events, page.at, page.last
            for event in page.events:
                found, at = Found(fold(found.job, event), found.owner_id, found.epoch), event["time"]
                yield Event(event, found.job)
        if found.job["state"] in FINAL and found.job["seq"] >= last:
            return
        time.sleep((_PAUSE if page else _LONGER) if is_waiting else 0)


def _after(found: Found, at: str) -> _Page | None:
    """The events after the job's `seq`, whose own event is of the time `at` ("": not known).

    None where only a snapshot can go on. Raises LogUnavailable.
    """
    seq = int(found.job["seq"])
    page = eventlog.read(found.id, seq, _PAGE)
    if page is None or page.epoch != found.epoch or page.seq < seq:
        return None
    if page.before and at and page.before != at:
        return None  # Redis lost its last second, and gives its numbers out again
    if page.reaches:
        return _Page([whole_event(event) for event in page.events], page.seq, at or page.before)
    archived = queries.events(found, seq, _PAGE)
    return _Page(archived.events, archived.seq, at) if archived.events else None


def _fresh(found: Found) -> Found:
    fresh = queries.find(found.id)
    if fresh is None:
        raise Gone
    return fresh
