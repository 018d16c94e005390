"""The read side: jobs as they are now (the row, with the event log's snapshot laid over it), lists, events.

Rights are not decided here: callers pass what `access` gave them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dashboard import timeline
from tasks import eventlog
from tasks.eventlog import LogUnavailable
from tasks.events import FINAL, EventDict, JobDict, whole_event, whole_job
from tasks.launching import priority_of
from tasks.models import Job, JobEvents

# How far back the page of a job looks for log lines, in events; and what it takes at most, in lines and characters.
_TAIL_EVENTS = 1000
_TAIL_LINES = 200
_TAIL_CHARACTERS = 128 * 1024


@dataclass(frozen=True)
class Found:
    """A job as everybody is shown it, with whose it is, and how soon it was to be taken from its queue."""

    job: JobDict
    owner_id: Any
    epoch: int
    priority: str = "normal"

    @property
    def id(self) -> str:
        """The job's id, as text."""
        return str(self.job["id"])


@dataclass(frozen=True)
class Events:
    """Events after a cursor; `seq` is the job's last; `archived` says that some are from the archive."""

    events: list[EventDict]
    seq: int
    archived: bool


@dataclass(frozen=True)
class Tail:
    """The last events of a job, consecutive and ending at its `seq`, without what they set; and their log lines.

    `progress` is how far it had come at which time, `moments` when it came into which state, as far back; `first` the
    number of the first event that was looked at.
    """

    events: list[EventDict]
    lines: list[dict[str, str]]
    progress: list[tuple[str, float]]
    moments: list[timeline.Moment]
    first: int


def find(job_id: UUID | str) -> Found | None:
    """The job as it is now, from its row and the event log; None where neither knows it.

    A job that a shell has just launched is in the log before the recorder has written its row.
    """
    try:
        key = UUID(str(job_id))
    except ValueError:
        return None
    row = Job.objects.select_related("owner").defer("message").filter(pk=key).first()
    try:
        snapshot = eventlog.snapshot(str(key))
    except LogUnavailable:
        snapshot = None
    if row is not None:
        epoch = snapshot.epoch if snapshot else row.epoch
        return Found(_newer(row, snapshot), row.owner_id, epoch, priority_of(row))
    return Found(whole_job(snapshot.job), snapshot.owner_id, snapshot.epoch) if snapshot else None


def live(rows: Iterable[Job]) -> list[JobDict]:
    """Rows as jobs, those unfinished as the event log has them now: one round trip for all."""
    rows = list(rows)
    unfinished = [str(row.id) for row in rows if row.state not in FINAL]
    try:
        snapshots = eventlog.snapshots(unfinished) if unfinished else {}
    except LogUnavailable:
        snapshots = {}
    return [_newer(row, snapshots.get(str(row.id))) for row in rows]


def _newer(row: Job, snapshot: eventlog.Snapshot | None) -> JobDict:
    if snapshot is None or (snapshot.epoch, snapshot.seq) < (row.epoch, row.seq):
        return whole_job(row.as_dict())
    job = snapshot.job
    if job["owner"] is None and row.owner is not None:
        # The worker was quicker than the one who announces: its message does not say whose the job is.
        job = {**job, "owner": row.owner.get_username()}
    return whole_job(job)


def events(found: Found, after: int, limit: int) -> Events:
    """At most `limit` events of the job with a `seq` higher than `after`, whole.

    Where the log no longer reaches back, from the archive; where that ends, from the log again.
    """
    page = _read(found.id, after, limit)
    if page and page.reaches:
        return Events([whole_event(event) for event in page.events], page.seq, archived=False)
    old = _archived(found.id, after, limit)
    if page and len(old) < limit:
        reached = old[-1]["seq"] if old else after
        page = _read(found.id, reached, limit - len(old)) or page
        new = [event for event in page.events if event["seq"] > reached]
    else:
        new = []
    seq = page.seq if page else int(found.job["seq"])
    return Events([whole_event(event) for event in [*old, *new]], seq, archived=True)


def _read(job_id: str, after: int, limit: int) -> eventlog.Page | None:
    try:
        return eventlog.read(job_id, after, limit)
    except LogUnavailable:
        return None


def _archived(job_id: str, after: int, limit: int) -> list[EventDict]:
    chunks = JobEvents.objects.filter(job_id=job_id, last__gt=after).order_by("first")
    found: list[EventDict] = []
    for body in chunks.values_list("body", flat=True).iterator(chunk_size=10):
        # Not splitlines(): JSON leaves U+2028 and its kind as they are inside of a text.
        lines = (json.loads(line) for line in body.split("\n") if line)
        found += [event for event in lines if event["seq"] > after]
        if len(found) >= limit:
            break
    return found[:limit]


def tail(found: Found) -> Tail:
    """The end of the job's log, for a page that is shown before any script runs."""
    last = int(found.job["seq"])
    page = events(found, max(0, last - _TAIL_EVENTS), _TAIL_EVENTS)
    # The log has moved on since the job was read; and a page must not claim events that it does not have.
    until = [{name: value for name, value in e.items() if name != "set"} for e in page.events if e["seq"] <= last]
    kept: list[EventDict] = []
    lines: list[dict[str, str]] = []
    characters = 0
    expected = last
    for event in reversed(until):
        own = event.get("lines", [])
        characters += sum(len(line["text"]) for line in own)
        full = len(lines) + len(own) > _TAIL_LINES or characters > _TAIL_CHARACTERS
        if event["seq"] != expected or (full and kept):
            break
        kept.append(event)
        lines[:0] = own
        expected -= 1
    known = [event for event in page.events if event["seq"] <= last]
    reports = [(event["time"], event.get("set", {}).get("progress")) for event in known]
    progress = [(time, report["current"]) for time, report in reports if report]
    first = known[0]["seq"] if known else last + 1
    return Tail(kept[::-1], lines[-_TAIL_LINES:], progress, timeline.moments(known), first)


def moments(found: Found, last: Tail) -> list[timeline.Moment]:
    """When the job came into which state, by its first and its last events; with a gap for what lies between them.

    A job that was tried once says it itself.
    """
    if found.job["attempt"] < 2 or last.first <= 1:
        return timeline.shown(last.moments if last.first <= 1 else [])
    page = events(found, 0, min(_TAIL_EVENTS, last.first - 1))
    before = timeline.moments(page.events)
    reached = page.events[-1]["seq"] if page.events else 0
    if before and last.moments and reached < last.first - 1:
        before.append(timeline.gap({**last.moments[0], "time": page.events[-1]["time"]}))
    attempt = before[-1]["attempt"] if before else 0
    return timeline.shown([*before, *({**m, "attempt": m["attempt"] or attempt} for m in last.moments)])
