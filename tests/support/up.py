"""`make up` as a user starts it, for tests of the start itself."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from project import embedded_redis
from tests.support.stack import ROOT, free_port, instance_env, wait_for

READY = re.compile(r"^Taskcast is ready: (http://\S+/)$")


class Up:
    """One `make up` in a session of its own, with its output kept as `lines` (standard output) and `errors`."""

    def __init__(self, home: Path | None = None, port: int | None = None, **variables: str) -> None:
        self.home = home or Path(tempfile.mkdtemp(prefix="tcu-", dir="/tmp"))
        self.port = port or free_port()
        self.env = instance_env(self.home, self.port) | {"WORKERS": "1"} | variables
        self.lines: list[str] = []
        self.errors: list[str] = []
        self.make = subprocess.Popen(
            ["make", "--no-print-directory", "up", f"PYTHON={sys.executable}"],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        for pipe, lines in ((self.make.stdout, self.lines), (self.make.stderr, self.errors)):
            threading.Thread(target=lambda p=pipe, kept=lines: kept.extend(iter(p.readline, "")), daemon=True).start()

    def ready(self, seconds: float = 90) -> str:
        """Wait for the ready line and return its address."""

        def address() -> str | None:
            assert self.make.poll() is None, self.told()
            return next((found[1] for line in self.lines if (found := READY.match(line.rstrip("\n")))), None)

        return self.until(address, "the ready line", seconds)

    def said(self, text: str) -> str:
        """Wait for a line that holds `text` and return it."""
        return self.until(lambda: next((line for line in [*self.lines, *self.errors] if text in line), None), text)

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
        """Like `wait_for`; where it fails, with what this instance has said."""
        try:
            return wait_for(condition, what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.told()}") from None

    def ended(self, seconds: float = 40) -> int:
        """Wait for the end and return make's exit code (negative: the signal)."""
        return self.make.wait(seconds)

    def interrupt(self) -> None:
        """Ctrl-C in a terminal: SIGINT to the foreground's whole process group."""
        os.killpg(self.make.pid, signal.SIGINT)

    def processes(self) -> dict[int, str]:
        """Every living process that has this instance's TASKCAST_HOME: id and command line."""
        mark = f"TASKCAST_HOME={self.home}".encode()
        # Redis writes its title over its environment.
        redis = f"unixsocket:{embedded_redis.socket_path(self.home)}"
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if redis in command or mark in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = command
            except OSError:
                continue  # gone, or somebody else's
        return found

    def part(self, text: str) -> int:
        """The id of the only process, not forked by another one of ours, whose command line holds `text`."""
        pid = self.running(text)
        assert pid, self.processes()
        return pid

    def running(self, text: str) -> int | None:
        """The same, or None while there is none."""
        found = {pid for pid, command in self.processes().items() if text in command}
        mains = [pid for pid in found if parent(pid) not in found]
        assert len(mains) < 2, self.processes()
        return mains[0] if mains else None

    def told(self) -> str:
        return "".join([*self.lines[-60:], *self.errors[-20:]])

    def gone(self) -> None:
        """Assert that no process of this instance is left."""
        wait_for(lambda: not self.processes(), "no process is left", 15)

    def remove(self) -> None:
        """End whatever is left and remove the folder."""
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.make.wait(10)
        for pipe in (self.make.stdout, self.make.stderr):
            assert pipe
            pipe.close()
        shutil.rmtree(self.home, ignore_errors=True)


def parent(pid: int) -> int:
    """The parent's id, 0 where the process is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
