"""The log of a job by the numbers of its lines: a range of them, those that fit, all; from the archive and live.

Lines are numbered from 1 in the order of their events, and none ever goes: a number stays that of its line. Rights are
not decided here: callers pass what `access` gave them.
"""

import json
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from tasks import eventlog
from tasks.ansi import plain
from tasks.archive import count_once
from tasks.eventlog import LogUnavailable
from tasks.events import dumps
from tasks.models import Job, JobEvents
from tasks.records import lines_of

#: Levels by which one narrows a log; each means itself and those after it.
LEVELS = ("debug", "info", "warning", "error", "critical")
# Chunks that are read at once: 256 KiB each.
_CHUNKS = 4
_EVENTS = 1000
# One look for lines: as long, and as much, at most; whoever wants more goes on from where it ended.
_SECONDS = 0.3
_CHARACTERS = 24 * 1024 * 1024
_RUNS = 2000
# A page of a level's lines is looked for in so much at most.
_PAGE_CHARACTERS = 256 * 1024 * 1024


@dataclass(frozen=True)
class Line:
    """One line of a log."""

    number: int
    time: str
    level: str
    text: str


@dataclass(frozen=True)
class Wanted:
    """Which lines fit: those that hold `words`, whatever their case, of `level` or graver. Empty: any."""

    words: str = ""
    level: str = ""

    def fits(self, line: dict[str, str]) -> bool:
        """Whether it is one of them; colours are not looked at."""
        if self.level and line["level"] not in self._levels:
            return False
        return not self.words or self._low in plain(line["text"]).lower()

    def may_fit(self, body: str) -> bool:
        """Whether any of these events' lines could: at a tenth of what it costs to read them."""
        if self.level and not any(f'"level":"{level}"' in body for level in self._levels):
            return False
        # As JSON escapes them; colours may stand in between.
        return not self.words or "\\u001b" in body or dumps(self._low)[1:-1] in body.lower()

    @cached_property
    def _levels(self) -> tuple[str, ...]:
        return LEVELS[LEVELS.index(self.level) :] if self.level else LEVELS

    @cached_property
    def _low(self) -> str:
        return self.words.lower()


ANY = Wanted()


@dataclass
class Found:
    """Lines that fit: `runs` of consecutive numbers, the last of these lines themselves, and the number to go on from,
    None where nothing is left."""

    runs: list[tuple[int, int]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    next: int | None = None


@dataclass(frozen=True)
class _Part:
    """Consecutive events: `count` lines after the first `before` ones; `last` is the seq of the last event."""

    before: int
    count: int
    last: int
    body: str

    def lines(self, first: int, wanted: Wanted) -> Iterator[Line]:
        """Those that fit, from the number `first` on."""
        if not wanted.may_fit(self.body):
            return
        number = self.before
        # Not splitlines(): JSON leaves U+2028 and its kind as they are inside of a text.
        for text in self.body.split("\n"):
            count = lines_of(text)
            if count and number + count >= first and wanted.may_fit(text):
                for n, line in enumerate(json.loads(text)["lines"], start=number + 1):
                    if n >= first and wanted.fits(line):
                        yield Line(n, line["time"], line["level"], line["text"])
            number += count


class Log:
    """The log of one job as it is now: `total` lines up to the event `seq`."""

    def __init__(self, job_id: str) -> None:
        self._chunks = JobEvents.objects.filter(job_id=job_id)
        self._archived, self._counted = _archive(job_id)
        self._live: list[_Part] = []
        if (live := _live(job_id, self._archived, self._counted)) is None:
            # Trimmed since: what is gone there is in the archive by now.
            self._archived, self._counted = _archive(job_id)
            live = _live(job_id, self._archived, self._counted)
        self._live = live or []
        last = self._live[-1] if self._live else None
        self.seq = last.last if last else self._archived
        self.total = last.before + last.count if last else self._counted

    def until(self, seq: int) -> int | None:
        """How many lines there are up to the event `seq`; None where that is not known."""
        if seq >= self.seq:
            return self.total if seq == self.seq else None
        if seq >= self._archived:
            at = bisect_right(self._live, seq, key=lambda part: part.last)
            return self._live[at - 1].before + self._live[at - 1].count if at else self._counted
        chunk = self._chunks.filter(first__lte=seq, before__isnull=False).order_by("-first").first()
        if chunk is None:
            return 0
        texts = chunk.body.split("\n")
        return int(chunk.before or 0) + sum(lines_of(text) for text in texts if json.loads(text)["seq"] <= seq)

    def lines(self, first: int, count: int, wanted: Wanted = ANY) -> list[Line]:
        """At most `count` lines that fit, from the number `first` on."""
        found: list[Line] = []
        read = 0
        for part in self._parts(first):
            read += len(part.body)
            found += islice(part.lines(first, wanted), count - len(found))
            if len(found) >= count or read > _PAGE_CHARACTERS:
                break
        return found

    def search(self, wanted: Wanted, first: int, keep: int) -> Found:
        """Lines that fit, from the number `first` on, as far as one look goes; the lines themselves of `keep`."""
        found, kept = Found(), deque[Line](maxlen=keep)
        read, until = 0, time.monotonic() + _SECONDS
        for part in self._parts(first):
            read += len(part.body)
            for line in part.lines(first, wanted):
                _add(found.runs, line.number)
                kept.append(line)
            if read > _CHARACTERS or time.monotonic() > until or len(found.runs) > _RUNS:
                after = part.before + part.count + 1
                found.next = after if after <= self.total else None
                break
        found.lines += kept
        return found

    def pieces(self) -> Iterator[list[Line]]:
        """All lines, some hundreds at a time."""
        for part in self._parts(1):
            yield list(part.lines(1, ANY))

    def _parts(self, first: int) -> Iterator[_Part]:
        """What holds the line `first`, and all after it."""
        # Only chunks with lines: a job may have counted for hours without a word. A few at a time: whoever asks wants
        # few of them, and a cursor would read all.
        chunks = self._chunks.filter(lines__gt=0, before__lt=self._counted).order_by("before")
        at, most = self._counted, 1
        if first <= at:
            at = chunks.filter(before__lt=first).order_by("-before").values_list("before", flat=True).first() or 0
        while at < self._counted:
            read = list(chunks.filter(before__gte=at).values_list("before", "lines", "last", "body")[:most])
            most = _CHUNKS
            if not read:
                return  # forgotten meanwhile
            for before, count, last, body in read:
                part = _Part(before or 0, count or 0, last, body)
                yield part
                at = part.before + part.count
        yield from (part for part in self._live if part.count and part.before + part.count >= first)


def _archive(job_id: str) -> tuple[int, int]:
    """The last seq of the archive, and how many lines it has."""
    row = Job.objects.filter(pk=job_id)
    archived, lines = row.values_list("archived", "lines").first() or (0, 0)
    if archived and lines is None:
        count_once(job_id)
        archived, lines = row.values_list("archived", "lines").first() or (0, 0)
    return archived, lines or 0


def _live(job_id: str, after: int, before: int) -> list[_Part] | None:
    """What the live log has after the archive, an event each; None where it no longer reaches back to that."""
    parts: list[_Part] = []
    while True:
        try:
            page = eventlog.read(job_id, after, _EVENTS)
        except LogUnavailable:
            return parts
        if page is None or page.seq <= after:
            return parts
        if not page.reaches:
            return parts or None
        for seq, body in page.bodies:
            count = lines_of(body)
            parts.append(_Part(before, count, seq, body))
            before += count
            after = seq
        if not page.bodies:
            return parts


def _add(runs: list[tuple[int, int]], number: int) -> None:
    if runs and runs[-1][1] == number - 1:
        runs[-1] = (runs[-1][0], number)
    else:
        runs.append((number, number))


def numbered(lines: list[dict[str, str]], total: int | None) -> list[dict[str, Any]]:
    """The last lines of a log, for a page without script, with their numbers where they are known."""
    return [
        {**line, "text": plain(line["text"]), "number": total - len(lines) + n if total is not None else None}
        for n, line in enumerate(lines, start=1)
    ]
