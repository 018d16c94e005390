"""When to stop: signals, and the end of the `make` that started us."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import FrameType

# One wish to stop may arrive twice: a SIGTERM to the whole group reaches us, and make passes its own on.
ONE_WISH_SECONDS = 1.0


class Stopping:
    """Truthy once a stop was asked for; `hurry` once it was asked for again."""

    def __init__(self, under_make: bool) -> None:
        self._asked_at: float | None = None  # monotonic seconds
        self._again = False
        self._make = os.getppid() if under_make else None
        # `make up &` in a script: the shell has both ignore SIGINT, and make never catches it.
        self._make_caught = self._make is not None and _catches(self._make, signal.SIGINT)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup
            signal.signal(number, self._ask)

    def __bool__(self) -> bool:
        return self._asked_at is not None or self._make_is_over()

    def hurry(self) -> bool:
        """Whether the reader lost patience: a second Ctrl-C kills what a first one has asked to end."""
        return self._again

    def _ask(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at = now
        elif now - self._asked_at > ONE_WISH_SECONDS:
            self._again = True

    def _make_is_over(self) -> bool:
        """Whether `make` was killed, or interrupted alone.

        On Ctrl-C the terminal interrupts us too. A SIGINT sent to make alone it does not pass on: it only waits for
        us, having put the signal's handling back to the default, which can be seen from here (on Linux).
        """
        if self._make is None:
            return False
        if os.getppid() != self._make:
            return True
        return self._make_caught and not _catches(self._make, signal.SIGINT)


def _catches(process: int, number: signal.Signals) -> bool:
    """Whether the process has a handler for the signal; True where that cannot be known."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return True
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), None)
    return caught is None or bool(int(caught, 16) & (1 << (number - 1)))
