"""Beneath Channels: a client that sends too much is closed with 4429 before its frames fill the memory.

daphne's queue of incoming frames has no bound, and a counter in the application comes too late: frames that
it has not asked for yet already lie there (80 to 677 MB in 7 s). So this drains the queue by itself, whatever
the application does.
"""

from __future__ import annotations

import asyncio
import time

from dashboard.live.asgi import Application, Message, Receive, Scope, Send

FRAMES_PER_SECOND = 50
# Two hundred at once, and what that second allows besides.
FRAMES_AT_ONCE = 200 + FRAMES_PER_SECOND
BYTES_PER_SECOND = 1024 * 1024
CLOSE_FLOOD = 4429

# Where the application finds, in its scope, how to give back a frame that should not have counted.
REFUND = "taskcast.refund"


class Bucket:
    """PURE. What a client may send now, in frames and in bytes; refills as time passes."""

    def __init__(self, now: float) -> None:
        self._frames = float(FRAMES_AT_ONCE)
        self._bytes = float(BYTES_PER_SECOND)
        self._at = now

    def take(self, size: int, now: float) -> bool:
        """Whether a frame of `size` bytes at `now` (seconds) is within bounds."""
        passed = now - self._at
        self._at = now
        self._frames = min(FRAMES_AT_ONCE, self._frames + passed * FRAMES_PER_SECOND) - 1
        self._bytes = min(BYTES_PER_SECOND, self._bytes + passed * BYTES_PER_SECOND) - size
        return not self.is_overdrawn

    @property
    def is_overdrawn(self) -> bool:
        """Whether more was taken than was there."""
        return self._frames < 0 or self._bytes < 0

    def refund(self) -> None:
        """Give one frame back: a fast reader acknowledges more than 50 times a second, and should."""
        self._frames = min(FRAMES_AT_ONCE, self._frames + 1)


class FloodGuard:
    """ASGI middleware for websockets."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bucket = Bucket(time.monotonic())
        inbox = _Inbox(receive, send, bucket)
        drain = asyncio.ensure_future(inbox.drain())
        try:
            await self.application({**scope, REFUND: bucket.refund}, inbox.get, send)
            inbox.close()
            await drain
        finally:
            drain.cancel()


class _Inbox:
    """What has come in and was not read yet; once closed, whatever still comes is thrown away."""

    def __init__(self, receive: Receive, send: Send, bucket: Bucket) -> None:
        self._receive, self._send, self._bucket = receive, send, bucket
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._closed = False
        self.get = self._messages.get

    def close(self) -> None:
        self._closed = True

    async def drain(self) -> None:
        """Take what the server has received, until the connection ends."""
        while (message := await self._receive())["type"] != "websocket.disconnect":
            if self._closed:
                continue
            if message["type"] == "websocket.receive" and not await self._is_welcome(message):
                # For the application the connection is over; here it lasts until the client is gone.
                self.close()
                self._messages.put_nowait({"type": "websocket.disconnect", "code": CLOSE_FLOOD})
                await self._send({"type": "websocket.close", "code": CLOSE_FLOOD, "reason": "too many frames"})
            else:
                self._messages.put_nowait(message)
        self._messages.put_nowait(message)

    async def _is_welcome(self, message: Message) -> bool:
        size = len(message.get("text") or message.get("bytes") or "")
        if self._bucket.take(size, time.monotonic()):
            return True
        # Acknowledgements that came all at once still lie here, and the application had no turn to give them back.
        await asyncio.sleep(0)
        return not self._bucket.is_overdrawn
