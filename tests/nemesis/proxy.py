"""A TCP proxy in front of Redis' Unix socket that can fall silent: the peer of a half-open connection."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress


class Proxy:
    """Listens at `port` of the loopback, and forwards to the Unix socket `target`.

    While `silent`, nothing is forwarded on connections that exist, in either direction, and nothing is said about it;
    new connections are let through. `reset` cuts all of them.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._open: dict[asyncio.StreamWriter, asyncio.Event] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):  # by `close`; asyncio would tell of it as of an error
            await self._forward(reader, writer)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_unix_connection(self._target)
        except OSError:
            writer.close()
            return
        flows = asyncio.Event()
        flows.set()
        self._open[writer], self._open[up_writer] = flows, flows
        pipes = [
            asyncio.ensure_future(pipe) for pipe in (_pipe(reader, up_writer, flows), _pipe(up_reader, writer, flows))
        ]
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            for end in (writer, up_writer):
                self._open.pop(end, None)
                end.close()

    def silence(self) -> None:
        """From now on nothing passes on the connections that exist."""
        self._loop.call_soon_threadsafe(lambda: [flows.clear() for flows in self._open.values()])

    def reset(self) -> None:
        """Cut the connections that exist."""
        self._loop.call_soon_threadsafe(lambda: [end.transport.abort() for end in list(self._open)])

    def close(self) -> None:
        """Stop listening, cut everything."""
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flows: asyncio.Event) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        while data := await reader.read(65536):
            await flows.wait()
            writer.write(data)
            await writer.drain()
