"""PURE. How often something may be told: 20 times in any second.

A person sees no more, and a browser that folds and draws a thousand small frames a second has no time left for its
reader. What is held back goes out later, in fewer and fuller pieces.
"""

from __future__ import annotations

from collections import deque

TIMES = 20
SECONDS = 1.0


class Pace:
    """When it was told the last times."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=TIMES)

    def wait(self, now: float) -> float:
        """Seconds until it may be told again; 0 where it may at `now`."""
        if len(self._times) < TIMES:
            return 0.0
        return max(0.0, self._times[0] + SECONDS - now)

    def note(self, now: float) -> None:
        """It is told."""
        self._times.append(now)
