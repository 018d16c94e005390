"""The way of a reader on a train: a TCP proxy in front of daphne that a tunnel cuts."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress


class Tunnel:
    """Listens at `port` of the loopback, and forwards to the port `target`. `enter` cuts all, until `leave`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._inside = False
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tunnel", daemon=True)
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def enter(self) -> None:
        """Cut what is open, and let nothing through."""
        self._call(self._cut())

    def leave(self) -> None:
        """Let everything through again."""
        self._inside = False

    def close(self) -> None:
        """Stop listening, cut everything."""
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _cut(self) -> None:
        self._inside = True
        for end in self._open:
            end.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._inside:
            writer.transport.abort()
            return
        with suppress(asyncio.CancelledError, OSError):  # cut by `_end`, or daphne is not there
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._target)
            ends = {writer, up_writer}
            self._open |= ends
            try:
                await asyncio.gather(_pipe(reader, up_writer), _pipe(up_reader, writer))
            finally:
                self._open -= ends
                for end in ends:
                    end.close()

    async def _end(self) -> None:
        self._server.close()
        await self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    # One side has ended: so has the other.
    writer.transport.abort()
