"""Websocket clients that cost little: one reader with the times of its frames, and a crowd that is read by epoll.

The same client reads ours and the peers', so that what it costs is on both sides. Frames of a server are not masked
(RFC 6455, 5.1), and the measured servers fragment none.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import select
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from typing import Any

_ACK_BYTES = 64 * 1024


def allow_many() -> None:
    """Let this process, and those that it starts, have as many sockets as the system allows it at all."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Socket:
    """One connection to `path` on a local port. `text` frames are read one by one; ours are acknowledged."""

    def __init__(self, port: int, path: str, cookies: Mapping[str, str] | None = None, *, acks: bool = False) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._acks, self._frames, self._unacked = acks, 0, 0
        cookie = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
        head = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
            + (f"Cookie: {cookie}\r\n" if cookie else "")
        )
        self.socket.sendall(head.encode() + b"\r\n")
        while b"\r\n\r\n" not in self._buffer:
            received = self.socket.recv(65536)
            if not received:
                raise ConnectionError("the server closed the connection during the handshake")
            self._buffer += received
        answer, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        if b" 101 " not in answer.split(b"\r\n", 1)[0]:
            raise ConnectionError(answer.split(b"\r\n", 1)[0].decode(errors="replace"))

    def say(self, **frame: Any) -> None:
        """Send a frame of JSON."""
        self._send(0x81, json.dumps(frame).encode())

    def _send(self, first: int, payload: bytes) -> None:
        size = len(payload)
        head = bytes((first, 0x80 | size)) if size < 126 else bytes((first, 0xFE)) + size.to_bytes(2, "big")
        # A mask of zeros is a mask (RFC 6455, 5.3): the payload stays as it is.
        self.socket.sendall(head + bytes(4) + payload)

    def frames(self, seconds: float) -> Iterator[tuple[int, dict[str, Any]]]:
        """(when it was here, by time.monotonic_ns(); the frame), until none has come for `seconds`."""
        self.socket.settimeout(seconds)
        while True:
            yield from self.arrived()
            try:
                received = self.socket.recv(262_144)
            except TimeoutError:
                return
            if not received:
                raise ConnectionError("the server closed the connection")
            self._buffer += received

    def arrived(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The frames that have been received whole."""
        for payload in self.payloads():
            yield time.monotonic_ns(), json.loads(payload)

    def payloads(self) -> Iterator[bytes]:
        """The texts of the frames that have been received whole; pings are answered, a close raises."""
        while (found := _first(self._buffer)) is not None:
            opcode, payload, size = found
            self._buffer = self._buffer[size:]
            if opcode == 8:
                raise ConnectionError(f"the server closed the socket with {int.from_bytes(payload[:2], 'big')}")
            if opcode == 9:
                self._send(0x8A, payload)
            if opcode == 1:
                yield payload
                self._count(size)

    def receive(self, *, wait: bool = False) -> bool:
        """Read what is there now, or wait for it; whether there was something."""
        try:
            received = self.socket.recv(262_144, 0 if wait else socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        if not received:
            raise ConnectionError("the server closed the connection")
        self._buffer += received
        return True

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()

    def _count(self, size: int) -> None:
        self._frames += 1
        self._unacked += size
        if self._acks and self._unacked >= _ACK_BYTES:
            self._unacked = 0
            self.say(type="ack", n=self._frames)


class Crowd:
    """Many sockets, read by one epoll. A context manager."""

    def __init__(self, sockets: list[Socket]) -> None:
        self.sockets = sockets
        self._by_number = {each.socket.fileno(): each for each in sockets}

    def __enter__(self) -> Crowd:
        self._poll = select.epoll()
        for number in self._by_number:
            self._poll.register(number, select.EPOLLIN)
        return self

    def add(self, each: Socket) -> None:
        """One more."""
        self.sockets.append(each)
        self._by_number[each.socket.fileno()] = each
        self._poll.register(each.socket.fileno(), select.EPOLLIN)

    def __exit__(self, *error: object) -> None:
        self._poll.close()
        for each in self.sockets:
            each.close()

    def payloads(self, seconds: float) -> Iterator[tuple[int, int, bytes]]:
        """(when, which socket's number, its frame's text) as they come, for `seconds` at most."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            for number, _ in self._poll.poll(left):
                each = self._by_number[number]
                each.receive()
                now = time.monotonic_ns()
                for payload in each.payloads():
                    yield now, number, payload

    def quiet(self, seconds: float) -> None:
        """Read on until nothing has come for `seconds`."""
        while any(True for _ in self._some(seconds)):
            pass

    def _some(self, seconds: float) -> Iterator[bytes]:
        for number, _ in self._poll.poll(seconds):
            each = self._by_number[number]
            each.receive()
            yield b"".join(each.payloads())


def _first(buffer: bytes) -> tuple[int, bytes, int] | None:
    """(opcode, payload, whole size) of the first frame in the buffer, if all of it is there (RFC 6455, 5.2)."""
    if len(buffer) < 2:
        return None
    size, start = buffer[1] & 127, 2
    if size == 126:
        start = 4
    elif size == 127:
        start = 10
    if len(buffer) < start:
        return None
    if size == 126:
        (size,) = struct.unpack_from(">H", buffer, 2)
    elif size == 127:
        (size,) = struct.unpack_from(">Q", buffer, 2)
    end = start + size
    return None if len(buffer) < end else (buffer[0] & 15, buffer[start:end], end)
