"""What the log says of a job, as the row and the archive keep it. Decisions only: no Redis, no database."""

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tasks import events
from tasks.eventlog import Tail

# Archived events: their seq, and their JSON text.
Lines = Sequence[tuple[int, str]]

# A chunk of the archive ends after as many characters or events; readers take it whole.
CHUNK_CHARACTERS = 256 * 1024
CHUNK_EVENTS = 1000

# Columns that the log decides. The others belong to the launch (message, queue, …) or are written once
# (owner, schedule).
COLUMNS = (
    "task", "args", "state", "reason", "cancel", "started_at", "finished_at", "progress", "result", "error",
    "outputs", "worker", "attempt", "parent", "root", "group", "retry_of", "children", "truncated", "epoch", "seq",
    "archived", "lease", "change",
)  # fmt: skip
_TIMES = ("started_at", "finished_at")
_IDS = ("parent", "root", "group", "retry_of")


@dataclass(frozen=True)
class Known:
    """What the database has of a job: all zero where it has no row."""

    epoch: int = 0
    seq: int = 0
    archived: int = 0
    state: str = ""
    cancel: str | None = None


@dataclass(frozen=True)
class Plan:
    """What is to be written of one job: `lines` to archive, which then reaches to `archived`, and the row."""

    job_id: str
    known: Known
    tail: Tail
    lines: list[tuple[int, str]]
    archived: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing of what was read is left to archive."""
        return self.archived >= self.tail.snapshot.seq

    @property
    def may_be_sent_again(self) -> bool:
        """Whether the job's message may be wanted once more: it waits, or may start again where its worker dies."""
        state = self.tail.snapshot.job["state"]
        return state in ("queued", "scheduled") or (self.tail.may_rerun and state not in events.FINAL)

    @property
    def is_end(self) -> bool:
        """Whether the row becomes final by this."""
        return self.tail.snapshot.job["state"] in events.FINAL and self.known.state not in events.FINAL

    @property
    def is_news(self) -> bool:
        snapshot = self.tail.snapshot
        return bool(self.lines) or (snapshot.epoch, snapshot.seq) > (self.known.epoch, self.known.seq)


def is_id(job_id: str) -> bool:
    """Whether rows can have this id: the canonical text of a UUID. Celery itself takes any text."""
    try:
        return str(uuid.UUID(job_id)) == job_id
    except ValueError:
        return False


def went_back(known: Known, tail: Tail) -> bool:
    """Whether the log knows less than the row: it lost a second, or began the job a second time."""
    snapshot = tail.snapshot
    if known.state in events.FINAL and snapshot.job["state"] != known.state:
        return True  # a final state is left for nothing
    return snapshot.epoch == known.epoch and snapshot.seq < known.seq


def plan(job_id: str, known: Known, tail: Tail) -> Plan:
    """What to write of the job, given that the log did not go back."""
    lines = [(seq, line) for seq, line in tail.events if seq > known.archived]
    archived = lines[-1][0] if lines else known.archived
    return Plan(job_id, known, tail, lines, archived)


def row(plan: Plan, *, change: int, owner_id: Any) -> dict[str, Any]:
    """The row's columns: to insert, or to replace with its COLUMNS those of the row that is there."""
    snapshot = plan.tail.snapshot
    job = snapshot.job
    created_at = _moment(job["created_at"]) or _moment(job["started_at"]) or datetime.now(UTC)
    values: dict[str, Any] = {name: job[name] for name in COLUMNS if name in job}
    values |= {name: _moment(job[name]) for name in _TIMES} | {name: _id(job[name]) for name in _IDS}
    values |= {"task": job["task"][:255], "worker": job["worker"] and job["worker"][:255]}
    return values | {
        "id": uuid.UUID(plan.job_id),
        "truncated": job.get("truncated"),
        "epoch": snapshot.epoch,
        "seq": snapshot.seq,
        "archived": plan.archived,
        "lease": plan.tail.lease[:300],
        # Asked for, and the log was away or has lost it: the watch tells it.
        "cancel": job["cancel"] or (None if job["state"] in events.FINAL else plan.known.cancel),
        "change": change,
        "owner_id": owner_id,
        "created_at": created_at,
        # Whoever launched without a row published by himself.
        "published_at": created_at,
        "queue": plan.tail.queue[:255],
        "schedule": plan.tail.schedule[:200] or None,
    }


def chunks(lines: Lines) -> Iterator[Lines]:
    """The lines in pieces of a bounded size, in order."""
    start = size = 0
    for i, (_, line) in enumerate(lines):
        if i > start and (size + len(line) > CHUNK_CHARACTERS or i - start >= CHUNK_EVENTS):
            yield lines[start:i]
            start, size = i, 0
        size += len(line)
    if start < len(lines):
        yield lines[start:]


def without_superseded(lines: Iterable[str]) -> list[tuple[int, str]]:
    """An ended job's archived lines without superseded progress; they fold into the same."""
    kept: list[tuple[int, str]] = []
    set_later: set[str] = set()
    for line in reversed(list(lines)):
        event = json.loads(line)
        names = event.get("set", {}).keys()
        if event["kind"] == "progress" and "lines" not in event and names <= set_later:
            continue
        set_later |= names
        kept.append((event["seq"], line))
    return kept[::-1]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _id(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text and is_id(text) else None
