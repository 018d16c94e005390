"""What a terminal and the log files get: whole lines, each with its part's name."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

from project.logs import escaped

WIDTH = 8
LOG_BYTES, LOG_FILES = 10 * 1024 * 1024, 3
REMEMBERED_LINES = 30
LAST_SECONDS = 5.0  # what a part said earlier than that has nothing to do with its death
WAITING_LINES = 5000


class Console:
    """Standard output, shared by the supervisor and the threads that copy the parts' lines.

    Whoever started us may have stopped reading (a full pipe, a paused terminal). Then lines are dropped, and the log
    files go on: a part must never wait for its output to be read.
    """

    def __init__(self, to: int = 1) -> None:
        self._to = to
        self._lines: queue.Queue[str | None] = queue.Queue(WAITING_LINES)
        self._thread = threading.Thread(target=self._write, name="console", daemon=True)
        self._thread.start()

    def say(self, line: str, part: str = "taskcast") -> None:
        """Write one line with the name of who says it."""
        self.plain(f"{part:<{WIDTH}} | {line}")

    def plain(self, line: str) -> None:
        """Write the line as it is."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(line)

    def close(self, seconds: float = 1) -> None:
        """Give the last lines `seconds` to be read."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=seconds)
        self._thread.join(seconds)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            data = (line + "\n").encode(errors="replace")
            with contextlib.suppress(OSError):  # `make up | head`: nobody reads any more
                while data:
                    data = data[os.write(self._to, data) :]


class Output:
    """A part's output: each line goes to the console and to the part's log file, the last are remembered."""

    def __init__(self, name: str, console: Console, logs: Path, clock: Callable[[], float] = time.monotonic) -> None:
        logs.mkdir(mode=0o700, exist_ok=True)
        self._name = name
        self._console = console
        self._file = RotatingFileHandler(logs / f"{name}.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, delay=True)
        self._clock = clock
        self._last: deque[tuple[float, str]] = deque(maxlen=REMEMBERED_LINES)
        self._awaited: dict[str, threading.Event] = {}
        self._thread: threading.Thread | None = None

    def follow(self, pipe: IO[bytes]) -> None:
        """Copy what comes out of `pipe`, in a thread that ends with it."""
        self._last.clear()
        for seen in self._awaited.values():
            seen.clear()
        self._thread = threading.Thread(target=self._copy, args=(pipe,), name=f"{self._name}'s output", daemon=True)
        self._thread.start()

    def await_text(self, text: str) -> threading.Event:
        """An event that is set once a line holds `text`; ask before the part starts."""
        return self._awaited.setdefault(text, threading.Event())

    def last_words(self, count: int = 5) -> list[str]:
        """The lines of the last seconds, at most `count`, oldest first."""
        since = self._clock() - LAST_SECONDS
        return [line for time, line in self._last if time >= since and line.strip()][-count:]

    def drain(self) -> None:
        """Read what a dead part has left in the pipe."""
        if self._thread:
            self._thread.join(2)  # a grandchild in a session of its own may hold the pipe: don't wait for that one

    def close(self) -> None:
        """Read what is left, then close the log file."""
        self.drain()
        self._file.close()

    def _copy(self, pipe: IO[bytes]) -> None:
        with pipe:
            self._copy_lines(pipe)

    def _copy_lines(self, pipe: Iterable[bytes]) -> None:
        for raw in pipe:
            line = escaped(raw.decode(errors="replace").rstrip("\r\n"))
            self._last.append((self._clock(), line))
            for text, seen in self._awaited.items():
                if text in line:
                    seen.set()
            with contextlib.suppress(OSError):  # a full disk must not stop the part
                self._file.emit(logging.makeLogRecord({"msg": "%s", "args": (line,)}))
            self._console.say(line, self._name)
