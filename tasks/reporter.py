"""The thread that speaks for a process: samples what tasks count, appends it to the log, tells the groups.

One per process, started after the fork and only when there is something to say. A task never waits for it and never
fails by it: what the log cannot take now waits here, progress merged to its latest, and goes out when Redis is back.
"""

import asyncio
import atexit
import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tasks import broadcast, eventlog, events
from tasks.attempt import Attempt
from tasks.eventlog import Change, LogUnavailable, Reply, Sent
from tasks.progress import Recording, current

logger = logging.getLogger(__name__)

# Seconds between two flushes: at most 20 a second.
INTERVAL = 0.05
# Seconds between two looks whether somebody asked the job to stop, while the task itself reports nothing.
_CANCEL_POLL = 1.0
_RETRY_DELAY = 0.5
# Seconds for which the thread goes on looking after the last attempt.
_LINGER = 1.0
_SEND_TIMEOUT = 2.0


# A job that somebody launched: the job, its owner's key, the queue, the schedule.
_Announcement = tuple[Mapping[str, Any], Any, str, str]


@dataclass
class _Outbox:
    """What one attempt still has to get into the log. `sent` is repeated unchanged until the log has answered."""

    attempt: Attempt
    # 1 is kept for laying the job down anew in a log that lost it.
    n: int = 2
    sent: list[Change] = field(default_factory=list)
    request: dict[str, Any] = field(default_factory=dict)  # that bears them
    asked_at: float = 0.0
    state_refused: bool = False


class Reporter:
    """This process's voice: `open` attempts, `announce` jobs, `echo` what others appended, `send` to groups."""

    def __init__(self) -> None:
        self._boxes: dict[int, _Outbox] = {}
        self._announcements: deque[_Announcement] = deque()
        self._messages: deque[tuple[str, dict[str, Any]]] = deque()
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        # Held by the one thread that writes.
        self._turn = threading.Lock()
        # What is on its way to the log: attempts' ends and announcements, whose answers nobody has looked at yet.
        self._sent = Sent()
        # Whether the log leaves it to this process to tell those who follow.
        self._tells = False
        # Held for a moment where the two events change together, and where the thread is started.
        self._lock = threading.Lock()
        self._busy_at = float("-inf")
        self._beats = False
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unavailable = False

    # --- called from anywhere; none of these waits or raises

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
        attempt = Attempt(
            job_id, number, base=base, wake=self.wake, finish=self.finish, outputs=outputs, secrets=secrets
        )
        self._boxes[id(attempt)] = _Outbox(attempt, asked_at=time.monotonic())
        attempt.recording.listen()
        if not self._beats:
            self.wake()
        return attempt

    def announce(self, job: Mapping[str, Any], owner_id: Any, queue: str, schedule: str) -> None:
        """Make a job known that somebody launched without us, by a message in `queue`; "" for no `schedule`.

        On its way to the log when this returns, if the log answers: whoever asks for the job then is told of it.
        """
        announcement = (job, owner_id, queue, schedule)
        is_sent = False
        if not self._announcements and self._turn.acquire(blocking=False):
            try:
                is_sent = self._send(
                    announcement, eventlog.announcement(job, owner_id=owner_id, queue=queue, schedule=schedule)
                )
            finally:
                self._turn.release()
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
        self._messages.append((group, message))
        self.wake()

    def finish(self, attempt: Attempt) -> None:
        """Send what is left of an attempt that has ended, in the thread that ran it: to hand it over takes longer.

        The log's answer is looked at in the next beat; until then the attempt's box is kept. The reporter's thread does
        all of it where that one is writing, where the log is away, or where those who follow wait to be told.
        """
        box = self._boxes[id(attempt)]
        is_sent = False
        if not self._tells and self._turn.acquire(blocking=False):
            try:
                is_sent = not box.sent and self._guarded(box, self._collect) and self._send(box, box.request)
            finally:
                self._turn.release()
        if not is_sent:
            self.wake()

    def _send(self, whose: _Outbox | _Announcement, request: dict[str, Any]) -> bool:
        """Send a request whose answer is looked at in the next beat; False where the log does not take it."""
        try:
            self._sent.send(whose, request)
        except LogUnavailable as error:
            logger.debug("a report has to wait: %s", error)
            return False
        return True

    def attempt_of(self, recording: Recording | None) -> Attempt | None:
        """The attempt that `recording` counts for."""
        for box in list(self._boxes.values()):
            if box.attempt.recording is recording:
                return box.attempt
        return None

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
        self.wake()
        return self._idle.wait(timeout)

    # --- the thread

    def _run(self) -> None:
        self._loop = asyncio.new_event_loop()
        while True:
            self._wake.wait(INTERVAL if self._keep_beating() else None)
            self._wake.clear()
            try:
                with self._turn:
                    self._flush()
                self._speak()
                self._unavailable = False
            except LogUnavailable as error:
                self._note_unavailable(error)
                time.sleep(_RETRY_DELAY)
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

    def _flush(self) -> None:
        self._look_at_answers()
        while self._announcements:
            job, owner_id, queue, schedule = self._announcements[0]
            self._echo(job["id"], eventlog.announce(job, owner_id=owner_id, queue=queue, schedule=schedule))
            self._announcements.popleft()
        boxes = dict(self._boxes)
        ended = [key for key, box in boxes.items() if box.attempt.ended]
        self._write(list(boxes.values()))
        for key in ended:
            del self._boxes[key]
        self._look_for_cancels()

    def _look_at_answers(self) -> None:
        """Heed the answers to what was sent without waiting. What has none is written anew."""
        ends = []
        for whose, reply in self._sent.replies():
            if isinstance(whose, _Outbox):
                ends.append((whose, reply))
            elif reply is not None:
                self._echo(whose[0]["id"], reply)
            else:
                self._announcements.append(whose)
        for box, reply in ends:
            if reply is not None:
                self._guarded(box, partial(self._go_on, reply=reply))

    def _write(self, boxes: list[_Outbox]) -> None:
        """Append what the attempts have to say, of all of them in one round trip."""
        waiting = [box for box in boxes if self._guarded(box, self._collect)]
        while waiting:
            replies = eventlog.run_all([box.request for box in waiting])
            answered = zip(waiting, replies, strict=True)
            waiting = [box for box, reply in answered if self._guarded(box, partial(self._go_on, reply=reply))]

    def _guarded(self, box: _Outbox, action: Callable[[_Outbox], bool]) -> bool:
        try:
            return action(box)
        except LogUnavailable:
            raise
        except Exception:
            # Whatever it is, the thread lives on: without it every later job of this process would be mute.
            logger.exception("a report on job %s could not be written", box.attempt.job_id)
            box.n, box.sent = box.n + len(box.sent), []
            return False

    def _collect(self, box: _Outbox) -> bool:
        """Prepare what the attempt has to say; whether there is something."""
        attempt = box.attempt
        if not box.sent:
            box.sent = attempt.collect()
            if box.sent:
                box.request = eventlog.prepared(
                    attempt.job_id, box.sent, writer=attempt.writer, n=box.n, attempt=attempt.number
                )
            elif not attempt.ended:
                attempt.recording.listen()
        return bool(box.sent)

    def _go_on(self, box: _Outbox, reply: Reply) -> bool:
        """Heed the log's answer; whether there is more to append at once."""
        attempt = box.attempt
        if reply.status == "absent":
            self._lay_down(attempt)
            return True
        self._echo(attempt.job_id, reply)
        self._look_at(box, reply)
        if reply.status == "final":
            self._tell_late_end(box)
        box.n, box.sent = box.n + len(box.sent), []
        # What was counted meanwhile has time until the next beat; what was said before the end has not.
        return attempt.ended and self._collect(box)

    def _lay_down(self, attempt: Attempt) -> None:
        """The log lost this job and history had not recorded it: begin it anew with all that is known here."""
        base = Change("state", {**attempt.known, "state": "started", "attempt": attempt.number})
        reply = eventlog.append(attempt.job_id, [base], writer=attempt.writer, n=1, attempt=attempt.number, create=True)
        self._echo(attempt.job_id, reply)

    def _tell_late_end(self, box: _Outbox) -> None:
        """The job was given up, and the worker came back: how that ended is one line of the log."""
        late = [change.set["state"] for change in box.sent if "state" in change.set]
        if late and not box.state_refused:
            box.state_refused = True
            word = {"succeeded": "had succeeded", "failed": "had failed", "cancelled": "had stopped"}.get(late[-1])
            text = f"the worker came back and {word or 'went on'}"
            line = Change("log", lines=[{"time": events.now(), "level": "warning", "text": text}])
            attempt = box.attempt
            writer = f"{attempt.writer}.late"
            self._echo(
                attempt.job_id,
                eventlog.append(attempt.job_id, [line], writer=writer, n=1, attempt=attempt.number, late=True),
            )

    def _look_at(self, box: _Outbox, reply: Reply) -> None:
        """Stop the attempt where the job is to be cancelled, was cancelled without it, or has another attempt."""
        box.asked_at = time.monotonic()
        attempt = box.attempt
        attempt.replaced |= reply.status == "fenced"
        if (reply.cancel is not None or attempt.replaced) and not attempt.recording.cancelled:
            attempt.recording.cancel()

    def _look_for_cancels(self) -> None:
        due = time.monotonic() - _CANCEL_POLL
        for box in list(self._boxes.values()):
            if box.asked_at < due and not box.attempt.recording.cancelled:
                # An append of nothing: its answer bears the flag.
                self._look_at(
                    box,
                    eventlog.append(
                        box.attempt.job_id, [], writer=box.attempt.writer, n=box.n, attempt=box.attempt.number
                    ),
                )

    def _echo(self, job_id: str, reply: Reply) -> bool:
        # Whoever begins to follow the job now reads what nobody is told of: decision 15.
        waits = reply.watched and not reply.told
        if waits:
            self._tells = True
            message = broadcast.events_message(job_id, reply.epoch, reply.written, reply.before)
            self._messages.append((broadcast.job_group(job_id), message))
        return waits

    def _speak(self) -> None:
        assert self._loop is not None
        batch = [self._messages.popleft() for _ in range(len(self._messages))]
        if batch:
            self._loop.run_until_complete(self._send_all(batch))

    async def _send_all(self, batch: list[tuple[str, dict[str, Any]]]) -> None:
        # Group messages are echoes: readers who miss one find it in the log within 2 s.
        try:
            async with asyncio.timeout(_SEND_TIMEOUT):
                for group, message in batch:
                    await broadcast.send(group, message)
        except Exception as error:
            logger.debug("a group message was not sent: %s", error)

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
