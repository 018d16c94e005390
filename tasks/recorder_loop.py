"""The recorder process's own loop: records without pause, hands over, and ends with its worker."""

import logging
import os
import signal
import threading
import time
from typing import Any

from django.db import DatabaseError, InterfaceError, connection

from tasks import children, epochs, leases, watch
from tasks.archive import compact_once
from tasks.complaints import Complaints
from tasks.eventlog import LogUnavailable
from tasks.recorder import look_for_garbage_less, record_once, recorder_lock
from tasks.retention import forget_once

logger = logging.getLogger(__name__)

# Seconds: between two looks, while another recorder has the lock, after an outage, and for what is left at
# the end.
_POLL = 0.1
_BUSY = 0.05  # more jobs in the next batch, not more batches: a batch of one job costs as much as one of twenty
_STANDBY = 0.5
_AWAY = 1.0
_FLUSH = 5.0
_TIDY_EVERY = 60.0


class RecorderLoop:
    """One of several recorders; the one that has the lock works."""

    def __init__(self) -> None:
        self._lock = recorder_lock()
        self._complaints = Complaints(logger)
        self._tidy_due = time.monotonic() + _TIDY_EVERY

    def run(self, ending: threading.Event, parent: int) -> None:
        """Record until `ending` is set or the process `parent` is gone; then what is left."""
        while not ending.is_set() and os.getppid() == parent:
            ending.wait(self.step())
        self.flush()

    def step(self) -> float:
        """Record once if it is our turn; returns the seconds to wait."""
        try:
            if not self._lock.hold():
                return _STANDBY
            recorded = record_once()
            children.tell()
            self._complaints.works("recording")
            if recorded:
                return _BUSY
            self._tidy()
            return _POLL
        except (LogUnavailable, DatabaseError, InterfaceError) as error:
            self._complaints.fails("recording", error)
            connection.close()
        except Exception as error:
            logger.exception("%s", error)
            self._complaints.fails("recording", error)
            connection.close()
        return _AWAY

    def _tidy(self) -> None:
        if time.monotonic() < self._tidy_due:
            return
        # What is to be forgotten first: an archive that cannot be tidied must not keep it.
        if not forget_once() and not self._compact():
            self._tidy_due = time.monotonic() + _TIDY_EVERY

    def _compact(self) -> int:
        try:
            compacted = compact_once()
        except (ValueError, LookupError) as error:  # a chunk that is no archive
            self._complaints.fails("tidying the archive", error)
            return 0
        self._complaints.works("tidying the archive")
        return compacted

    def flush(self) -> None:
        """Record what is left, for some seconds at most, and let the next recorder have the lock."""
        deadline = time.monotonic() + _FLUSH
        try:
            while time.monotonic() < deadline and self._lock.hold() and record_once():
                pass
        except (LogUnavailable, DatabaseError, InterfaceError) as error:
            self._complaints.fails("recording", error)
        self._lock.release()


def main(*, parent: int, lease_key: str, once: bool) -> int:
    """The process's life, once Django is set up; returns its exit code."""
    loop = RecorderLoop()
    if once:
        loop.flush()
        return 0
    ending = threading.Event()

    def end(*_: Any) -> None:
        ending.set()

    signal.signal(signal.SIGTERM, end)
    if lease_key:
        leases.prolong_in_thread(lease_key, lambda: os.getppid() == parent and leases.is_running(parent))
    try:
        epochs.ensure_open(2.0)
    except (LogUnavailable, DatabaseError, InterfaceError) as error:
        logger.warning("the event log is not open yet: %s", error)
    watch.run_in_thread()
    look_for_garbage_less()
    loop.run(ending, parent)
    watch.release()
    return 0
