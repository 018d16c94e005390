"""The topic `jobs`: one reader of the rows for all lists of this process.

Each follower has a cursor over the rows' changes. The reader reads on from the lowest cursor of those who
have credit, so followers that keep up share one query and, where they may see the same, one encoded frame.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Any

from dashboard.live import frames, rows
from dashboard.live.frames import MOST_ROWS, Item, Part
from dashboard.live.sockets import Socket
from dashboard.live.threads import in_thread

logger = logging.getLogger(__name__)

# Seconds between two rounds: a burst of changes becomes few queries and frames.
_PAUSE = 0.1
# Jobs that some list shows are remembered, to notice when they are deleted or may no longer be seen.
_REMEMBERED = 20_000
_LOOKED_AFTER = 500  # of them, each sweep


class ListFollower:
    """One socket's subscription to the list; `cursor` is the change up to which it is complete."""

    def __init__(self, socket: Socket, jobs: JobList) -> None:
        self.socket = socket
        self.cursor = 0
        self.todo: list[str] | None = None  # jobs still to be sent at the start; None: not known yet
        self.more = False
        self.is_answered = False
        self.gone: list[str] = []
        self._jobs = jobs
        self._since = jobs.sendings

    def go_on(self) -> None:
        """The socket may be sent something again."""
        self._jobs.wake()

    def leave(self) -> None:
        """The socket no longer follows the list."""
        self._jobs.followers.discard(self)

    def begin_again(self) -> None:
        """More is to be seen than before: send the list anew."""
        self.todo = None
        self._jobs.wake()

    def drop(self, ids: Iterable[str]) -> None:
        """These jobs are no longer in the list, if they ever were."""
        self.gone += [job_id for job_id in ids if self._jobs.was_sent_since(job_id, self._since)]
        self._jobs.wake()


class JobList:
    """All followers of the list in this process."""

    def __init__(self) -> None:
        self.followers: set[ListFollower] = set()
        self.owners: dict[str, Any] = {}  # of jobs that were sent lately, the latest at the end
        self.sendings = 0
        self._sent: dict[str, int] = {}  # in which sending each of them was sent last
        self._changed = asyncio.Event()
        self._looked = 0

    def add(self, socket: Socket) -> ListFollower:
        """A new follower: it will be answered."""
        follower = ListFollower(socket, self)
        self.followers.add(follower)
        self.wake()
        return follower

    def wake(self) -> None:
        """There may be something to send."""
        self._changed.set()

    async def run(self) -> None:
        """Read and send, for as long as the process lives."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._round()
            except Exception:
                # The database is away, mostly. The sweep wakes us again.
                logger.warning("cannot read the list of jobs", exc_info=True)
            await asyncio.sleep(_PAUSE)

    async def look_for_deleted(self) -> None:
        """Take deleted jobs off the lists, a share of all remembered ones each time."""
        if not self.followers or not self.owners:
            return
        self._looked = self._looked if self._looked < len(self.owners) else 0
        some = dict(islice(self.owners.items(), self._looked, self._looked + _LOOKED_AFTER))
        self._looked += len(some)
        users = self._users(self.followers)
        gone = await in_thread(rows.deleted, some, users)
        told = [follower for follower in self.followers if id(follower.socket.user) in gone]
        for follower in told:
            follower.drop(gone[id(follower.socket.user)])
        if len(told) == len(self.followers):  # else somebody's rights were looked at meanwhile: again, next time
            for job_id in {job_id for ids in gone.values() for job_id in ids}:
                self._forget(job_id)

    async def _round(self) -> None:
        for follower in self._ready():
            self._send_gone(follower)
        starting = [f for f in self._ready() if f.todo is None or f.todo or not f.is_answered]
        await asyncio.gather(*(self._start(follower) for follower in starting))
        while followers := [f for f in self._ready() if f.todo == []]:
            if await self._send_changes(followers) < MOST_ROWS:
                return

    def _ready(self) -> list[ListFollower]:
        return [follower for follower in self.followers if follower.socket.has_credit]

    def _send_gone(self, follower: ListFollower) -> None:
        while follower.gone and follower.socket.offer(frames.removed(follower.gone[:MOST_ROWS])):
            del follower.gone[:MOST_ROWS]

    async def _start(self, follower: ListFollower) -> None:
        """Send what the list begins with, as far as there is credit."""
        user = follower.socket.user
        if follower.todo is None:
            begin = await in_thread(rows.listing, user)
            follower.todo, follower.more, follower.cursor = begin.ids, begin.more, begin.change
        while follower.todo:
            some = follower.todo[:MOST_ROWS]
            found = await in_thread(rows.listed, user, some)
            if follower.socket.user is not user:
                return self.wake()  # rights were looked at meanwhile: ask again with what they are now
            self._remember(found.owners)
            if not self._send_start(follower, some, found.items):
                return None
        if not follower.is_answered:
            follower.is_answered = follower.socket.offer(frames.no_jobs())
        return None

    def _send_start(self, follower: ListFollower, some: Sequence[str], items: Sequence[Item]) -> bool:
        sent = 0
        todo = follower.todo or []
        for part in frames.jobs(items, more=follower.more):
            if not follower.socket.offer(part.frame):
                del todo[:sent]
                return False
            follower.is_answered = True
            sent = part.cursor + 1
        del todo[: len(some)]
        return True

    async def _send_changes(self, followers: Sequence[ListFollower]) -> int:
        """Read on from the lowest cursor; returns the number of rows."""
        users = self._users(followers)
        found = await in_thread(rows.changes, min(f.cursor for f in followers), MOST_ROWS, users)
        if not found.items:
            return 0
        self._remember(found.owners)
        shared: dict[tuple[int, ...], list[Part]] = {}
        for follower in followers:
            visible = found.visible.get(id(follower.socket.user))
            if visible is None:
                self.wake()  # as above
                continue
            wanted = tuple(n for n in visible if found.items[n].place > follower.cursor)
            if wanted not in shared:
                shared[wanted] = frames.jobs([found.items[n] for n in wanted])
            for part in shared[wanted]:
                if not follower.socket.offer(part.frame):
                    break
                follower.cursor = part.cursor
            else:
                follower.cursor = max(follower.cursor, found.items[-1].place)
        return len(found.items)

    def _users(self, followers: Collection[ListFollower]) -> list[Any]:
        return list({id(follower.socket.user): follower.socket.user for follower in followers}.values())

    def was_sent_since(self, job_id: str, sending: int) -> bool:
        """Whether the job was sent to anybody after `sending`: one that was not is in no list begun since."""
        return self._sent.get(job_id, 0) > sending

    def _remember(self, owners: dict[str, Any]) -> None:
        self.sendings += 1
        for job_id, owner_id in owners.items():
            self._forget(job_id)
            self.owners[job_id] = owner_id
            self._sent[job_id] = self.sendings
        for job_id in list(islice(self.owners, max(0, len(self.owners) - _REMEMBERED))):
            self._forget(job_id)

    def _forget(self, job_id: str) -> None:
        self.owners.pop(job_id, None)
        self._sent.pop(job_id, None)
