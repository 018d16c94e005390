"""What is done to the instance: one fault at a time, each with the window in which it was felt.

They are dealt like cards: in a deck each kind is there so many times, and the first deck begins with one of each, so
that a short run has every kind, and a long one each as often as any other with the same number.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import redis

from tests.nemesis import rude
from tests.nemesis.instance import WEB, WORKERS, Instance


@dataclass
class Fault:
    """One fault that was done."""

    name: str
    what: str
    began: float
    ended: float


class Nemesis:
    """Breaks one thing after the other, as its seed tells; `done` has what it did, `wrong` what was not borne well."""

    def __init__(self, instance: Instance, chance: random.Random, seconds: float) -> None:
        self.instance, self.chance = instance, chance
        self.done: list[Fault] = []
        self.wrong: list[str] = []
        self.died: list[str] = []  # parts that ended by themselves, and were started again as a supervisor would
        self.jobs: Callable[[], list[str]] = list  # that are worth being followed
        # For how long Redis and workers stand still: a short run has no minute for that.
        self._freeze = min(10.0, seconds / 12)
        self._long = min(60.0, seconds / 5)
        # How often each is in a deck; those that take a minute are only in the first.
        self.kinds: dict[str, tuple[int, Callable[[], str | None]]] = {
            "kill a pool process": (14, lambda: instance.kill_process(chance, recorder=False)),
            "kill a recorder": (14, lambda: instance.kill_process(chance, recorder=True)),
            "kill a worker": (11, lambda: self._kill(WORKERS)),
            "kill a daphne": (11, lambda: self._kill(WEB)),
            "end a worker": (2, lambda: self._kill(WORKERS, signal.SIGTERM)),
            "end a daphne": (2, lambda: self._kill(WEB, signal.SIGTERM)),
            "kill Redis": (3, self._kill_redis),
            "freeze Redis": (1, self._freeze_redis),
            "kill connections": (3, self._kill_connections),
            "cut connections": (2, self._cut_connections),
            "half-open connections": (0, self._half_open),
            "lose all data of Redis": (2, self._flush),
            "fill Redis": (1, self._fill_redis),
            "freeze a worker": (0, self._freeze_worker),
            "clients that read nothing": (1, self._read_nothing),
            "a client that floods": (1, self._flood),
        }

    def run(self, seconds: float) -> None:
        """Break things for `seconds`."""
        until = time.monotonic() + seconds
        cards = self._cards()
        while time.monotonic() < until:
            self.died += self.instance.start_dead()
            name = next(cards)
            began = time.time()
            if what := self.kinds[name][1]():
                self.done.append(Fault(name, what, began, time.time()))
            _wait(self.chance.uniform(0.5, 3))
        self.died += self.instance.start_dead()

    def _cards(self) -> Iterator[str]:
        deck = list(self.kinds)
        self.chance.shuffle(deck)
        yield from deck
        deck = [name for name, (times, _) in self.kinds.items() for _ in range(times)]
        while True:
            self.chance.shuffle(deck)
            yield from deck

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

    def _read_nothing(self) -> str | None:
        jobs, part = self.jobs()[-30:], self._web()
        return part and rude.follow_and_read_nothing(self.instance.ports[part], self.instance.authorization, jobs, 3)

    def _flood(self) -> str | None:
        if not (part := self._web()):
            return None
        what, is_right = rude.flood(self.instance.ports[part], self.instance.authorization)
        if not is_right:
            self.wrong.append(f"{part}: {what}")
        return what

    def _web(self) -> str | None:
        running = self.instance.running(WEB)
        return self.chance.choice(running) if running else None

    def _redis(self) -> redis.Redis:
        return self.instance.redis()


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)  # how long a fault lasts
