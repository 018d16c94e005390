"""The thread that speaks for a process: samples what tasks count, appends it to the log, tells the groups.

One per process, started after the fork and only when there is something to say. A task never waits for it and never
fails by it: what the log cannot take now waits here, progress merged to its latest, and goes out when Redis is back.
"""

import atexit
import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any

from tasks import broadcast, eventlog
from tasks.attempt import Attempt
from tasks.eventlog import LogUnavailable, Reply, Sent
from tasks.outbox import INTERVAL, Outbox
from tasks.progress import Recording, current

logger = logging.getLogger(__name__)

# Seconds from one flush to the next where tasks report all the time: what comes meanwhile shares its round trip.
_APART = 0.005
_RETRY_DELAY = 0.5
# Seconds for which the thread goes on looking after the last attempt.
_LINGER = 1.0
# Seconds between the end of one attempt and the begin of the next where jobs wait for the process. Who launches a job
# when the one before has ended is slower.
_BACK_TO_BACK = 0.002

# A job that somebody launched: the job, its owner's key, the queue, the schedule.
_Announcement = tuple[Mapping[str, Any], Any, str, str]


class Reporter:
    """This process's voice: `open` attempts, `announce` jobs, `echo` what others appended, `send` to groups."""

    def __init__(self) -> None:
        self._boxes: dict[int, Outbox] = {}
        self._keys = count()
        # Keys of boxes that have something to say at once; None: all are to be looked at.
        self._news: deque[int | None] = deque()
        self._announcements: deque[_Announcement] = deque()
        self._messages = broadcast.Messages()
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        # Held by the one thread that writes.
        self._turn = threading.Lock()
        # What is on its way to the log, ends (by key) and announcements, whose answers nobody has looked at yet.
        self._sent = Sent()
        # Whether the log leaves it to this process to tell those who follow.
        self._tells = False
        # Held for a moment where the two events change together, and where the thread is started.
        self._lock = threading.Lock()
        self._busy_at = self._ended_at = float("-inf")
        self._beats = False
        self._thread: threading.Thread | None = None
        self._unavailable = False

    # --- called from anywhere; none of these waits for long or raises

    def open(
        self,
        job_id: str,
        number: int,
        *,
        base: Mapping[str, Any],
        outputs: list[dict[str, Any]] | None = None,
        secrets: tuple[str, ...] = (),
    ) -> Attempt:
        """Begin to report an attempt; `base` is what is known of the job (fields of the job dict), `outputs` what
        earlier attempts put out, `secrets` the texts to mask."""
        key = next(self._keys)
        attempt = Attempt(
            job_id,
            number,
            base=base,
            wake=partial(self._hear, key),
            finish=partial(self.finish, key),
            outputs=outputs,
            secrets=secrets,
        )
        self._boxes[key] = Outbox(attempt, self._echo)
        attempt.recording.listen()
        if not self._beats:
            self.wake()
        return attempt

    def announce(self, job: Mapping[str, Any], owner_id: Any, queue: str, schedule: str) -> None:
        """Make a job known that somebody launched without us, by a message in `queue`; "" for no `schedule`.

        On its way to the log when this returns, if the log answers: whoever asks for the job then is told of it.
        """
        announcement = (job, owner_id, queue, schedule)
        request = eventlog.announcement(job, owner_id=owner_id, queue=queue, schedule=schedule)
        is_sent = not self._announcements and self._send(announcement, lambda: request)
        if not is_sent:
            self._announcements.append(announcement)
        if not is_sent or not self._beats:
            self.wake()

    def echo(self, job_id: str, reply: Reply) -> None:
        """Tell the readers of a job, if there are any, what was appended to its log by somebody else's hand."""
        if self._echo(job_id, reply):
            self.wake()

    def changed(self, change: int) -> None:
        """Tell the lists of jobs that the rows up to `change` are committed."""
        self.send(broadcast.JOBS, {"type": "jobs.changed", "change": change})

    def send(self, group: str, message: dict[str, Any]) -> None:
        """Send a message to a group, best effort."""
        self._messages.add(group, message)
        self.wake()

    def finish(self, key: int) -> None:
        """Send what is left of an attempt that has ended, in the thread that ran it: to hand it over takes longer.

        The log's answer is looked at in the next flush; until then the box is kept. The reporter's thread does all of
        it where that one is writing, where the log is away, or where those who follow wait to be told. Where jobs come
        back to back, ends wait for that flush, and go out together.
        """
        box = self._boxes[key]
        in_a_row = 0 <= box.opened_at - self._ended_at < _BACK_TO_BACK
        self._ended_at = time.monotonic()
        if in_a_row and self._beats:
            return
        if self._tells or not self._send(key, lambda: box.request if not box.waits and box.collect() else None):
            self._hear(key)

    def _send(self, whose: int | _Announcement, prepare: Callable[[], dict[str, Any] | None]) -> bool:
        """Send a request whose answer is looked at in the next flush; False where there is none, where another thread
        is writing, or where the log does not take it."""
        if not self._turn.acquire(blocking=False):
            return False
        try:
            if (request := prepare()) is not None:
                self._sent.send(whose, request)
            return request is not None
        except LogUnavailable as error:
            logger.debug("a report has to wait: %s", error)
            return False
        finally:
            self._turn.release()

    def attempt_of(self, recording: Recording | None) -> Attempt | None:
        """The attempt that `recording` counts for."""
        for box in list(self._boxes.values()):
            if box.attempt.recording is recording:
                return box.attempt
        return None

    def _hear(self, key: int) -> None:
        """An attempt has something to say that does not wait until it is looked at again."""
        self._news.append(key)
        self.wake()

    def wake(self) -> None:
        """Have the thread look now."""
        with self._lock:
            self._idle.clear()
            self._wake.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="taskcast-reporter", daemon=True)
                self._thread.start()

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all is out, at most `timeout` seconds; whether it is."""
        if self._thread is None:
            return True
        self._news.append(None)
        self.wake()
        return self._idle.wait(timeout)

    # --- the thread

    def _run(self) -> None:
        flushed_at = float("-inf")
        while True:
            self._wake.wait(self._until_next() if self._keep_beating() else None)
            if (rest := flushed_at + _APART - time.monotonic()) > 0:
                time.sleep(rest)
            self._wake.clear()
            flushed_at = time.monotonic()
            try:
                with self._turn:
                    self._flush()
                self._messages.send()
                self._unavailable = False
            except LogUnavailable as error:
                self._note_unavailable(error)
                time.sleep(_RETRY_DELAY)
                self._news.append(None)
                self._wake.set()
                continue
            with self._lock:
                if not self._wake.is_set():
                    self._idle.set()

    def _keep_beating(self) -> bool:
        """Whether to look again after a beat: while something is being counted, and for a while after. Else only when
        woken; states never wait for the beat."""
        # In this order: whoever opens an attempt meanwhile is seen here, or sees that he has to wake.
        self._beats = False
        now = time.monotonic()
        if self._boxes or self._sent:
            self._busy_at = now
        # Where one short job follows the other, none has to pay for waking the thread.
        self._beats = now - self._busy_at < _LINGER
        return self._beats

    def _until_next(self) -> float:
        """Seconds until the next attempt is to be looked at."""
        due = min((box.due for box in list(self._boxes.values())), default=INTERVAL + time.monotonic())
        return min(INTERVAL, max(0.0, due - time.monotonic()))

    def _flush(self) -> None:
        self._look_at_answers()
        while self._announcements:
            job, owner_id, queue, schedule = self._announcements[0]
            self._echo(job["id"], eventlog.announce(job, owner_id=owner_id, queue=queue, schedule=schedule))
            self._announcements.popleft()
        boxes = self._to_be_looked_at()
        ended = [key for key, box in boxes.items() if box.attempt.ended]
        self._write(list(boxes.values()))
        for key in ended:
            del self._boxes[key]
        for box in boxes.values():
            box.look_for_cancel()

    def _look_at_answers(self) -> None:
        """Heed the answers to what was sent without waiting. What has none is written anew."""
        ends = []
        for whose, reply in self._sent.replies():
            if isinstance(whose, int):
                ends.append((whose, reply))
            elif reply is not None:
                self._echo(whose[0]["id"], reply)
            else:
                self._announcements.append(whose)
        for key, reply in ends:
            if reply is None or self._boxes[key].heed(reply):
                self._news.append(key)
            else:
                del self._boxes[key]

    def _to_be_looked_at(self) -> dict[int, Outbox]:
        """Those with news, and whose time has come: of two hundred attempts few at a time."""
        news = {self._news.popleft() for _ in range(len(self._news))}
        everybody = dict(self._boxes)
        if None in news:
            return everybody
        now = time.monotonic()
        return {
            key: box
            for key, box in everybody.items()
            if box.due <= now or box.attempt.ended or (key in news and box.is_urgent(now))
        }

    def _write(self, boxes: list[Outbox]) -> None:
        """Append what the attempts have to say, of all of them in one round trip."""
        waiting = [box for box in boxes if box.collect()]
        while waiting:
            replies = eventlog.run_all([box.request for box in waiting])
            waiting = [box for box, reply in zip(waiting, replies, strict=True) if box.heed(reply)]

    def _echo(self, job_id: str, reply: Reply) -> bool:
        # Whoever begins to follow the job now reads what nobody is told of: decision 15.
        waits = reply.watched and not reply.told
        if waits:
            self._tells = True
            message = broadcast.events_message(job_id, reply.epoch, reply.written, reply.before)
            self._messages.add(broadcast.job_group(job_id), message)
        return waits

    def _note_unavailable(self, error: LogUnavailable) -> None:
        if not self._unavailable:
            logger.warning("reports wait: %s", error)
        self._unavailable = True


_reporter: tuple[int, Reporter] | None = None


def reporter() -> Reporter:
    """This process's reporter; a forked child gets its own."""
    global _reporter
    if _reporter is None or _reporter[0] != os.getpid():
        _reporter = (os.getpid(), Reporter())
        atexit.register(flush)
    return _reporter[1]


@contextlib.contextmanager
def speaking(other: Reporter) -> Iterator[None]:
    """Have `other` be this process's reporter meanwhile: for tests of tasks."""
    global _reporter
    before, _reporter = _reporter, (os.getpid(), other)
    try:
        yield
    finally:
        _reporter = before


def flush(timeout: float = 5.0) -> bool:
    """Wait until this process has said everything, at most `timeout` seconds; whether it has."""
    if _reporter is None or _reporter[0] != os.getpid():
        return True
    return _reporter[1].flush(timeout)


def current_attempt() -> Attempt | None:
    """The attempt that the running code belongs to; None outside of a job."""
    recording = current()
    return reporter().attempt_of(recording) if recording is not None else None
