"""The topic `job:ID`: all who follow one job in this process, and the one way in which they catch up.

Each follower has a cursor (epoch, seq). A group message that follows on it is handed on; whatever else
happened (a gap, a restart of Redis, credit that returned, a first subscribe) is a read of the log after the
cursor, and a snapshot where that cannot go on. Followers at the same cursor share one read and one encoded
frame.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dashboard.live import frames, rows
from dashboard.live.frames import Part
from dashboard.live.protocol import Subscribe
from dashboard.live.reading import PAGE, LogReader, next_page
from dashboard.live.sockets import Socket
from dashboard.live.threads import in_thread
from tasks.eventlog import LogUnavailable, Snapshot, time_of
from tasks.pace import Pace

logger = logging.getLogger(__name__)

# Frames that a topic is sent at once, beyond its pace: a short job is a snapshot, its start, its progress and its end.
_AHEAD = 5


class JobFollower:
    """One socket's subscription to a job: (epoch, seq) is what it has been sent."""

    def __init__(self, socket: Socket, request: Subscribe, job_id: str) -> None:
        self.socket, self.topic, self.job_id = socket, request.topic, job_id
        self.epoch = request.epoch  # None: as the log has it
        self.seq = request.after or 0
        self.at = ""  # when the event at `seq` was written, by which it is known again; "": not known
        self.needs_snapshot = request.after is None
        self.is_admitted = False  # not before the group is joined
        self.is_answered = False
        self.change: int | None = None  # of the row that the last snapshot was made of
        self.marked: int | None = None
        self.watch: Watch | None = None
        self._pace = Pace(_AHEAD)
        self._timer: asyncio.TimerHandle | None = None

    def may_take(self) -> bool:
        """Whether something may be sent now; if only a moment later, the follower is woken then."""
        if not self.socket.has_credit or self._timer is not None:
            return False
        if wait := self._pace.wait(time.monotonic()):
            self._timer = asyncio.get_running_loop().call_later(wait, self._go_on_later)
        return not wait

    def _go_on_later(self) -> None:
        self._timer = None
        self.go_on()

    def go_on(self) -> None:
        """The socket may be sent something again."""
        if self.watch:
            self.watch.wake([self])

    def leave(self) -> None:
        """The socket no longer follows the job."""
        if self.watch:
            self.watch.remove(self)
            self.watch = None

    def is_at(self, epoch: int) -> bool:
        """Whether events of `epoch` may follow on the cursor."""
        return self.is_answered and not self.needs_snapshot and self.epoch == epoch

    def was_given(self, at: str) -> bool:
        """Whether the event at `seq`, which is of the time `at` ("": a job laid down anew), is the one that was sent.

        Redis loses up to a second when it is killed or the machine loses power: then numbers are given out again.
        """
        return self.at in ("", at)

    def take(self, part: Part, epoch: int, at: str) -> bool:
        """Send events up to the part's cursor, where the event is of the time `at`, if there is credit and not too
        much was sent a moment ago."""
        if not self.may_take() or not self.socket.offer(part.frame):
            return False
        self._pace.note(time.monotonic())
        self.epoch, self.seq, self.at, self.is_answered = epoch, part.cursor, at, True
        return True

    def take_snapshot(
        self, frame: frames.Frame, epoch: int, seq: int, *, at: str = "", change: int | None = None
    ) -> None:
        """Send the job at `seq`, if there is credit."""
        if self.socket.offer(frame):
            self._pace.note(time.monotonic())
            self.epoch, self.seq, self.at, self.change = epoch, seq, at, change
            self.needs_snapshot, self.is_answered = False, True


class Watch:
    """All followers of one job; `head` is the highest (epoch, seq) that the log or the row is known to have."""

    def __init__(self, job_id: str, log: LogReader, joined: asyncio.Event, *, empty: Callable[[Watch], None]) -> None:
        self.job_id = job_id
        self.joined = joined  # set once the process is in the job's group
        self.owner_id: Any = None
        self.followers: set[JobFollower] = set()
        self.head = (0, 0)
        self.is_logged = True  # as far as the last sweep has seen
        self.is_followed = False  # somebody was admitted: the group is joined, and `owner_id` was looked for
        self._log, self._empty = log, empty
        self._row_change = 0
        self._page = PAGE
        self._task: asyncio.Task[None] | None = None
        self._to_look_at: set[JobFollower] = set()

    def add(self, follower: JobFollower) -> None:
        """A follower would like to follow the job; it is told nothing before it is admitted."""
        follower.watch = self
        self.followers.add(follower)

    def admit(self, follower: JobFollower, found: Snapshot | None) -> None:
        """The follower may follow the job. `found` was read after the group was joined, so nothing falls between it
        and what is heard."""
        follower.is_admitted = self.is_followed = True
        known = self.head
        if found is not None and follower.needs_snapshot:
            self.head = max(self.head, (found.epoch, found.seq))
            self._send_snapshot(found, [follower])
        # Where it told more than was known, the others are behind as well.
        self.wake([follower] if self.head == known else None)

    def remove(self, follower: JobFollower) -> None:
        """A follower has gone."""
        self.followers.discard(follower)
        if not self.followers:
            self._empty(self)

    def hear(self, epoch: int, bodies: Sequence[tuple[int, str]], before: str) -> None:
        """A group message: hand its events to those on whose cursor they follow; the others will read.

        `before` is the time of the event before them.
        """
        if epoch < self.head[0]:
            return
        if not bodies:
            # There is something to read, and we are not told up to where.
            self.head = max(self.head, (epoch, self.head[1] + 1 if epoch == self.head[0] else 1))
            self.wake()
            return
        first, last = bodies[0][0], bodies[-1][0]
        self.head = max(self.head, (epoch, last))
        times = {first - 1: before} | {seq: time_of(body) for seq, body in bodies}
        shared: dict[int, list[Part]] = {}
        left: list[JobFollower] = []
        for follower in list(self.followers):
            if not follower.is_at(epoch) or follower.seq not in times:
                left.append(follower)
                continue
            if not follower.was_given(times[follower.seq]):
                follower.needs_snapshot = True
                left.append(follower)
                continue
            if follower.seq not in shared:
                fresh = frames.event_items((seq, body) for seq, body in bodies if seq > follower.seq)
                shared[follower.seq] = list(frames.events(follower.topic, epoch, fresh))
            for part in shared[follower.seq]:
                if not follower.take(part, epoch, times[part.cursor]):
                    left.append(follower)
                    break
        # Where more is known than was heard now, those who were handed that are behind as well.
        self.wake(left if self.head == (epoch, last) else None)

    def mark(self) -> None:
        """Note the cursors before the log's heads are asked for: a later event must not look like a loss."""
        for follower in self.followers:
            follower.marked = follower.seq if follower.is_answered else None

    def compare(self, epoch: int, seq: int, at: str) -> None:
        """The log has the job at (epoch, seq), by an event of the time `at`."""
        self.head = max(self.head, (epoch, seq))
        for follower in self.followers:
            if follower.marked is None or follower.epoch != epoch:
                continue
            if seq < follower.marked <= follower.seq or (seq == follower.seq and not follower.was_given(at)):
                # The log fell back, and gives these numbers out again, to other events.
                follower.needs_snapshot = True
                self.head = (epoch, seq)
            elif seq == follower.seq:
                follower.at = at
        self.wake()

    def compare_row(self, epoch: int, seq: int, change: int) -> None:
        """The log no longer has the job, the row has it at (epoch, seq)."""
        self.head = max(self.head, (epoch, seq))
        self._row_change = change
        self.wake()

    def wake(self, followers: Iterable[JobFollower] | None = None) -> None:
        """Let these followers, or all, catch up: those that are behind and have credit."""
        # Not all of them each time: of thousands, each would look at thousands when it comes.
        self._to_look_at.update(self.followers if followers is None else followers)
        if self._task is None and (behind := self._behind()):
            self._task = asyncio.get_running_loop().create_task(self._catch_up(behind))

    def _behind(self) -> list[JobFollower]:
        looked_at, self._to_look_at = self._to_look_at & self.followers, set()
        return [f for f in looked_at if f.is_admitted and self._is_behind(f) and f.may_take()]

    def _is_behind(self, follower: JobFollower) -> bool:
        if follower.needs_snapshot or not follower.is_answered or (follower.epoch or 0, follower.seq) < self.head:
            return True
        return follower.change is not None and follower.change < self._row_change

    async def _catch_up(self, behind: list[JobFollower]) -> None:
        try:
            while behind:
                groups: dict[Any, list[JobFollower]] = defaultdict(list)
                for follower in behind:
                    groups[follower.epoch, follower.seq, follower.needs_snapshot].append(follower)
                head, before = self.head, self._state(behind)
                for (epoch, seq, needs_snapshot), group in groups.items():
                    await self._serve(group, epoch, seq, needs_snapshot)
                # While this changes, reading on makes sense; a log that says no more than before must not be asked
                # for ever.
                if self.head != head:
                    self._to_look_at.update(self.followers)
                elif self._state(behind) != before:
                    self._to_look_at.update(behind)
                behind = self._behind()
        except Exception:
            # The database, mostly. The sweep wakes us again.
            logger.warning("cannot read job %s for its followers", self.job_id, exc_info=True)
        finally:
            self._task = None

    def _state(self, followers: Iterable[JobFollower]) -> Any:
        return [(f.epoch, f.seq, f.needs_snapshot, f.is_answered, f.change) for f in followers]

    async def _serve(self, group: list[JobFollower], epoch: int | None, seq: int, needs_snapshot: bool) -> None:
        """Read once for followers at the same cursor, and send it to those who still are there."""
        head = self.head
        try:
            if needs_snapshot:
                known = await self._from_snapshot(group, epoch, seq, head)
            else:
                known = await self._from_log(group, epoch, seq, head)
        except LogUnavailable:
            await self._from_row(self._still(group, epoch, seq), log_is_away=True)
        else:
            if not known:
                await self._from_row(self._still(group, epoch, seq), log_is_away=False)

    async def _from_snapshot(
        self, group: list[JobFollower], epoch: int | None, seq: int, head: tuple[int, int]
    ) -> bool:
        found = await self._log.snapshot(self.job_id)
        if found is None:
            return False
        self._reads(head, found.epoch, found.seq)
        if still := self._still(group, epoch, seq):
            self._send_snapshot(found, still)
        return True

    def _send_snapshot(self, found: Snapshot, group: list[JobFollower]) -> None:
        frame = frames.snapshot(group[0].topic, found.epoch, found.seq, found.job)
        for follower in group:
            follower.take_snapshot(frame, found.epoch, found.seq, at=found.at)

    async def _from_log(self, group: list[JobFollower], epoch: int | None, seq: int, head: tuple[int, int]) -> bool:
        page = await self._log.page(self.job_id, seq, self._page)
        if page is None:
            return False
        self._page = next_page(page)
        self._reads(head, page.epoch, page.seq)
        still = self._still(group, epoch, seq)
        if not still:
            return True
        goes_on = epoch in (None, page.epoch) and page.reaches and page.seq >= seq
        for follower in still:
            follower.needs_snapshot |= not goes_on or bool(page.before and not follower.was_given(page.before))
        still = [follower for follower in still if not follower.needs_snapshot]
        if not still:
            return True
        if not page.bodies:
            part = Part(frames.no_events(still[0].topic, page.epoch), seq)
            for follower in still:
                if not follower.is_answered:
                    follower.take(part, page.epoch, page.before)
            return True
        bodies = dict(page.bodies)
        for part in frames.events(still[0].topic, page.epoch, frames.event_items(page.bodies)):
            at = time_of(bodies[part.cursor])
            still = [follower for follower in still if follower.take(part, page.epoch, at)]
            if not still:
                break
        return True

    async def _from_row(self, group: list[JobFollower], log_is_away: bool) -> None:
        """The log has expired, or is away: what history has is what there is."""
        group = [f for f in group if not (log_is_away and f.is_answered)]
        if not group:
            return
        row = await in_thread(rows.one, self.job_id)
        for follower in [f for f in group if f in self.followers]:
            if row is None:
                if not log_is_away:
                    follower.socket.end(follower.topic, "not_found", "there is no such job")
                continue
            at = follower.epoch if follower.epoch is not None else row.epoch, follower.seq
            is_there = at == (row.epoch, row.seq) or (log_is_away and at > (row.epoch, row.seq))
            if not follower.is_answered and not follower.needs_snapshot and is_there:
                follower.take(Part(frames.no_events(follower.topic, at[0]), follower.seq), at[0], "")
            elif (
                not follower.is_answered
                or follower.needs_snapshot
                or at < (row.epoch, row.seq)
                or (follower.change is not None and follower.change < row.change)
            ):
                frame = frames.snapshot(follower.topic, row.epoch, row.seq, row.job)
                follower.take_snapshot(frame, row.epoch, row.seq, change=row.change)

    def _reads(self, head: tuple[int, int], epoch: int, seq: int) -> None:
        # What was read is the truth, unless something was heard meanwhile.
        self.head = (epoch, seq) if self.head == head else max(self.head, (epoch, seq))

    def _still(self, group: list[JobFollower], epoch: int | None, seq: int) -> list[JobFollower]:
        return [f for f in group if f in self.followers and (f.epoch, f.seq) == (epoch, seq)]
