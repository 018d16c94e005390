"""PURE. How much a socket may be sent: 256 KiB that its reader has not acknowledged.

daphne buffers without bound what a reader does not take: one who read nothing made a process grow by 400 MB
in 50 s.
"""

from __future__ import annotations

from collections import deque

UNACKNOWLEDGED = 256 * 1024
PATIENCE = 10.0  # seconds


class BadAck(ValueError):
    """The client acknowledges frames that it has not been sent."""


class Credit:
    """Counts what one socket was sent and what its reader has acknowledged.

    Out of credit means that something did not fit; then nothing fits until the reader acknowledges more.
    """

    __slots__ = ("_sizes", "acknowledged", "exhausted_since", "sent", "unacknowledged")

    def __init__(self) -> None:
        self.sent = 0  # frames
        self.acknowledged = 0  # frames
        self.unacknowledged = 0  # bytes
        self.exhausted_since: float | None = None
        self._sizes: deque[int] = deque()

    def take(self, size: int, now: float) -> bool:
        """Whether a frame of `size` bytes may be sent at `now` (seconds); counts it if so."""
        if self.exhausted_since is not None:
            return False
        if self.unacknowledged + size > UNACKNOWLEDGED:
            self.exhausted_since = now
            return False
        self.sent += 1
        self.unacknowledged += size
        self._sizes.append(size)
        return True

    def acknowledge(self, n: int) -> int:
        """The reader has read the first `n` frames; returns how many of them are news. Raises BadAck."""
        if n > self.sent:
            raise BadAck(f"{n} frames acknowledged, {self.sent} sent")
        news = max(0, n - self.acknowledged)
        for _ in range(news):
            self.unacknowledged -= self._sizes.popleft()
        self.acknowledged += news
        if news:
            self.exhausted_since = None
        return news

    def is_overdue(self, now: float) -> bool:
        """Whether the reader, out of credit, has acknowledged nothing for PATIENCE."""
        return self.exhausted_since is not None and now - self.exhausted_since >= PATIENCE
