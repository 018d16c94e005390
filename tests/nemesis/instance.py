"""What is broken: Redis, two workers, two web processes and beat; one worker and one web process behind a proxy.

That worker's clock is wrong besides: order and ends must not depend on what time it is anywhere.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tasks.leases import is_running
from tests.nemesis.proxy import Proxy
from tests.support.laid_out import lay_out
from tests.support.stack import Stack

TASKS = "tests.nemesis.tasks"
WEB = ("daphne", "daphne2")
WORKERS = ("worker", "worker2")
CLOCK_AHEAD = 90.0  # seconds, of worker2
_SKEWED = Path(__file__).parent / "skewed"


class Instance(Stack):
    """A stack of two of each, with alice, who may launch; `authorization` is the header that says that it is she."""

    def __init__(self) -> None:
        super().__init__(TASKCAST_APPS=TASKS, WORKERS="2")
        self.start("redis")
        self.proxy = Proxy(str(self.address.socket))
        behind = {"REDIS_URL": f"redis://127.0.0.1:{self.proxy.port}/0"}
        for part in ("worker2", "daphne2"):
            self.env_of[part] = {**self.env_of.get(part, {}), **behind}
        path = os.pathsep.join([str(_SKEWED), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.env_of["worker2"] |= {"PYTHONPATH": path, "TASKS_CLOCK_AHEAD": str(CLOCK_AHEAD)}

    def up(self) -> Instance:
        lay_out(self.home, self.env)
        everything = (*WEB, *WORKERS, "beat")
        for part in everything:
            self.start(part, wait=False)
        for part in everything:
            self.wait(part)
        self.user("alice", launch=True)
        self.authorization = f"Bearer {self.token('alice')}"
        return self

    def runs(self, part: str) -> bool:
        """Whether `part` was started and not killed since."""
        return part in self._running

    def running(self, parts: Sequence[str]) -> list[str]:
        """Those of `parts` that run."""
        return [part for part in parts if self.runs(part)]

    def start_dead(self) -> list[str]:
        """Start parts again that ended without being killed; returns how each of them had ended."""
        found = []
        for part, process in list(self._running.items()):
            if process.poll() is not None:
                found.append(f"{part} ended with {process.returncode}: {self.log(part)[-500:]}")
                del self._running[part]
                self.start(part)
        return found

    def processes(self, worker: str, *, recorder: bool) -> list[int]:
        """The recorder process of a worker, or those of its pool."""
        main = self.pid(worker)
        found = []
        with suppress(OSError):
            for child in Path(f"/proc/{main}/task/{main}/children").read_text().split():
                words = Path(f"/proc/{child}/cmdline").read_text()
                if ("--lease" in words) == recorder and is_running(int(child)):
                    found.append(int(child))
        return found

    def kill_process(self, chance: random.Random, *, recorder: bool) -> str | None:
        """Kill one process of a worker; what it was, or None where there is none."""
        worker = chance.choice(self.running(WORKERS) or [""])
        found = self.processes(worker, recorder=recorder) if worker else []
        if not found:
            return None
        pid = chance.choice(found)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return f"{worker}: {'recorder' if recorder else 'process'} {pid}"

    def down(self) -> None:
        self.proxy.close()
        super().down()
