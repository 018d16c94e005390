"""How the hub reads the event log: a few reads at a time, and none while the log is known to be away."""

from __future__ import annotations

import asyncio
from typing import Literal

from dashboard.live.credit import UNACKNOWLEDGED
from tasks import eventlog
from tasks.eventlog import LogUnavailable

# Each read under way has a connection. Two hundred at once, when a page with many jobs comes back, are more than the
# backlog of Redis' socket takes: some were refused, and their jobs looked as if the log were away.
_AT_ONCE = 8

#: Events of the first read for somebody, and of any at most. With 20 flushes a second, 200 are ten seconds of a job.
PAGE = 200
_LARGEST_PAGE = 2000


class LogReader:
    """Raises LogUnavailable at once while `state` is "away"; the sweep keeps `state`."""

    def __init__(self) -> None:
        self.state: Literal["live", "away"] = "live"
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def snapshot(self, job_id: str) -> eventlog.Snapshot | None:
        """As `eventlog.asnapshot`."""
        async with self._turns:
            self._check()
            return await eventlog.asnapshot(job_id)

    async def page(self, job_id: str, after: int, limit: int) -> eventlog.Page | None:
        """As `eventlog.aread`."""
        async with self._turns:
            self._check()
            return await eventlog.aread(job_id, after, limit)

    def _check(self) -> None:
        if self.state == "away":
            raise LogUnavailable("the event log did not answer the last sweep")


def next_page(page: eventlog.Page) -> int:
    """How many events to read at once after this page: about as many as a socket may be sent, whether they are of a
    hundred bytes or of ten thousand. What is read beyond that is read again."""
    size = sum([len(body) for _, body in page.bodies])
    return min(_LARGEST_PAGE, 1 + len(page.bodies) * UNACKNOWLEDGED // size) if size else PAGE
