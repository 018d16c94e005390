"""The bars of a running job and what may be written on them. Pure.

Everything here may be read by the reporter's thread while the task's threads write it; each value is taken
by one attribute read, which the interpreter lock makes whole.
"""

from __future__ import annotations

import math
import operator
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from tasks.progress import Recording

SHOWN_TEXT = 200

Number = int | float
EXACT = 2**53  # past it JavaScript loses units, and Python's integers may grow to any length


class JobCancelled(BaseException):
    """The job was asked to stop."""

    # Not an Exception: `except Exception` and Celery's autoretry_for would make a success or another
    # attempt of it.

    def __init__(self, *args: object) -> None:
        super().__init__(*(args or ("The job was asked to stop.",)))


class Step:
    """One bar: `current` of `total` (None: unknown), with a description and the steps opened while it was
    open.

    `progress()` gives one. Its methods may be called from any thread of the task. Sums of integers are
    exact from several threads: CPython switches threads at calls and jumps back, never inside `+=` on an
    attribute that is a plain integer.
    """

    __slots__ = (
        "_good",
        "completed",
        "current",
        "depth",
        "description",
        "finished",
        "inside",
        "over",
        "parent",
        "recording",
        "started",
        "total",
    )

    def __init__(self, recording: Recording | None, total: object = None, description: object = "") -> None:
        self.recording = recording
        self.current: Number = 0
        self.total = amount(total)
        self.description = text(description)
        self.parent: Step | None = None
        self.depth = 0
        # How many steps inside are forgotten (all over), and the others. One value, so that a reader sees
        # both or neither.
        self.inside: tuple[int, list[Step]] = (0, [])
        self.over = False  # closed, however it ended
        self.completed = False  # went through to its end
        self._good: Number = 0
        # In seconds since 1970, where the recording takes times.
        self.started: float | None = None
        self.finished: float | None = None

    def advance(self, n: float = 1) -> None:
        """Add `n` to the count; what is no finite number is ignored. Raises JobCancelled once the job is to
        stop.
        """
        if self.recording.attention:  # type: ignore[union-attr]  # None only in NullStep
            self._attend()
            self._advance_by(n)
            self.recording.heard()  # type: ignore[union-attr]
        elif n.__class__ is int:
            try:  # noqa: SIM105  (suppress() costs more than the addition)
                self.current += n
            except OverflowError:  # a float plus an integer that no float can hold
                pass
        else:
            self._advance_by(n)

    def _attend(self) -> None:
        assert self.recording is not None
        if self.recording.cancelled:
            raise self.recording.stopped()

    def _advance_by(self, n: object) -> None:
        added = number(n)
        if added is not None and (moved := number(self.current + added)) is not None:
            self.current = moved

    def update(self, current: float | None = None, total: float | None = None, description: str | None = None) -> None:
        """Set what is not None. A `current` that is no finite number is ignored; such a `total`, or a
        negative one, means unknown. Raises JobCancelled once the job is to stop.
        """
        self._attend()
        if (value := number(current)) is not None:
            self.current = value
        if total is not None:
            self.total = amount(total)
        if description is not None:
            self.description = text(description)
        self.recording.heard()  # type: ignore[union-attr]

    def __enter__(self) -> Step:
        assert self.recording is not None
        self.recording.open(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.completed = kind is None
        self.over = True
        if self.recording is not None:
            self.finished = self.recording.moment()
            self.recording.heard()

    def count(self) -> Number:
        """The count as a finite number."""
        value = number(self.current)
        if value is not None:
            self._good = value
        return self._good


class NullStep(Step):
    """The step outside a worker: does nothing, fails nothing."""

    __slots__ = ()

    def advance(self, n: float = 1) -> None:
        pass

    def update(self, current: float | None = None, total: float | None = None, description: str | None = None) -> None:
        pass

    def __enter__(self) -> Step:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def number(value: object) -> Number | None:
    """A finite int or float that JSON and JavaScript can hold, or None. Strings are no numbers."""
    if value is None or isinstance(value, str | bytes | bytearray):
        return None
    try:
        whole = int(operator.index(value))  # type: ignore[arg-type]
        if -EXACT <= whole <= EXACT:
            return whole
        return float(whole)
    except OverflowError:
        return None
    except Exception:  # noqa: S110  (no integer; whatever a task hands in, it must not fail of it)
        pass
    try:
        real = float(value)  # type: ignore[arg-type]
    except Exception:
        return None
    return real if math.isfinite(real) else None


def amount(value: object) -> Number | None:
    """A total: a finite number from 0, or None for unknown."""
    found = number(value)
    return found if found is not None and found >= 0 else None


# Control characters, line separators, direction overrides (they reorder a page's text), lone surrogates (no
# UTF-8 for them).
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def text(value: object) -> str:
    """A description fit to be shown: one line, printable, at most 200 characters."""
    try:
        shown = str(value)
    except Exception:
        return ""
    return _UNFIT.sub(lambda c: " " if c[0].isspace() else "\ufffd", clip(shown, SHOWN_TEXT))


def clip(shown: str, limit: int) -> str:
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
