"""The floor of fan-out: a websocket server of asyncio alone, which writes what one Redis channel bears to all sockets.

python -m bench.peers.bare_server PORT REDIS_URL CHANNEL

No ASGI, no Django, no Channels, no frames of readers beyond the handshake.
"""

import asyncio
import base64
import hashlib
import sys

from redis.asyncio import Redis

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3

readers: set[asyncio.Transport] = set()


class Handshake(asyncio.Protocol):
    """Answers the upgrade (RFC 6455, 4.2.2) and reads nothing after it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.head = b""

    def data_received(self, data: bytes) -> None:
        if self.transport in readers:
            return
        self.head += data
        if b"\r\n\r\n" not in self.head:
            return
        lines = self.head.split(b"\r\n")
        key = next(line.partition(b":")[2].strip() for line in lines if line.lower().startswith(b"sec-websocket-key:"))
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        readers.add(self.transport)

    def connection_lost(self, error: Exception | None) -> None:
        readers.discard(self.transport)


def frame(text: bytes) -> bytes:
    """An unmasked text frame (RFC 6455, 5.2)."""
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    return bytes((0x81, 126)) + size.to_bytes(2, "big") + text


async def serve(port: int, redis_url: str, channel: str) -> None:
    server = await asyncio.get_running_loop().create_server(Handshake, "127.0.0.1", port, backlog=4096)
    async with server, Redis.from_url(redis_url).pubsub() as subscription:
        await subscription.subscribe(channel)
        print("ready", flush=True)
        async for message in subscription.listen():
            if message["type"] == "message":
                whole = frame(message["data"])
                for reader in readers:
                    reader.write(whole)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
