"""What the log says of a job, as the row and the archive keep it. Decisions only: no Redis, no database."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tasks import events
from tasks.eventlog import Tail
from tasks.upsert import JSONText

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
    "archived", "lines", "lease", "change",
)  # fmt: skip
_JSON = ("args", "progress", "result", "error", "outputs", "children", "truncated")
_TIMES = ("created_at", "started_at", "finished_at")
_IDS = ("parent", "root", "group", "retry_of")
# Those that a row needs as values.
_DECODED = ("task", "state", "reason", "cancel", "worker", "attempt", *_TIMES, *_IDS)
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Known:
    """What the database has of a job: all zero where it has no row. What the launch alone decides tells two apart no
    further."""

    epoch: int = 0
    seq: int = 0
    archived: int = 0
    lines: int | None = 0
    state: str = ""
    cancel: str | None = None
    owner_id: Any = field(default=None, compare=False)
    eta: datetime | None = field(default=None, compare=False)

    @property
    def has_row(self) -> bool:
        """Whether the database has the job."""
        return self.state != ""


@dataclass(frozen=True)
class Plan:
    """What is to be written of one job: `lines` to archive, which then reaches to `archived` and has `said` log lines
    (None: not counted yet), and the row."""

    job_id: str
    known: Known
    tail: Tail
    lines: list[tuple[int, str]]
    archived: int
    said: int | None

    @property
    def is_whole(self) -> bool:
        """Whether nothing of what was read is left to archive."""
        return self.archived >= self.tail.seq

    @property
    def may_be_sent_again(self) -> bool:
        """Whether the job's message may be wanted once more: it waits, or may start again where its worker dies."""
        state = self.tail.state
        return state in ("queued", "scheduled") or (self.tail.may_rerun and state not in events.FINAL)

    @property
    def is_end(self) -> bool:
        """Whether the row becomes final by this."""
        return self.tail.state in events.FINAL and self.known.state not in events.FINAL

    @property
    def is_news(self) -> bool:
        return bool(self.lines) or (self.tail.epoch, self.tail.seq) > (self.known.epoch, self.known.seq)


def is_id(job_id: str) -> bool:
    """Whether rows can have this id: the canonical text of a UUID. Celery itself takes any text."""
    return _UUID.fullmatch(job_id) is not None


def went_back(known: Known, tail: Tail) -> bool:
    """Whether the log knows less than the row: it lost a second, or began the job a second time."""
    if known.state in events.FINAL and tail.state != known.state:
        return True  # a final state is left for nothing
    return tail.epoch == known.epoch and tail.seq < known.seq


def plan(job_id: str, known: Known, tail: Tail) -> Plan:
    """What to write of the job, given that the log did not go back."""
    lines = [(seq, line) for seq, line in tail.events if seq > known.archived]
    archived = lines[-1][0] if lines else known.archived
    said = None if known.lines is None else known.lines + count_lines(lines)
    return Plan(job_id, known, tail, lines, archived, said)


def row(plan: Plan, *, change: int, owner_id: Any) -> dict[str, Any]:
    """The row's columns: to insert, or to replace with its COLUMNS those of the row that is there."""
    tail = plan.tail
    texts = ",".join([tail.fields[name] for name in _DECODED])
    values: dict[str, Any] = dict(zip(_DECODED, json.loads(f"[{texts}]"), strict=True))
    created_at, started_at, finished_at = [_moment(values[name]) for name in _TIMES]
    created_at = created_at or started_at or datetime.now(UTC)
    for name in _IDS:
        if values[name] is not None and not is_id(values[name]):
            values[name] = None
    # Those that nobody looks into go as they are from the one store into the other.
    values |= {name: JSONText(tail.fields[name]) for name in _JSON}
    return values | {
        "id": plan.job_id,
        "task": values["task"][:255],
        "worker": values["worker"] and values["worker"][:255],
        "epoch": tail.epoch,
        "seq": tail.seq,
        "archived": plan.archived,
        "lines": plan.said,
        "lease": tail.lease[:300],
        # Asked for, and the log was away or has lost it: the watch tells it.
        "cancel": values["cancel"] or (None if values["state"] in events.FINAL else plan.known.cancel),
        "change": change,
        "owner_id": owner_id,
        "created_at": created_at,
        "started_at": started_at,
        "finished_at": finished_at,
        # Whoever launched without a row published by himself.
        "published_at": created_at,
        "queue": tail.queue[:255],
        "schedule": tail.schedule[:200] or None,
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


def count_lines(lines: Lines) -> int:
    """How many log lines these events bear."""
    return sum([lines_of(text) for _, text in lines])


def lines_of(text: str) -> int:
    """How many log lines the event of this JSON text bears."""
    if '"lines":[' not in text:
        return 0
    # Inside of a text its quotes would be escaped; only what an event sets may have such a key as well.
    return text.count('"level":') if '"set":{' not in text else len(json.loads(text).get("lines", ()))


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
