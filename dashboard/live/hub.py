"""One per web process: receives once for all its sockets, and notices what did not arrive.

Standard Channels gives each socket a channel of its own, and each message is then received, decoded and
encoded once for each socket. The hub joins each group once and hands one encoded frame to all (100 sockets on
one daphne: the last is served after 7 ms instead of 38). Messages may be lost without a word, so a sweep
compares the log's heads with what the followers have, every 2 s.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal

from dashboard import access
from dashboard.live import credentials, frames, rows
from dashboard.live.groups import Groups
from dashboard.live.joblist import JobList, ListFollower
from dashboard.live.protocol import MOST_TOPICS, Subscribe
from dashboard.live.reading import LogReader
from dashboard.live.sockets import CLOSE_SIGNED_OUT, CLOSE_UNREAD, Socket
from dashboard.live.threads import in_thread
from dashboard.live.together import Together
from dashboard.live.watches import JobFollower, Watch
from tasks import broadcast, eventlog
from tasks.eventlog import LogUnavailable, Snapshot

logger = logging.getLogger(__name__)

# Seconds.
SWEEP = 2.0
TICK = 5.0
ACCESS = 3.0
_JOIN_PATIENCE = 1.0  # a group that cannot be joined makes the first answer late, not wrong
_LOG_PATIENCE = 2.5


class Hub:
    """Sockets, watched jobs and the list of one process. Belongs to one event loop."""

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()
        self.watches: dict[str, Watch] = {}
        self.jobs = JobList()
        self.log = LogReader()
        self.groups = Groups(self._hear)
        self.people = Together(credentials.users)
        self._look_at_rights = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start what runs for as long as the process lives."""
        self.groups.join(broadcast.ACCESS)
        self.groups.join(broadcast.JOBS)
        self._spawn(self.groups.run())
        self._spawn(self.jobs.run())
        self._spawn(_every(SWEEP, self._sweep))
        self._spawn(_every(SWEEP, self._sweep_rows))
        self._spawn(_every(TICK, self._tick))
        self._spawn(_every(1.0, self._close_unread))
        self._spawn(self._keep_looking_at_rights())

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # --- what sockets ask for -------------------------------------------------------------------------------

    def add(self, socket: Socket) -> None:
        """A socket has come."""
        self.sockets.add(socket)
        if self.log.state == "away":
            socket.offer(frames.tick("away"))

    def remove(self, socket: Socket) -> None:
        """A socket has gone."""
        self.sockets.discard(socket)
        socket.gone()

    def subscribe(self, socket: Socket, request: Subscribe) -> None:
        """Let `socket` follow a topic; one that it follows already is answered anew."""
        old = socket.followers.get(request.topic)
        if old is None and len(socket.followers) >= MOST_TOPICS:
            socket.refuse(request.topic, "too_many", f"at most {MOST_TOPICS} topics on one connection")
            return
        if request.job_id is None and not access.may_follow_lists(socket.user):
            socket.refuse(request.topic, "not_found", "this link shows one job")
        elif request.job_id is None:
            socket.followers[request.topic] = self.jobs.add(socket)
        else:
            follower = JobFollower(socket, request, request.job_id)
            socket.followers[request.topic] = follower
            watch = self._watch(request.job_id)
            watch.add(follower)
            self._spawn(self._admit(follower, watch))
        if old is not None:
            old.leave()  # not before: the group is not left and joined anew

    def unsubscribe(self, socket: Socket, topic: str) -> None:
        """Let `socket` no longer follow `topic`, if it does."""
        if follower := socket.followers.pop(topic, None):
            follower.leave()

    async def _admit(self, follower: JobFollower, watch: Watch) -> None:
        """Join, read, authorize by what was read, then answer and forward: in this order no event falls between."""
        socket = follower.socket
        try:
            async with asyncio.timeout(_JOIN_PATIENCE):
                await watch.joined.wait()
        except TimeoutError:
            logger.warning("the group of job %s cannot be joined yet", watch.job_id)
        try:
            user = socket.user
            may, found = await self._may_follow(user, watch)
            while user is not socket.user:  # rights were looked at meanwhile: decide by what they are now
                user = socket.user
                may, found = await self._may_follow(user, watch)
        except Exception as error:
            level = logging.DEBUG if isinstance(error, LogUnavailable) else logging.WARNING
            logger.log(level, "cannot tell yet who may follow job %s: %s", watch.job_id, error)
            await asyncio.sleep(SWEEP)  # the answer has to wait until the database, or the log, is back
            if follower in watch.followers:
                self._spawn(self._admit(follower, watch))
            return
        if follower not in watch.followers:
            return  # unsubscribed meanwhile, or asked for anew
        if not may.is_granted:
            socket.end(follower.topic, "not_found", "there is no such job")
            return
        if may.owner_id is not None:
            watch.owner_id = may.owner_id
        watch.admit(follower, found)

    async def _may_follow(self, user: Any, watch: Watch) -> tuple[rows.Permission, Snapshot | None]:
        """Whether the user may, and the job, where the log was asked for it."""
        job_id = watch.job_id
        if watch.is_followed and access.plainly_sees(user, watch.owner_id):
            return rows.Permission(True, True, watch.owner_id), None
        if watch.is_followed and watch.owner_id is not None:
            return await in_thread(rows.may_follow, user, job_id, watch.owner_id, True), None
        snapshot, was_asked = None, False
        with suppress(LogUnavailable):  # then the row may know
            snapshot, was_asked = await self.log.snapshot(job_id), True
        owner_id = snapshot.owner_id if snapshot else None
        if snapshot and access.plainly_sees(user, owner_id):
            return rows.Permission(True, True, owner_id), snapshot
        found = await in_thread(rows.may_follow, user, job_id, owner_id, snapshot is not None)
        if not found.is_known and not was_asked:
            raise LogUnavailable("a job without a row may still be in the log")
        return found, snapshot

    def _watch(self, job_id: str) -> Watch:
        if job_id not in self.watches:
            joined = self.groups.join(broadcast.job_group(job_id))
            self.watches[job_id] = Watch(job_id, self.log, joined, empty=self._unwatch)
        return self.watches[job_id]

    def _unwatch(self, watch: Watch) -> None:
        if self.watches.get(watch.job_id) is watch:
            del self.watches[watch.job_id]
            self.groups.leave(broadcast.job_group(watch.job_id))

    # --- what arrives, and what should have -----------------------------------------------------------------

    def _hear(self, message: dict[str, Any]) -> None:
        try:
            match message["type"]:
                case "job.events":
                    if watch := self.watches.get(message["job"]):
                        watch.hear(
                            message["epoch"], [(seq, body) for seq, body in message["events"]], message["before"]
                        )
                case "jobs.changed":
                    self.jobs.wake()
                case "access.changed":
                    self._look_at_rights.set()
        except Exception:
            logger.exception("a group message of type %r was not understood", message.get("type"))

    async def _sweep(self) -> None:
        """Compare all cursors with the log: a lost last message leaves no gap that would show it."""
        self.jobs.wake()
        watches = dict(self.watches)
        for watch in watches.values():
            watch.mark()
        try:
            async with asyncio.timeout(_LOG_PATIENCE):
                heads = await eventlog.awatch(list(watches))
        except (LogUnavailable, TimeoutError):
            self._log_is("away")
            return
        self._log_is("live")
        for job_id, watch in watches.items():
            watch.is_logged = job_id in heads
            if watch.is_logged:
                watch.compare(*heads[job_id])

    async def _sweep_rows(self) -> None:
        """Jobs that the log does not have (any more) may still change: by the recorder, or by a repair."""
        watches = {job_id: watch for job_id, watch in self.watches.items() if not watch.is_logged}
        if watches:
            for job_id, head in (await in_thread(rows.heads, list(watches))).items():
                watches[job_id].compare_row(*head)
        await self.jobs.look_for_deleted()

    def _log_is(self, state: Literal["live", "away"]) -> None:
        if state != self.log.state:
            logger.warning("the event log is %s", state)
            self.log.state = state
            self._tell_all()

    async def _tick(self) -> None:
        self._tell_all()

    def _tell_all(self) -> None:
        frame = frames.tick(self.log.state)
        for socket in list(self.sockets):
            socket.offer(frame)

    async def _close_unread(self) -> None:
        for socket in list(self.sockets):
            if socket.is_overdue():
                socket.close(CLOSE_UNREAD)

    # --- rights ---------------------------------------------------------------------------------------------

    async def _keep_looking_at_rights(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look_at_rights.wait(), ACCESS)
            self._look_at_rights.clear()
            try:
                await self._check_rights()
            except Exception:
                # Without a database nobody can log out or lose a right either.
                logger.warning("cannot look at who may see what", exc_info=True)
            await asyncio.sleep(0.2)  # a storm of messages is one look

    async def _check_rights(self) -> None:
        """Look at all sockets' sessions and rights again; otherwise they would stay what they were at first."""
        sockets = [(socket, socket.user) for socket in self.sockets]
        if not sockets:
            return
        known = {(socket.credential, id(user)): (socket.credential, user) for socket, user in sockets}
        followed = {job_id: watch.owner_id for job_id, watch in self.watches.items()}
        found = await in_thread(rows.rights, list(known.values()), followed, set(self.jobs.owners.values()))
        for job_id, owner_id in found.owners.items():
            if job_id in self.watches:
                self.watches[job_id].owner_id = owner_id
        for socket, before in sockets:
            if socket.credential not in found.users:
                socket.close(CLOSE_SIGNED_OUT)
                continue
            socket.user = found.users[socket.credential]
            for topic, follower in list(socket.followers.items()):
                if isinstance(follower, ListFollower):
                    self._check_list(follower, found, before)
                elif isinstance(follower, JobFollower) and follower.watch and follower.is_admitted:
                    owner_id = found.owners.get(follower.job_id, follower.watch.owner_id)
                    if not found.sees.get((socket.credential, owner_id), True):
                        socket.end(topic, "not_found", "you may no longer see this job")

    def _check_list(self, follower: ListFollower, found: rows.Rights, before: Any) -> None:
        if lost := found.lost.get(id(before)):
            latest_first = reversed(self.jobs.owners.items())
            follower.drop([job_id for job_id, owner_id in latest_first if owner_id in lost])
        if id(before) in found.gained:
            follower.begin_again()


async def _every(seconds: float, action: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await action()
        except Exception:
            logger.warning("%s failed, going on", getattr(action, "__name__", action), exc_info=True)


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def current() -> Hub:
    """The running loop's hub; started when first asked for."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
        _hubs[loop].start()
    return _hubs[loop]
