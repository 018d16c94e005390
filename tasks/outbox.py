"""What one attempt still has to get into the log, and what the log's answers mean for the attempt."""

import logging
import time
from collections.abc import Callable
from typing import Any

from tasks import eventlog, events
from tasks.attempt import Attempt
from tasks.eventlog import Change, LogUnavailable, Reply
from tasks.pace import Pace

logger = logging.getLogger(__name__)

# Seconds from one look at an attempt to the next.
INTERVAL = 0.05
# How often it is told sooner than its pace after it was told late, or not at all.
_AHEAD = 1
# Seconds between two looks whether somebody asked the job to stop, while the task itself reports nothing.
_CANCEL_POLL = 1.0


class Outbox:
    """What is collected is asked for unchanged until the log has answered; `tell` is given what was appended.

    For one thread at a time, the one whose turn it is to write.
    """

    def __init__(self, attempt: Attempt, tell: Callable[[str, Reply], object]) -> None:
        self.attempt = attempt
        self.opened_at = self._asked_at = time.monotonic()
        # When it is to be looked at again in any case, and until when all but a change of its state waits.
        self.due = self.opened_at + INTERVAL
        self._rests_until = self.opened_at
        self._pace = Pace(_AHEAD)
        self._pace.note(self.opened_at)  # its start
        # What bears the changes that have no answer yet.
        self.request: dict[str, Any] = {}
        self._changes: list[Change] = []
        # 1 is kept for laying the job down anew in a log that lost it.
        self._n = 2
        self._tell = tell
        self._is_late = False

    @property
    def waits(self) -> bool:
        """Whether something was asked for that has no answer yet."""
        return bool(self._changes)

    def is_urgent(self, now: float) -> bool:
        """Whether what the attempt says `now` goes out at once; it is `due` as soon as it may be told otherwise."""
        if now >= self._rests_until or self.attempt.is_urgent:
            return True
        self.due = self._rests_until
        return False

    def collect(self) -> bool:
        """Prepare `request` for what the attempt has to say; whether there is something."""
        return self._guarded(self._collect)

    def heed(self, reply: Reply) -> bool:
        """Heed the answer to `request`; whether there is more to ask for at once. Raises LogUnavailable."""
        return self._guarded(lambda: self._heed(reply))

    def look_for_cancel(self) -> None:
        """See now and then whether somebody asked the job to stop. Raises LogUnavailable."""
        attempt = self.attempt
        if self._asked_at < time.monotonic() - _CANCEL_POLL and not attempt.recording.cancelled:
            # An append of nothing: its answer bears the flag.
            self._look_at(eventlog.append(attempt.job_id, [], writer=attempt.writer, n=self._n, attempt=attempt.number))

    def _guarded(self, action: Callable[[], bool]) -> bool:
        try:
            return action()
        except LogUnavailable:
            raise
        except Exception:
            # Whatever it is, the thread lives on: without it every later job of this process would be mute.
            logger.exception("a report on job %s could not be written", self.attempt.job_id)
            self._go_on()
            return False

    def _collect(self) -> bool:
        attempt = self.attempt
        if not self._changes:
            self._changes = attempt.collect()
            if self._changes:
                self.request = eventlog.prepared(
                    attempt.job_id, self._changes, writer=attempt.writer, n=self._n, attempt=attempt.number
                )
            elif not attempt.ended:
                attempt.recording.listen()
        now = time.monotonic()
        if self.waits:
            self._pace.note(now)
            self._rests_until = now + self._pace.wait(now)
        self.due = max(now, self._rests_until) + INTERVAL
        return self.waits

    def _heed(self, reply: Reply) -> bool:
        attempt = self.attempt
        if reply.status == "absent":
            self._lay_down()
            return True
        self._tell(attempt.job_id, reply)
        self._look_at(reply)
        if reply.status == "final":
            self._tell_late_end()
        self._go_on()
        if not attempt.ended:
            attempt.recording.listen()
            return False
        # What was said before the end is not to wait.
        return self._collect()

    def _go_on(self) -> None:
        self._n, self._changes = self._n + len(self._changes), []

    def _lay_down(self) -> None:
        """The log lost this job and history had not recorded it: begin it anew with all that is known here."""
        attempt = self.attempt
        base = Change("state", {**attempt.known, "state": "started", "attempt": attempt.number})
        reply = eventlog.append(attempt.job_id, [base], writer=attempt.writer, n=1, attempt=attempt.number, create=True)
        self._tell(attempt.job_id, reply)

    def _look_at(self, reply: Reply) -> None:
        """Stop the attempt where the job is to be cancelled, was cancelled without it, or has another attempt."""
        self._asked_at = time.monotonic()
        attempt = self.attempt
        attempt.replaced |= reply.status == "fenced"
        if (reply.cancel is not None or attempt.replaced) and not attempt.recording.cancelled:
            attempt.recording.cancel()

    def _tell_late_end(self) -> None:
        """The job was given up, and the worker came back: how that ended is one line of the log."""
        late = [change.set["state"] for change in self._changes if "state" in change.set]
        if late and not self._is_late:
            self._is_late = True
            word = {"succeeded": "had succeeded", "failed": "had failed", "cancelled": "had stopped"}.get(late[-1])
            text = f"the worker came back and {word or 'went on'}"
            line = Change("log", lines=[{"time": events.now(), "level": "warning", "text": text}])
            attempt = self.attempt
            writer = f"{attempt.writer}.late"
            reply = eventlog.append(attempt.job_id, [line], writer=writer, n=1, attempt=attempt.number, late=True)
            self._tell(attempt.job_id, reply)
