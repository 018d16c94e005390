"""The peers' processes: a Redis of their own, started as ours is, and what a figure asks for beside it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from project.supervisor.parts import DAPHNE_OPTIONS
from project.supervisor.spawn import signal_group, spawn
from tests.support.interpreter import Interpreter
from tests.support.redis import RedisServer
from tests.support.stack import ROOT, free_port, wait_for

_TERM_SECONDS = 5.0


class Peers:
    """Processes without Taskcast, in a folder of their own, all on one Redis. A context manager.

    `pid` and `port` are told by name: "daphne", "worker", "flower", "bare server".
    """

    def __init__(self, **variables: str) -> None:
        self._redis = RedisServer()
        self.address = self._redis.address
        self.env = os.environ | {
            "PEER_HOME": str(self._redis.home),
            "PEER_REDIS": self.address.url,
            "PEER_BROKER": self.address.broker_url,
            "DJANGO_SETTINGS_MODULE": "bench.peers.site",
            **variables,
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ports: dict[str, int] = {}
        self._interpreter: Interpreter | None = None

    def __enter__(self) -> Peers:
        self._redis.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._interpreter:
            self._interpreter.close()
        for name in list(self._running):
            self.stop(name)
        self._redis.stop()

    def start_daphne(self, name: str = "daphne") -> None:
        """daphne with the plain consumer and celery-progress, with the options of ours."""
        port = self._ports[name] = free_port()
        application = "bench.peers.application:application"
        self._start(name, ["-m", "daphne", *DAPHNE_OPTIONS, "-b", "127.0.0.1", "-p", str(port), application])
        self._wait_for_port(name)

    def start_worker(self, *options: str, name: str = "worker", pool: int = 2) -> None:
        """A bare Celery worker with a pool of so many processes; `-E` among the options is what Flower needs."""
        argv = ["-m", "celery", "-A", "bench.peers.site:app", "worker", "--loglevel", "INFO"]
        argv += ["--without-mingle", "--without-gossip", "--concurrency", str(pool), "--hostname", f"{name}@%h"]
        self._start(name, [*argv, *options])
        wait_for(lambda: " ready." in self.log(name), f"{name} is ready", 60)

    def start_flower(self, name: str = "flower") -> None:
        """Flower, with 10,000 tasks kept (its default)."""
        port = self._ports[name] = free_port()
        argv = ["-m", "celery", "-A", "bench.peers.site:app", "flower", "--address=127.0.0.1", f"--port={port}"]
        self._start(name, argv)
        self._wait_for_port(name)

    def start_bare_server(self, channel: str, name: str = "bare server") -> None:
        """The websocket server of asyncio alone, which passes on what Redis' `channel` bears."""
        port = self._ports[name] = free_port()
        self._start(name, ["-m", "bench.peers.bare_server", str(port), self.address.url, channel])
        wait_for(lambda: "ready" in self.log(name), f"{name} is ready")

    def stop(self, name: str) -> None:
        """End this one."""
        process = self._running.pop(name)
        process.terminate()
        try:
            process.wait(_TERM_SECONDS)
        except subprocess.TimeoutExpired:
            signal_group(process, signal.SIGKILL)
            process.wait()

    def pid(self, name: str) -> int:
        """The process id of its main process."""
        return self._running[name].pid

    def port(self, name: str) -> int:
        """The port on which it listens."""
        return self._ports[name]

    def run(self, code: str, **names: Any) -> Any:
        """Run code in a kept interpreter of the peers' project; its variable `answer` (JSON)."""
        if self._interpreter is None:
            self._interpreter = Interpreter(ROOT, self.env)
        return self._interpreter.run(code, names)

    def log(self, name: str) -> str:
        """What it has printed."""
        path = self._log(name)
        return path.read_text(errors="replace") if path.exists() else ""

    def _start(self, name: str, argv: Sequence[str]) -> None:
        with self._log(name).open("ab") as out:
            self._running[name] = spawn([sys.executable, "-u", *argv], cwd=ROOT, env=self.env, out=out)

    def _wait_for_port(self, name: str) -> None:
        def answers() -> bool:
            if self._running[name].poll() is not None:
                raise AssertionError(f"{name} ended:\n{self.log(name)[-3000:]}")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self._ports[name])) == 0

        wait_for(answers, f"{name} listens", 60)

    def _log(self, name: str) -> Path:
        return self._redis.home / f"{name}.log"


def cpu_seconds(pid: int, *, children: bool = False) -> float:
    """Seconds of processor time that the process has used; with those of its living children, if asked."""
    process = psutil.Process(pid)
    found = [process, *(process.children(recursive=True) if children else [])]
    return sum(times.user + times.system for times in (each.cpu_times() for each in found))


def resident(pid: int) -> int:
    """Bytes of memory that the process holds now."""
    return int(psutil.Process(pid).memory_info().rss)
