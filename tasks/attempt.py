"""One running attempt of a job, as its process knows it: what is counted, said and put out, until it is reported."""

import uuid
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from tasks import events
from tasks.ansi import only_colours
from tasks.eventlog import Change
from tasks.masking import masked
from tasks.outputs import Outputs
from tasks.progress import Recording

# Log lines, and their characters, that wait for the reporter; what comes on top is counted and named instead.
WAITING_LINES = 100_000
WAITING_CHARACTERS = 32_000_000
# An event of lines stays well under a frame.
_LINES_BYTES = 24 * 1024
_LINE_CHARACTERS = 16_000


class Attempt:
    """What one attempt has to report.

    The task's thread puts in (`line`, `change`, `publish`, and counts through `recording`); the reporter's thread takes
    out (`collect`). Both only touch ends of a deque or replace a value, so neither ever waits for the other. `wake` has
    the reporter look at once, and `finish` what is left reported; `outputs` are those of earlier attempts, and texts in
    `secrets` are masked in everything that it says.
    """

    def __init__(
        self,
        job_id: str,
        number: int,
        *,
        base: Mapping[str, Any],
        wake: Callable[[], None],
        finish: Callable[[], None],
        outputs: list[dict[str, Any]] | None = None,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.job_id = job_id
        self.number = number
        # Names the writer in the log: two attempts, or two starts of one, never share one.
        self.writer = f"{number}.{uuid.uuid4().hex[:12]}"
        self.recording = Recording(wake=wake, timed=True)
        # Weakly: each attempt would else wait for the garbage collector, which looks at old objects seldom.
        self.outputs = Outputs(job_id, outputs, log=_weakly(self.line), secrets=secrets)
        self.secrets = secrets
        # All that this attempt knows of the job: laid down anew where the log has lost it.
        self.known = dict(base)
        self.ended = False
        # Another attempt has the job: what this one says, also to Celery, is nobody's any more.
        self.replaced = False
        self._ending = False
        self._hurried = False
        self._told_seen = False
        self._wake = wake
        self._finish = finish
        self._lines: deque[dict[str, str]] = deque()
        self._changes: deque[Change] = deque()
        self._shown: dict[str, Any] | None = None
        self._dropped = 0
        self._waiting = 0

    # --- the task's side

    def line(self, text: str, level: str = "info", time: str | None = None) -> None:
        """Add a line to the job's log. Never waits; when too much waits to be reported it is counted instead."""
        if len(self._lines) >= WAITING_LINES or self._waiting >= WAITING_CHARACTERS:
            self._dropped += 1
            return
        # First: what is taken out of the middle of a secret must not leave it behind.
        text = masked(only_colours(text), self.secrets)
        if len(text) > _LINE_CHARACTERS:
            text = f"{text[:_LINE_CHARACTERS]}… ({len(text)} characters)"
        # Several threads of a task may count at once: the bound need not be exact.
        self._waiting += len(text)
        self._lines.append({"time": time or events.now(), "level": level, "text": text})
        self.recording.heard()

    def change(self, change: Change) -> None:
        """Report a change of state, at once and after everything that was said before it."""
        self._changes.append(change)
        self._wake()

    def end(self, change: Change) -> None:
        """Report the attempt's last change of state: nothing comes after it."""
        if not self._ending:
            self._ending = True
            self.recording.close()
            self._changes.append(change)
            # After the change is in: whoever sees `ended` and collects once more has collected everything.
            self.ended = True
            self._finish()

    def hurry(self) -> None:
        """Report all that was put out so far at the next look, also what would have time."""
        self._hurried = True
        self._wake()

    # --- the reporter's side

    @property
    def is_urgent(self) -> bool:
        """Whether there is a change of state to report, or somebody waits until all is reported."""
        return bool(self._changes) or self._hurried

    def collect(self) -> list[Change]:
        """What is new since the last call, in order: outputs, progress, lines, then changes of state."""
        # Taken first: what the task says after a change of state belongs behind it.
        states = [self._changes.popleft() for _ in range(len(self._changes))]
        found: list[Change] = []
        hurried, self._hurried = self._hurried, False
        if self.outputs.drain(final=bool(states) or hurried):
            found.append(Change("output", {"outputs": self._masked(self.outputs.descriptors())}))
        sample = self.recording.sample()
        if sample is not None and sample != self._shown:
            self._shown = sample
            found.append(Change("progress", {"progress": self._masked(sample)}))
        found += self._collect_lines()
        if self.recording.noticed and not self._told_seen:
            self._told_seen = True
            found.append(Change("state", {"cancel": "seen"}))
        found += states
        for change in found:
            self.known.update(change.set)
        return found

    def _masked(self, value: Any) -> Any:
        if not self.secrets:
            return value
        if isinstance(value, str):
            return masked(value, self.secrets)
        if isinstance(value, list):
            return [self._masked(item) for item in value]
        if isinstance(value, dict):
            return {name: self._masked(item) for name, item in value.items()}
        return value

    def _collect_lines(self) -> list[Change]:
        found: list[Change] = []
        batch: list[dict[str, str]] = []
        size = 0
        for _ in range(len(self._lines)):
            line = self._lines.popleft()
            self._waiting -= len(line["text"])
            length = 100 + events.json_bytes(line["text"])
            if batch and size + length > _LINES_BYTES:
                found.append(Change("log", lines=batch))
                batch, size = [], 0
            batch.append(line)
            size += length
        if self._dropped and not self._lines:
            dropped, self._dropped = self._dropped, 0
            text = f"{dropped} lines were dropped here: the log could not be written as fast as the task wrote it"
            batch.append({"time": events.now(), "level": "warning", "text": text})
        if batch:
            found.append(Change("log", lines=batch))
        return found


def _weakly(say: Callable[[str, str], None]) -> Callable[[str, str], None]:
    """`say`, a method, as long as its object is there."""
    method = weakref.WeakMethod(say)

    def call(text: str, level: str) -> None:
        if (found := method()) is not None:
            found(text, level)

    return call
