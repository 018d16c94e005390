"""PURE. How often a topic may be sent something: 20 frames in any second.

A person sees no more, and a browser that folds and draws a thousand small frames a second has no time left for its
reader. What is held back goes out later in fewer, fuller frames.
"""

from __future__ import annotations

from collections import deque

FRAMES = 20
SECONDS = 1.0


class Pace:
    """When the last frames went out."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=FRAMES)

    def wait(self, now: float) -> float:
        """Seconds until the next frame may go out; 0 where it may at `now`."""
        if len(self._times) < FRAMES:
            return 0.0
        return max(0.0, self._times[0] + SECONDS - now)

    def note(self, now: float) -> None:
        """A frame goes out."""
        self._times.append(now)
