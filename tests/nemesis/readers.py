"""Readers who follow jobs over a socket, come back when they are cut, and write down what they were sent."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

from tasks.events import fold
from tests.nemesis.instance import WEB, Instance

# Jobs that one reader follows at a time: so many, of which the ended ones go first; and never more than a socket may.
_KEPT_JOBS, _MOST_JOBS = 12, 150


@dataclass
class Transcript:
    """What one reader was sent of one job, folded; `wrong` lists what broke the order."""

    epoch: int | None = None
    job: dict[str, Any] | None = None
    events: int = 0
    finals: int = 0
    snapshots: list[tuple[float, int]] = field(default_factory=list)  # (received, epoch)
    wrong: list[str] = field(default_factory=list)

    def take(self, frame: dict[str, Any]) -> None:
        """Fold a frame in as a browser would."""
        if frame["type"] == "snapshot":
            self.job, self.epoch = frame["job"], frame["epoch"]
            self.snapshots.append((time.time(), frame["epoch"]))
            return
        if self.job is None or frame["epoch"] != self.epoch:
            if frame["events"]:
                self.wrong.append(f"events of epoch {frame['epoch']} after {self.epoch}")
            return
        for event in frame["events"]:
            if event["seq"] != self.job["seq"] + 1:
                self.wrong.append(f"{event['seq']} after {self.job['seq']}")
            self.job = fold(self.job, event)
            self.events += 1

    @property
    def cursor(self) -> dict[str, Any]:
        """What to subscribe with."""
        return {} if self.job is None else {"after": self.job["seq"], "epoch": self.epoch}


class Reader:
    """One person with one page."""

    def __init__(self, instance: Instance, chance: random.Random) -> None:
        self.instance, self.chance = instance, chance
        self.transcripts: dict[str, Transcript] = {}
        self.followed: set[str] = set()  # on this connection
        self.lags: list[tuple[float, float]] = []  # (when the event was written, when it came)
        self.connections = 0
        self.closed: dict[int | str, int] = {}
        self.bad: list[str] = []
        self._new: deque[str] = deque()
        self._ws: ClientConnection | None = None

    def follow(self, job_id: str) -> None:
        """Follow one more job; from any thread."""
        self._new.append(job_id)

    async def run(self) -> None:
        """Connect, and again whenever the connection ends."""
        while True:
            running = self.instance.running(WEB)
            if running:
                url = f"ws://127.0.0.1:{self.instance.ports[self.chance.choice(running)]}/ws/"
                headers = {"Authorization": self.instance.authorization}
                try:
                    async with connect(
                        url, additional_headers=headers, compression=None, open_timeout=5, ping_interval=None
                    ) as self._ws:
                        self.connections += 1
                        await self._talk(self._ws)
                except (OSError, WebSocketException, InvalidHandshake, TimeoutError) as error:
                    code = getattr(getattr(error, "rcvd", None), "code", None) or type(error).__name__
                    self.closed[code] = self.closed.get(code, 0) + 1
            await asyncio.sleep(self.chance.uniform(0.1, 0.5))

    async def _talk(self, ws: ClientConnection) -> None:
        frames = 0
        self.followed = set()
        for job_id in self._current():
            await self._subscribe(ws, job_id)
        while True:
            while self._new and len(self.followed) < _MOST_JOBS:
                await self._subscribe(ws, self._new.popleft())
            await self._leave_ended(ws)
            try:
                text = await asyncio.wait_for(ws.recv(), 0.1)
            except TimeoutError:
                continue
            frames += 1
            try:
                frame = json.loads(text, parse_constant=lambda word: self.bad.append(f"{word} is no JSON"))
            except ValueError as error:
                self.bad.append(str(error))
                continue
            if len(text.encode()) > 64 * 1024:
                self.bad.append(f"a frame of {len(text)} characters")
            if frame["type"] in ("snapshot", "events"):
                self._take(frame)
            elif frame["type"] == "error":
                self.bad.append(f"{frame['code']}: {frame['topic']}")
            await ws.send(json.dumps({"type": "ack", "n": frames}))

    def _take(self, frame: dict[str, Any]) -> None:
        now = time.time()
        self.transcripts[frame["topic"].removeprefix("job:")].take(frame)
        for event in frame.get("events", ()):
            self.lags.append((_seconds(event["time"]), now))

    async def _subscribe(self, ws: ClientConnection, job_id: str) -> None:
        transcript = self.transcripts.setdefault(job_id, Transcript())
        self.followed.add(job_id)
        await ws.send(json.dumps({"type": "subscribe", "topic": f"job:{job_id}", **transcript.cursor}))

    async def _leave_ended(self, ws: ClientConnection) -> None:
        ended = [job_id for job_id in self.followed if is_final(self.transcripts[job_id].job)]
        for job_id in ended[: max(0, len(self.followed) - _KEPT_JOBS)]:
            self.followed.discard(job_id)
            await ws.send(json.dumps({"type": "unsubscribe", "topic": f"job:{job_id}"}))

    def _current(self) -> list[str]:
        live = [job_id for job_id, said in self.transcripts.items() if not is_final(said.job)]
        ended = [job_id for job_id, said in self.transcripts.items() if is_final(said.job)]
        return live + ended[-2:]


def is_final(job: dict[str, Any] | None) -> bool:
    """Whether the reader has seen the job's end."""
    return job is not None and job["state"] in ("succeeded", "failed", "cancelled", "lost")


def _seconds(iso: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(iso).timestamp()


class Readers(threading.Thread):
    """All readers, on one loop of their own."""

    def __init__(self, readers: list[Reader]) -> None:
        super().__init__(name="readers", daemon=True)
        self.readers = readers
        self._loop = asyncio.new_event_loop()

    def run(self) -> None:
        async def all_of_them() -> None:
            await asyncio.gather(*(reader.run() for reader in self.readers))

        with suppress(asyncio.CancelledError, RuntimeError):
            self._loop.run_until_complete(all_of_them())

    def stop(self) -> None:
        """Hang up."""
        self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(self._loop)])
        self.join(10)
