"""One client's connection: what is on its way to it, how much it may be sent, and what it follows."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from dashboard.live import daphne_frames, frames
from dashboard.live.asgi import Message, Send
from dashboard.live.credentials import Credential
from dashboard.live.credit import Credit
from dashboard.live.frames import Frame

logger = logging.getLogger(__name__)

CLOSE_SIGNED_OUT = 4401
CLOSE_UNREAD = 4408
# Answers that wait for credit. Whoever asks on and reads nothing is closed like one who reads nothing.
_MOST_ANSWERS = 250


async def say(send: Send, message: Message) -> bool:
    """Send `message`; False where the client has just gone, which servers raise for in ways of their own."""
    try:
        await send(message)
    except Exception as error:
        logger.debug("%s came too late: %s: %s", message["type"], type(error).__name__, error)
        return False
    return True


class Follower(Protocol):
    """What follows one topic for one socket."""

    def go_on(self) -> None:
        """The socket may be sent something again."""

    def leave(self) -> None:
        """The socket no longer follows the topic."""


class Socket:
    """One connection. Everything here runs on the event loop and waits for nobody."""

    def __init__(self, send: Send, credential: Credential, user: Any, refund: Callable[[], None]) -> None:
        self.credential = credential
        self.user = user
        self.followers: dict[str, Follower] = {}  # by topic
        self.is_open = True
        self._send, self._refund = send, refund
        self._credit = Credit()
        self._outbox: deque[Frame] = deque()  # bounded by the credit
        self._answers: deque[Frame] = deque()
        self._close_code: int | None = None
        self._at_once = daphne_frames.writer(send) or (lambda text: False)
        self._writer: asyncio.Task[None] | None = None

    @property
    def has_credit(self) -> bool:
        """Whether it is worth reading anything for this socket."""
        return self.is_open and self._credit.exhausted_since is None

    def offer(self, frame: Frame) -> bool:
        """Send `frame`, if there is credit for it. What is refused is not kept: the reader's cursor stays."""
        if not self.is_open or not self._credit.take(frame.size, time.monotonic()):
            return False
        if self._writer is not None or not self._at_once(frame.text):
            self._outbox.append(frame)
            self._start_writer()
        return True

    def answer(self, frame: Frame) -> None:
        """Send `frame`, now or as soon as there is credit."""
        if self._answers or not self.offer(frame):
            self._answers.append(frame)
            if len(self._answers) > _MOST_ANSWERS:
                self.close(CLOSE_UNREAD)

    def acknowledge(self, n: int) -> None:
        """The client has read `n` frames. Raises BadAck."""
        was_exhausted = not self.has_credit
        if self._credit.acknowledge(n) == 0:
            return
        self._refund()
        if was_exhausted:
            while self._answers and self.offer(self._answers[0]):
                self._answers.popleft()
            for follower in list(self.followers.values()):
                follower.go_on()

    def refuse(self, topic: str | None, code: str, detail: str) -> None:
        """Tell the client that something it asked for is not to be had; the connection stays open."""
        self.answer(frames.error(topic, code, detail))

    def end(self, topic: str, code: str, detail: str) -> None:
        """End the subscription to `topic`, and say why."""
        if follower := self.followers.pop(topic, None):
            follower.leave()
            self.refuse(topic, code, detail)

    def close(self, code: int) -> None:
        """Close the connection with `code`; what is on its way is dropped."""
        if self.is_open:
            self.is_open = False
            self._close_code = code
            self._start_writer()

    def is_overdue(self) -> bool:
        """Whether the client, out of credit, has acknowledged nothing for too long."""
        return self.is_open and self._credit.is_overdue(time.monotonic())

    def _start_writer(self) -> None:
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        """Send what is on its way: a task of its own, so that none waits for it."""
        try:
            while self._outbox and self._close_code is None:
                if not await say(self._send, {"type": "websocket.send", "text": self._outbox.popleft().text}):
                    self.is_open = False
                    return
            if self._close_code is not None:
                await say(self._send, {"type": "websocket.close", "code": self._close_code})
        finally:
            self._writer = None

    def gone(self) -> None:
        """The connection is over."""
        self.is_open = False
        if self._writer is not None:
            self._writer.cancel()
        followers, self.followers = self.followers, {}
        for follower in followers.values():
            follower.leave()
