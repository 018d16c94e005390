"""Starting a part: own session, no input, and it dies with whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

_CHILD = str(Path(__file__).with_name("child.py"))


def spawn(
    argv: Sequence[str],
    *,
    cwd: Path,
    out: int | IO[Any],
    env: Mapping[str, str] | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    keep_open: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `argv`, whose first word is a program's path, with standard output and error to `out`.

    The part leads a session of its own, so that a Ctrl-C in the terminal reaches the supervisor alone, which then
    stops its parts in order. `death_signal` is what the part is sent when the caller's thread ends without stopping it
    (Linux only). `keep_open` names file descriptors that the part keeps.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-S", _CHILD, str(os.getpid()), str(int(death_signal)), *argv],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=keep_open,
    )


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the part and everything in its session's group; nothing where it is gone."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def group_lives(process: subprocess.Popen[bytes]) -> bool:
    """Whether the part's session still has a process."""
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
