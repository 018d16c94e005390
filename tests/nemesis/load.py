"""Launching jobs of every kind, and noting what was acknowledged."""

from __future__ import annotations

import random
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.nemesis.instance import TASKS, WEB, Instance

_KIND = re.compile("[0-9a-f-]{36}")


@dataclass
class Launch:
    """One acknowledged job: what it should return, or the error it should end with."""

    id: str
    task: str
    at: float
    result: Any = None
    error: str | None = None
    cancelled: bool = False


class Load(threading.Thread):
    """Launches until `stop`, about `rate` jobs a second, by API and from a shell, and cancels some."""

    def __init__(self, instance: Instance, chance: random.Random, rate: float) -> None:
        super().__init__(name="load", daemon=True)
        self.instance, self.chance, self.rate = instance, chance, rate
        self.launched: dict[str, Launch] = {}
        self.refused: dict[str, int] = {}
        self.latencies: list[tuple[float, float, str]] = []  # (began, seconds, path)
        self.on_launch: Callable[[str], None] = lambda job_id: None
        self.error: BaseException | None = None
        self._over = threading.Event()
        self._clients = {
            part: httpx.Client(
                base_url=f"http://127.0.0.1:{instance.ports[part]}/api/v1/",
                headers={"Authorization": instance.authorization},
                timeout=20,
            )
            for part in WEB
        }

    def stop(self) -> None:
        """Launch nothing more."""
        self._over.set()
        self.join(30)

    def run(self) -> None:
        try:
            while not self._over.wait(self.chance.expovariate(self.rate)):
                self._one()
        except BaseException as error:
            self.error = error
            raise

    def _one(self) -> None:
        path = self.instance.home / uuid.uuid4().hex
        n = self.chance.randrange(10, 150)
        task, args, result, error = self.chance.choice(
            [
                ("count", {"to": n}, n, None),
                ("count_again", {"to": 2 * n}, 2 * n, None),
                ("fail", {"text": f"broken {n}"}, None, "ValueError"),
                ("flaky", {"until": 2}, 1, None),
                ("outputs", {"rows": 20}, {"long": "x" * 20_000}, None),
                ("parent", {}, ..., None),
                ("die_once", {"path": str(path)}, "the second time", None),
                ("burst", {"lines": 2000}, 2000, None),
                ("double", {"x": n}, 2 * n, None),
            ]
        )
        if self.chance.random() < 0.1 and self._from_shell(task, args):
            return
        launch = self.launch(task, args, result, error)
        if launch and self.chance.random() < 0.08:
            self._over.wait(self.chance.uniform(0, 1))
            launch.cancelled = True  # asked for, whether or not that is acknowledged
            self.ask("POST", f"jobs/{launch.id}/cancel", json={"force": self.chance.random() < 0.5})

    def launch(self, task: str, args: dict[str, Any], result: Any, error: str | None = None) -> Launch | None:
        """Launch by the API; None where that was not acknowledged."""
        job = self.ask("POST", "jobs", json={"task": f"{TASKS}.{task}", "args": args})
        if job is None:
            return None
        launch = self.launched[job["id"]] = Launch(job["id"], task, time.time(), result, error)
        self.on_launch(launch.id)
        return launch

    def is_over(self, seconds: float) -> bool:
        """Wait; True as soon as nothing more is to be launched."""
        return self._over.wait(seconds)

    def _from_shell(self, task: str, args: dict[str, Any]) -> bool:
        """As a script would: what the broker takes is not acknowledged by us, but must come to an end."""
        code = "from celery import current_app\nanswer = current_app.send_task(name, kwargs=args, retry=False).id"
        try:
            self.instance.run(code, name=f"{TASKS}.{task}", args=args)
        except AssertionError:
            self.refused["from a shell"] = self.refused.get("from a shell", 0) + 1
        return True

    def ask(self, method: str, path: str, **body: Any) -> dict[str, Any] | None:
        """One call on either web process; its body where it was a success, None where it was refused."""
        running = self.instance.running(WEB)
        if not running:
            return None
        began = time.time()
        try:
            answer = self._clients[random.choice(running)].request(method, path, **body)
        except httpx.HTTPError as error:
            self._refused(type(error).__name__)
            return None
        self.latencies.append((began, time.time() - began, f"{method} {_KIND.sub('ID', path)}"))
        if answer.status_code >= 400:
            self._refused(f"{method} {path.split('/')[-1]} {answer.status_code}")
            return None
        return dict(answer.json())

    def _refused(self, why: str) -> None:
        self.refused[why] = self.refused.get(why, 0) + 1


class Visitor(threading.Thread):
    """Asks for a job, a list and a page, and launches, some times a second, whatever the load is waiting for."""

    def __init__(self, load: Load, chance: random.Random) -> None:
        super().__init__(name="visitor", daemon=True)
        self.load, self.chance = load, chance

    def run(self) -> None:
        while not self.load.is_over(self.chance.expovariate(4)):
            known = list(self.load.launched)[-50:]
            if known and self.chance.random() < 0.6:
                self.load.ask("GET", f"jobs/{self.chance.choice(known)}")
            elif self.chance.random() < 0.8:
                self.load.ask("GET", "jobs?limit=20")
            else:
                self.load.launch("double", {"x": 1}, 2)
