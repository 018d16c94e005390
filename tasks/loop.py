"""A tracked loop: counted and stopped from outside, with no Python code per item. Pure."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tasks.steps import EXACT, Number, Step, amount

if TYPE_CHECKING:
    from tasks.progress import Recording

T = TypeVar("T")

# One per item of a segment of a loop. Only the iterator over it matters: its position is the count. A recording may
# have fewer, to look more often whether to stop.
TICKS = bytes(8192)
# pass_on(tick, item) is item, without Python code: pop() of an empty dict gives its second argument back.
pass_on: Any = {}.pop


class Segment(NamedTuple):
    """A run of a loop. `tick` is a C iterator that moves by one as an item is asked for; `left` is empty,
    or holds how many ticks were left when a cancel took the rest.
    """

    base: int  # items before this segment
    tick: Any
    size: int
    left: list[Any]

    def taken(self) -> int:
        # In this order: a cancel between the two lines must not make the rest look taken.
        left = self.tick.__length_hint__()
        return self.size - (self.left[0] if self.left else left)

    def stop(self) -> None:
        """End the segment at once, from any thread, and remember where it was.

        Both calls and the append are one C call: the loop cannot move between the look and the stop, so the
        count stays exact. Ticks are asked for before the item is, so no item is taken from the source and
        dropped.
        """
        if not self.left:
            calls = (self.tick.__length_hint__, partial(self.tick.__setstate__, self.size))
            self.left.extend(map(operator.call, calls))


class Loop(Step):
    """The step of a tracked loop. Its count is the number of items whose turn is over: while the body works
    on the n-th, and while the source computes the n+1st, that is n-1 and n. A loop left by `break` or an
    exception in its n-th body stays at n-1.

    Per item only C code runs: `map(pass_on, ticks, source)`, in segments so that a generator gets its say
    now and then. It raises JobCancelled; `Segment.stop` makes that happen before the next item.
    """

    __slots__ = ("_segment", "_total_is_guess")

    def __init__(self, recording: Recording, total: object, description: object) -> None:
        super().__init__(recording, total, description)
        self._segment: Segment | None = None
        self._total_is_guess = False

    def over_iterable(self, iterable: Iterable[T]) -> Iterator[T]:
        """The iterator to loop over. The step opens as the first item is asked for."""
        source = iter(iterable)
        if self.total is None:
            self.total = length(iterable, source)
            self._total_is_guess = True
        assert self.recording is not None
        in_one = self.recording.ticks is TICKS
        if in_one and type(iterable) is range and (size := length(iterable, source)) is not None and size <= EXACT:
            # The iterator of a range can be read and stopped itself. A list's could not: stopped, it runs
            # on if the list grows.
            return chain.from_iterable(self._run_range(iterable, int(size)))
        return chain.from_iterable(self._run(source))

    def _run(self, source: Iterator[T]) -> Iterator[Iterator[T]]:
        recording = self._open()
        ticks = recording.ticks
        base = 0
        try:
            while True:
                segment = self._begin(Segment(base, iter(ticks), len(ticks), []))
                if recording.cancelled:  # after _begin: cancel() sets the flag, then stops what has begun
                    raise recording.stopped()
                yield map(pass_on, segment.tick, source)
                if len(segment.tick.__reduce__()) == 3:  # not used up: the last tick found no item
                    self._end(base + segment.taken() - 1)
                    if not recording.cancelled:
                        self._complete()
                        return
                    raise recording.stopped()
                base += segment.taken()
                self._end(base)
                recording.heard()
        finally:
            self._leave()

    def _run_range(self, items: Any, size: int) -> Iterator[Iterator[T]]:
        recording = self._open()
        base = 0
        try:
            while True:
                source = iter(items[base:])
                segment = self._begin(Segment(base, source, size - base, []))
                if recording.cancelled:
                    raise recording.stopped()
                yield source
                base += segment.taken()
                self._end(base)
                if recording.cancelled:
                    raise recording.stopped()
                if base == size:
                    self._complete()
                recording.heard()
                if base == size:
                    return
        finally:
            self._leave()

    def _open(self) -> Recording:
        assert self.recording is not None
        self.recording.open(self)
        self.recording.loops.add(self)
        return self.recording

    def _begin(self, segment: Segment) -> Segment:
        self._segment = segment
        return segment

    def _end(self, count: int) -> None:
        self.current = count
        self._segment = None

    def _complete(self) -> None:
        self.completed = True
        if self._total_is_guess:
            self.total = self.current

    def _leave(self) -> None:
        # Also runs as the loop's iterator is collected, in any thread, at any point of any code: no locks,
        # no wake().
        self._end(int(self.count()))
        self.over = True
        assert self.recording is not None
        self.finished = self.recording.moment()
        self.recording.loops.discard(self)

    def count(self) -> Number:
        segment = self._segment
        if segment is None:
            return self.current
        return segment.base + max(0, segment.taken() - 1)

    def stop(self) -> None:
        if (segment := self._segment) is not None:
            segment.stop()


def length(iterable: object, source: object) -> Number | None:
    for thing in (iterable, source):
        try:
            hint = operator.length_hint(thing, -1)
        except Exception:  # noqa: S112  (a __len__ of the task's own may raise anything: no total then)
            continue
        if hint >= 0:
            return amount(hint)
    return None
