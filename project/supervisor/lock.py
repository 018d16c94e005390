"""One instance per TASKCAST_HOME, one Redis per data folder."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from project.supervisor.errors import CannotStart


def lock_home(home: Path) -> int:
    """Lock the folder for this process's life and return the descriptor; raises CannotStart where it is taken."""
    number = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.pread(number, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(number)
        raise CannotStart(
            f"TASKCAST_HOME {str(home)!r} is in use by the instance with process id {owner}: "
            "stop that one, or set another TASKCAST_HOME and PORT."
        ) from None
    os.truncate(number, 0)
    os.pwrite(number, f"{os.getpid()}\n".encode(), 0)
    return number


def lock_redis(folder: Path, seconds: float = 15) -> int:
    """Lock the embedded Redis's data and return the descriptor, for Redis itself to inherit.

    A Redis whose supervisor was killed still writes its last second: two on one append-only file would spoil it. The
    lock is held until the last process that has the descriptor is gone.
    """
    number = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number
        except OSError:
            if time.monotonic() > deadline:
                os.close(number)
                raise CannotStart(
                    f"the Redis of an earlier start still runs on {str(folder)!r}: end it, or set another home."
                ) from None
            time.sleep(0.05)
