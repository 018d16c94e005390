"""A reader of the socket for tests: acknowledges, folds, and checks each frame against the contract."""

from __future__ import annotations

import base64
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tasks.events import fold
from tests.support.stack import Stack

LARGEST_FRAME = 64 * 1024


class Reader:
    """One connection. `frames` counts what has come; `acks=False` reads without acknowledging."""

    def __init__(self, stack: Stack, name: str | None = None, *, token: str = "", acks: bool = True, origin: Any = None,
                 path: str = "/ws/", cookies: dict[str, str] | None = None, port: int = 0,
                 **options: Any) -> None:  # fmt: skip
        headers = {}
        if name and not token:
            cookies = cookies or stack.cookies(name)
        if cookies:
            headers["Cookie"] = "; ".join(f"{key}={value}" for key, value in cookies.items())
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = f"ws://127.0.0.1:{port or stack.port}{path}"
        self._connecting = connect(
            url, additional_headers=headers, origin=origin, compression=None, max_size=None, max_queue=None, **options
        )
        self.acks = acks
        self.frames = 0
        self.bytes = 0
        self.ticks: list[dict[str, Any]] = []

    def __enter__(self) -> Reader:
        self.ws: ClientConnection = self._connecting.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._connecting.__exit__(*error)

    def say(self, **frame: Any) -> None:
        """Send a frame."""
        self.ws.send(json.dumps(frame))

    def subscribe(self, topic: str, **more: Any) -> None:
        """Follow `topic`."""
        self.say(type="subscribe", topic=topic, **more)

    def read(self, seconds: float = 15) -> dict[str, Any]:
        """The next frame, ticks included. Raises TimeoutError, or ConnectionClosed."""
        text = self.ws.recv(timeout=seconds)
        assert isinstance(text, str)
        size = len(text.encode())
        assert size <= LARGEST_FRAME
        self.frames += 1
        self.bytes += size
        if self.acks:
            self.say(type="ack", n=self.frames)
        return json.loads(text)

    def next(self, seconds: float = 15) -> dict[str, Any]:
        """The next frame that is no tick."""
        deadline = time.monotonic() + seconds
        while True:
            frame = self.read(max(0.01, deadline - time.monotonic()))
            if frame["type"] != "tick":
                return frame
            self.ticks.append(frame)

    def until(self, condition: Callable[[dict[str, Any]], Any], seconds: float = 15) -> list[dict[str, Any]]:
        """The frames up to the first for which `condition` holds."""
        deadline = time.monotonic() + seconds
        found: list[dict[str, Any]] = []
        while not found or not condition(found[-1]):
            found.append(self.next(max(0.01, deadline - time.monotonic())))
        return found

    def events(self, seconds: float = 15) -> Iterator[tuple[int, dict[str, Any]]]:
        """(epoch, event) one by one."""
        while True:
            frame = self.next(seconds)
            assert frame["type"] == "events", frame
            for event in frame["events"]:
                yield frame["epoch"], event

    def close_code(self, seconds: float = 15) -> int:
        """Read on until the server closes; its code."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self.read(max(0.01, deadline - time.monotonic()))
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


class Follower:
    """Folds one job's frames as a browser would, and insists on an order without gap or repetition."""

    def __init__(self) -> None:
        self.job: dict[str, Any] | None = None
        self.epoch: int | None = None
        self.seen: list[int] = []

    def take(self, frame: dict[str, Any]) -> None:
        """Take a `snapshot` or `events` frame in."""
        if frame["type"] == "snapshot":
            self.job, self.epoch = frame["job"], frame["epoch"]
            assert frame["seq"] == frame["job"]["seq"]
            return
        assert frame["type"] == "events", frame
        assert self.job is not None
        assert frame["epoch"] == self.epoch
        for event in frame["events"]:
            assert event["seq"] == self.job["seq"] + 1
            self.job = fold(self.job, event)
            self.seen.append(event["seq"])


def deaf(port: int, header: str, job: str) -> socket.socket:
    """A client, let in by `header`, that follows a job and reads nothing. Raises OSError where it is not let in."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    client.sendall(
        f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{header}\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        if not (byte := client.recv(1)):
            raise ConnectionResetError("closed before it was let in")
        answer += byte
    frame = f'{{"type":"subscribe","topic":"job:{job}","after":0}}'.encode()
    client.sendall(bytes((0x81, 0x80 | len(frame), 0, 0, 0, 0)) + frame)
    return client
