"""What a task's code calls to be seen and stopped: `track`, `progress`, `cancelled`; and `Recording`, what
they count into.

Pure: no input or output. Nothing here sends anything: the reporter's thread calls `Recording.sample()` when
it pleases.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TypeVar

from tasks.loop import TICKS, Loop
from tasks.shape import SHOWN_DEPTH, SHOWN_PER_LEVEL, shape
from tasks.steps import JobCancelled, NullStep, Step

__all__ = [
    "Activation",
    "JobCancelled",
    "Recording",
    "Step",
    "activate",
    "cancelled",
    "current",
    "deactivate",
    "progress",
    "track",
]

T = TypeVar("T")

# The innermost step of this context, a recording's root at least. Closed ones are passed over, so nothing
# needs to be reset when a loop is left by break or collected somewhere else.
_here: ContextVar[Step | None] = ContextVar("taskcast_step", default=None)
_active: list[Recording] = []


def track(iterable: Iterable[T], description: str = "", total: float | None = None) -> Iterator[T]:
    """Loop over `iterable` and show how far the loop is: `for row in track(rows, "Reading")`.

    Every item comes once, in order; what the iterable raises comes unchanged. A loop inside a loop becomes
    a step of it. `total` is the number of items where `len()` cannot tell. Raises JobCancelled instead of
    giving the next item once the job is to stop, and leaves that item with its iterable. To be consumed by
    one thread. Outside a worker: `iter(iterable)`.
    """
    recording = current()
    if recording is None:
        return iter(iterable)
    return Loop(recording, total, description).over_iterable(iterable)


def progress(total: float | None = None, description: str = "") -> Step:
    """Show progress that is no loop: `with progress(total=size) as step: ... step.advance(len(block))`.

    Steps opened inside become its steps. Entering, `advance` and `update` raise JobCancelled once the job
    is to stop. An exception leaves the step where it was. Outside a worker the step does nothing.
    """
    recording = current()
    if recording is None:
        return _NULL
    return Step(recording, total, description)


def cancelled() -> bool:
    """Whether somebody asked for the running job to stop. Outside a worker: False."""
    recording = current()
    if recording is None or not recording.cancelled:
        return False
    recording.noticed = True
    return True


def current() -> Recording | None:
    """The recording of the attempt that runs here. A thread that the task started has no context of its
    own: it belongs to the process's only active recording, or to none when there are several.
    """
    here = _here.get()
    # A thread that outlives a job, as in a pool, still has that job's step.
    if here is not None and here.recording is not None and here.recording.active:
        return here.recording
    active = tuple(_active)
    return active[0] if len(active) == 1 else None


class Recording:
    """What one running attempt has counted.

    `wake` is called, in the task's thread, at the first report after `listen`; errors of it are swallowed.
    `clock` gives seconds. Where it is `timed`, its steps bear when they began and ended.
    """

    def __init__(
        self, wake: Callable[[], None] = lambda: None, clock: Callable[[], float] = time.monotonic, timed: bool = False
    ) -> None:
        self.active = False
        self.cancelled = False
        # Whether the next report is to be told at once, and that or `cancelled`: one look for the hot path.
        self.listening = False
        self.attention = False
        self.noticed = False  # whether the task's own code has been told
        self.opened_at: float | None = None  # by the clock, when the first step opened
        self.loops: set[Loop] = set()  # the open ones
        self.ticks = TICKS
        self._wake = wake
        self._clock = clock
        # What to add to the clock's seconds to have those since 1970: the machine's own may be set meanwhile.
        self._since = time.time() - clock() if timed else None
        self._root = Step(self)
        self._innermost = self._root  # of the thread that activated the recording
        self._owner: int | None = None
        self._opening = threading.RLock()
        self._last: dict[str, Any] | None = None
        self._closed = False

    def cancel(self) -> None:
        """Ask the attempt to stop: its next request for an item, `advance`, `update` or new step raises
        JobCancelled.
        """
        self.cancelled = True
        self.attention = True
        self._interrupt()

    def listen(self) -> None:
        """Have the next report of the task call `wake`: nothing was new at the last look, and what comes now
        should not wait for the next one. To be called again after each such look: one that meets the report
        itself may be missed.
        """
        self.listening = True
        self.attention = True
        self._interrupt()

    def _interrupt(self) -> None:
        # After the flag: a loop that begins a segment now sees the flag; one that began before is in this
        # list.
        for loop in list(self.loops):
            loop.stop()

    def heard(self) -> None:
        """The task has reported something, and goes on."""
        if self.listening:
            self.listening = False
            self.attention = False
            # After that: of a cancel in between either this or its own line is the later one.
            if self.cancelled:
                self.attention = True
            with contextlib.suppress(Exception):
                self._wake()

    def stopped(self) -> JobCancelled:
        """What to raise in the task's code now that the job is to stop; from here on the task knows."""
        self.noticed = True
        return JobCancelled()

    def sample(self) -> dict[str, Any] | None:
        """The job's `progress`, in absolute values: {"current", "total", "description", "steps"}; None
        before any step.

        One top-level step is the root itself. After several, the root's `current` is the number of those
        that the job has come past, its `description` that of the one at work, its `total` unknown until the
        end of the attempt. A level shows at most 50 steps: open ones before finished ones, new before old;
        a first step "…" counts the others. At most 5 levels. The whole fits a websocket frame's 8 KiB;
        where it would not, it shows fewer steps.
        """
        if not self._closed:
            self._last = shape(self._root, ended=False)
        return self._last

    def close(self) -> None:
        """The attempt is over: `sample()` stays as it is now, later steps (of threads that run on) are not
        shown.
        """
        if not self._closed:
            self._last = shape(self._root, ended=True)
            self._closed = True
            # A pool's thread may keep a step, and with it this recording, for long.
            self._root.inside = (0, [])
            # What refers to one another is gone with the last who knows it, and waits for no garbage collector.
            self._root.recording, self._innermost = None, self._root

    def open(self, step: Step) -> None:
        """Put `step` under the innermost open step of this context. Raises JobCancelled once the job is to
        stop.
        """
        if self.cancelled:
            raise self.stopped()
        in_owner = threading.get_ident() == self._owner
        parent = self._innermost_here()
        step.parent, step.depth, step.over = parent, parent.depth + 1, False
        # Reentrant, because collecting garbage in here may run code of the task.
        with self._opening:
            if step.depth <= SHOWN_DEPTH:
                _add_child(parent, step)
        _here.set(step)
        if in_owner:
            self._innermost = step
        if self.opened_at is None:
            self.opened_at = self._clock()
        step.started, step.finished = self.moment(), None
        self.heard()

    def moment(self) -> float | None:
        """Now, in seconds since 1970; None where no times are taken."""
        return None if self._since is None else round(self._since + self._clock(), 2)

    def _innermost_here(self) -> Step:
        step = _here.get()
        if step is None or step.recording is not self:
            step = self._innermost
        found = step
        while step.parent is not None:
            if step.over:  # and so is what is inside it, such as an iterator that somebody still holds
                found = step.parent
            step = step.parent
        return found

    def _enter(self) -> None:
        self.active, self._owner = True, threading.get_ident()
        _active.append(self)
        _here.set(self._root)

    def _exit(self) -> None:
        self.active = False
        with contextlib.suppress(ValueError):
            _active.remove(self)


def _add_child(parent: Step, step: Step) -> None:
    forgotten, steps = parent.inside
    if steps and steps[-1].over:
        steps[-1].inside = (0, [])  # not shown any more: see shape
    steps.append(step)
    if len(steps) >= 2 * SHOWN_PER_LEVEL:
        # A loop that opens a million steps keeps a hundred.
        gone = set([known for known in steps if known.over][:-SHOWN_PER_LEVEL])
        parent.inside = (forgotten + len(gone), [known for known in steps if known not in gone])


class Activation:
    """That a recording is the current one, until `deactivate`. Also a context manager."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._before = _here.get()
        recording._enter()

    def deactivate(self) -> None:
        if self.recording.active:
            self.recording._exit()
            _here.set(self._before)

    def __enter__(self) -> Recording:
        return self.recording

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.deactivate()


def activate(recording: Recording) -> Activation:
    """Make `recording` the current one of this context: `with activate(recording): run()`, or keep the
    result for `deactivate`. A task called inside a task has its own; afterwards the outer one is current
    again.
    """
    return Activation(recording)


def deactivate(activation: Activation) -> None:
    activation.deactivate()


def _forget_after_fork() -> None:
    # A process that the task forks has copies of the counters that nobody reads, and perhaps of locks held
    # by other threads.
    _active.clear()
    _here.set(None)


_NULL = NullStep(None)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
