"""What is done to the instance: one fault at a time, each with the window in which it was felt."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis

from tests.nemesis.instance import WEB, WORKERS, Instance


@dataclass
class Fault:
    """One fault that was done."""

    name: str
    what: str
    began: float
    ended: float


class Nemesis:
    """Breaks one thing after the other, as its seed tells; `done` has what it did."""

    def __init__(self, instance: Instance, chance: random.Random, seconds: float) -> None:
        self.instance, self.chance = instance, chance
        self.done: list[Fault] = []
        # How often each is drawn, and for how long Redis and workers stand still: a short run has no minute for that.
        self._freeze = min(10.0, seconds / 12)
        self._long = min(60.0, seconds / 5)
        self.kinds: dict[str, tuple[float, Callable[[], str | None]]] = {
            "kill a pool process": (20, lambda: instance.kill_process(chance, recorder=False)),
            "kill a recorder": (20, lambda: instance.kill_process(chance, recorder=True)),
            "kill a worker": (20, lambda: self._kill(WORKERS)),
            "kill a daphne": (20, lambda: self._kill(WEB)),
            "end a worker": (4, lambda: self._kill(WORKERS, signal.SIGTERM)),
            "end a daphne": (4, lambda: self._kill(WEB, signal.SIGTERM)),
            "kill Redis": (6, self._kill_redis),
            "freeze Redis": (3, self._freeze_redis),
            "kill connections": (8, self._kill_connections),
            "cut connections": (4, self._cut_connections),
            "half-open connections": (2, self._half_open),
            "lose all data of Redis": (3, self._flush),
            "fill Redis": (3, self._fill_redis),
            "freeze a worker": (2, self._freeze_worker),
        }

    def run(self, seconds: float) -> None:
        """Break things for `seconds`; each kind is done once before any is drawn twice, while time lasts."""
        until = time.monotonic() + seconds
        first = list(self.kinds)
        self.chance.shuffle(first)
        while time.monotonic() < until:
            if first:
                name = first.pop()
            else:
                names = list(self.kinds)
                name = self.chance.choices(names, [self.kinds[name][0] for name in names])[0]
            began = time.time()
            if what := self.kinds[name][1]():
                self.done.append(Fault(name, what, began, time.time()))
            _wait(self.chance.uniform(0.5, 3))

    def _kill(self, parts: tuple[str, ...], number: signal.Signals = signal.SIGKILL) -> str | None:
        part = self.chance.choice(parts)
        self.instance.kill(part, number)
        _wait(self.chance.uniform(0, 2))
        self.instance.start(part)
        return part

    def _kill_redis(self) -> str:
        self.instance.kill("redis")
        _wait(self.chance.uniform(0, 3))
        self.instance.start("redis")
        return "kill -9, with its data"

    def _freeze_redis(self) -> str:
        self.instance.pause("redis")
        _wait(self._freeze)
        self.instance.resume("redis")
        return f"{self._freeze:.0f} s"

    def _kill_connections(self) -> str:
        kind = self.chance.choice(["normal", "pubsub"])
        return f"{self._redis().execute_command('CLIENT', 'KILL', 'TYPE', kind, 'SKIPME', 'yes')} of type {kind}"

    def _cut_connections(self) -> str:
        self.instance.proxy.reset()
        return "all through the proxy"

    def _half_open(self) -> str:
        self.instance.proxy.silence()
        _wait(self._long / 2)
        self.instance.proxy.reset()
        return f"{self._long / 2:.0f} s of silence on connections that stay"

    def _flush(self) -> str:
        self._redis().flushall()
        return "FLUSHALL"

    def _fill_redis(self) -> str:
        client = self._redis()
        used: Any = client.info("memory")
        client.config_set("maxmemory", max(1_000_000, used["used_memory"] // 2))
        _wait(3)
        client.config_set("maxmemory", 0)
        return "3 s without memory for another byte"

    def _freeze_worker(self) -> str:
        part = self.chance.choice(WORKERS)
        self.instance.pause(part)
        _wait(self._long)
        self.instance.resume(part)
        return f"{part}, {self._long:.0f} s"

    def _redis(self) -> redis.Redis:
        return self.instance.redis()


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)  # how long a fault lasts
