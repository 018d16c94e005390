"""Keeps parts alive: starts them, restarts the dead with backoff, gives up on a crash loop, stops all in order."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from project.supervisor.console import Console, Output
from project.supervisor.errors import GaveUp
from project.supervisor.parts import Part
from project.supervisor.spawn import group_lives, signal_group, spawn

DEATHS, WINDOW = 5, 60.0  # so many deaths of one part within so many seconds end everything
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
GROUP_SECONDS = 3.0  # what a part's own children may take after it has ended
# Beat first, so that nothing new comes; Redis last, since all others speak to it until their end.
STOP_ORDER = ("beat", "worker", "daphne", "redis")


class Kept:
    """One part and its current process."""

    def __init__(self, part: Part, output: Output) -> None:
        self.part = part
        self.output = output
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths: deque[float] = deque()
        self.start_at = 0.0  # monotonic seconds; when it may start (again)


class Keeper:
    """The parts in the order in which they were added. One thread calls it, the same one always (see spawn)."""

    def __init__(self, root: Path, logs: Path, console: Console) -> None:
        self._root = root
        self._logs = logs
        self._console = console
        self._kept: list[Kept] = []

    def add(self, part: Part) -> Kept:
        """Take `part` into care; `tick` starts it."""
        kept = Kept(part, Output(part.name, self._console, self._logs))
        self._kept.append(kept)
        return kept

    def tick(self) -> None:
        """Start what is due and see who died; raises GaveUp at the fifth death of a part within a minute."""
        for kept in self._kept:
            if kept.process is None:
                if time.monotonic() >= kept.start_at:
                    self._start(kept)
            elif kept.process.poll() is not None:
                self._bury(kept)

    def stop(self, hurry: Callable[[], bool]) -> None:
        """End all parts in their order; `hurry` says whether to kill instead of waiting."""
        for kept in sorted(self._kept, key=lambda one: STOP_ORDER.index(one.part.name)):
            if kept.process is not None:
                self._end(kept, kept.process, hurry)
                kept.process = None
            kept.output.close()

    def _start(self, kept: Kept) -> None:
        process = spawn(
            kept.part.argv,
            cwd=self._root,
            out=subprocess.PIPE,
            death_signal=kept.part.death_signal,
            keep_open=kept.part.keep_open,
        )
        assert process.stdout is not None
        kept.process = process
        kept.output.follow(process.stdout)

    def _bury(self, kept: Kept) -> None:
        """Name the dead and set the time of its next start."""
        assert kept.process is not None
        signal_group(kept.process, signal.SIGKILL)  # its own children must not outlive it
        how = ended(kept.process.returncode)
        kept.process = None
        now = time.monotonic()
        kept.deaths.append(now)
        while now - kept.deaths[0] > WINDOW:
            kept.deaths.popleft()
        kept.output.drain()
        words = kept.output.last_words()
        count = len(kept.deaths)
        if count >= DEATHS:
            last = words[-1].strip() if words else "none"
            raise GaveUp(f"{kept.part.name} died {count} times within a minute, at last {how}; its last words: {last}")
        pause = min(FIRST_PAUSE * 2 ** (count - 1), LONGEST_PAUSE)
        kept.start_at = now + pause
        self._console.say(f"{kept.part.name} died ({how}); its last words:")
        for line in words or ["(none)"]:
            self._console.say(f"    {line}")
        self._console.say(
            f"{kept.part.name} starts again in {pause:g} s (death {count}; {DEATHS} in a minute end everything)"
        )

    def _end(self, kept: Kept, process: subprocess.Popen[bytes], hurry: Callable[[], bool]) -> None:
        """TERM to the main process, which ends its children itself; KILL to the whole group when time is up."""
        if process.poll() is None:
            self._console.say(f"stopping {kept.part.name}")
            process.terminate()
        patience = 1.0 if kept.part.ask_again else kept.part.stop_seconds
        self._until(lambda: process.poll() is not None, patience, hurry)
        if process.poll() is None and kept.part.ask_again:
            process.terminate()
            self._until(lambda: process.poll() is not None, kept.part.stop_seconds - patience, hurry)
        if process.poll() is None:
            why = "is killed, as you asked again" if hurry() else "did not stop in time and is killed"
            self._console.say(f"{kept.part.name} {why}")
            signal_group(process, signal.SIGKILL)
            process.wait()
        self._until(lambda: not group_lives(process), GROUP_SECONDS, hurry)
        signal_group(process, signal.SIGKILL)

    @staticmethod
    def _until(done: Callable[[], bool], seconds: float, hurry: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        while not done() and not hurry() and time.monotonic() < deadline:
            time.sleep(0.02)


def ended(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
