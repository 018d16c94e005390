"""The parts of an instance and their command lines: the one place that knows their options."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass

# Larger frames than 64 KiB are neither read nor sent (the option caps both): frames of ours stay below.
LARGEST_FRAME = 64 * 1024

# What the parts log once they are ready. Their own lines, since somebody else's worker may answer a ping over a Redis
# that is shared, and somebody else's server at our port. The first two are written by project/start.py.
BEAT_READY = "beat: the schedule is read"
WORKER_READY = "worker: it takes jobs"
DAPHNE_LISTENS = "Listening on TCP address"

# Seconds that a worker may take for that: its recorder writes the last events into the database.
_HANDING_BACK = 8

DAPHNE_OPTIONS = (
    "--websocket-max-message-size", str(LARGEST_FRAME),
    "--websocket-max-frame-size", str(LARGEST_FRAME),
    "--ping-interval", "20",
    "--ping-timeout", "30",
    # A page's request never lasts longer; without it a hung database holds connections for ever.
    "--http-timeout", "60",
    "--application-close-timeout", "5",
    "--no-server-name",
    # The access log would show the welcome link's token.
    "--access-log", "/dev/null",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One process to keep alive."""

    name: str
    argv: Sequence[str]
    stop_seconds: float  # how long after TERM it may take; KILL after that
    death_signal: signal.Signals = signal.SIGKILL
    keep_open: tuple[int, ...] = ()
    ask_again: bool = False  # whether it may need a second TERM, and takes it well


def daphne(host: str, port: int) -> Part:
    """The web process."""
    command = [sys.executable, "-u", "-m", "daphne", *DAPHNE_OPTIONS]
    return Part("daphne", [*command, "-b", host, "-p", str(port), "project.asgi:application"], 8)


def worker(soft_seconds: float) -> Part:
    """A Celery worker; TERM lets running jobs end, for at most `soft_seconds`, and hands back what has not ended."""
    # Mingle and gossip only delay the start by seconds: revokes are our own flag, and no worker elects a leader.
    options = ["--loglevel", "INFO", "--without-mingle", "--without-gossip"]
    return Part("worker", [*_celery("worker"), *options], soft_seconds + _HANDING_BACK)


def beat() -> Part:
    """Celery beat, with the schedule in the database."""
    # Its handler raises SystemExit wherever it happens to be: during the start, the database's code once swallowed it.
    return Part("beat", [*_celery("beat"), "--loglevel", "INFO", "--pidfile="], 5, ask_again=True)


def redis(command: Sequence[str], lock_fd: int | None = None) -> Part:
    """The embedded Redis. TERM also when the supervisor was killed: it then still writes its last second to disk."""
    keep = () if lock_fd is None else (lock_fd,)
    return Part("redis", command, 10, death_signal=signal.SIGTERM, keep_open=keep)


def _celery(command: str) -> list[str]:
    return [sys.executable, "-u", "-m", "celery", "-A", "project", command]
