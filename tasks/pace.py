"""PURE. How often something may be told: 20 times a second.

A person sees no more, and a browser that folds and draws a thousand small frames a second has no time left for its
reader. What is held back goes out later, in fewer and fuller pieces.

This is the generic cell rate algorithm (ITU-T I.371, as a virtual schedule). A count of the last second would hold back
whoever is told 20 times a second, and was late once, by as much in every second after that.
"""

from __future__ import annotations

TIMES = 20
APART = 1.0 / TIMES  # seconds


class Pace:
    """When it may be told the next time.

    After a pause, and at the beginning, it may be told `ahead` times sooner than `APART` after the time before.
    """

    __slots__ = ("_credit", "_next")

    def __init__(self, ahead: int) -> None:
        self._credit = ahead * APART
        self._next = float("-inf")

    def wait(self, now: float) -> float:
        """Seconds until it may be told again; 0 where it may at `now`."""
        return max(0.0, self._next - now)

    def note(self, now: float) -> None:
        """It is told."""
        self._next = max(self._next, now - self._credit) + APART
