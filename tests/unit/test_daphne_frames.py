"""Frames written beneath ASGI: whole and in order whatever the kernel takes, and by `send` where that is unusual."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from daphne.server import Server
from daphne.ws_protocol import WebSocketFactory
from twisted.internet import tcp

from dashboard.live import daphne_frames
from dashboard.live.flood import FloodGuard
from dashboard.live.origins import OriginGuard


class Loop:
    """A reactor that lets a connection write when the test says so."""

    def __init__(self) -> None:
        self.writers: set[Any] = set()
        self.addWriter, self.removeWriter = self.writers.add, self.writers.discard
        self.addReader = self.removeReader = lambda reader: None


class Connection:
    """daphne's own protocol on Twisted's own transport, with a client that reads when told to."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.client = socket.create_connection(listener.getsockname())
            ours, address = listener.accept()
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.client.settimeout(0.2)
        self.loop = Loop()
        factory = WebSocketFactory(SimpleNamespace(protocol_disconnected=lambda protocol: None))
        self.protocol: Any = factory.buildProtocol(None)
        self.transport: Any = tcp.Server(ours, self.protocol, address, SimpleNamespace(_realPortNumber=0), 0, self.loop)
        self.protocol.makeConnection(self.transport)
        self.protocol.state, self.protocol.client_addr = self.protocol.STATE_OPEN, None
        server = object.__new__(Server)
        server.connections = {self.protocol: {}}
        self.send = partial(server.handle_reply, self.protocol)

    def received(self) -> list[tuple[int, bytes]]:
        """(opcode, payload) of every frame, when all has been written."""
        data = b""
        while True:
            for writer in list(self.loop.writers):
                writer.doWrite()
            with suppress(TimeoutError):
                data += self.client.recv(1 << 20)
                continue
            if not self.loop.writers:
                return list(parsed(data))

    def close(self) -> None:
        self.client.close()
        self.transport.socket.close()


def parsed(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        size, start = data[1], 2
        if size == 126:
            size, start = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(data[2:10], "big"), 10
        assert data[0] & 0x80, "frames are whole"
        yield data[0] & 15, data[start : start + size]
        data = data[start + size :]


@pytest.fixture
def connection() -> Iterator[Connection]:
    made = Connection()
    yield made
    made.close()


def write(connection: Connection, text: str) -> bool:
    found = daphne_frames.writer(connection.send)
    assert found
    return found(text)


@pytest.mark.parametrize("text", ["", "x" * 125, "x" * 126, "한" * 20_000, "x" * 65_535, "x" * 65_536])
def test_a_frame_is_what_the_client_reads(connection, text):
    assert write(connection, text)
    assert connection.received() == [(1, text.encode())]


def test_nothing_waits_for_the_event_loop_while_the_kernel_takes_all(connection):
    assert write(connection, "small")
    assert not connection.loop.writers


async def test_frames_keep_their_order_with_all_that_daphne_writes_itself(connection):
    texts = [f"{number}:" + "x" * 60_000 for number in range(40)]  # more than the kernel takes
    expected = []
    for number, text in enumerate(texts):
        if number % 3:
            assert write(connection, text)
        else:
            await connection.send({"type": "websocket.send", "text": text})
        expected.append((1, text.encode()))
        if number % 5 == 0:
            connection.protocol.sendPing(b"alive?")
            expected.append((9, b"alive?"))
    assert connection.loop.writers, "some of it waits"
    connection.protocol.sendClose(4408)
    expected.append((8, (4408).to_bytes(2, "big")))
    assert not write(connection, "too late")
    assert connection.received() == expected


def test_who_is_gone_is_left_to_twisted(connection):
    connection.transport.socket.shutdown(socket.SHUT_WR)
    assert write(connection, "to nobody")
    assert connection.loop.writers == {connection.transport}
    assert connection.transport.doWrite(), "that is how it learns that the connection is lost"


@pytest.mark.parametrize("state", ["STATE_CONNECTING", "STATE_CLOSING", "STATE_CLOSED"])
def test_only_an_open_connection_is_written_to(connection, state):
    connection.protocol.state = getattr(connection.protocol, state)
    assert not write(connection, "text")


async def test_our_middlewares_hand_send_on_as_it_is(connection):
    given = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        given.append(send)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.disconnect", "code": 1000}

    await FloodGuard(OriginGuard(application))({"type": "websocket", "headers": []}, receive, connection.send)
    assert given == [connection.send]


def test_what_is_not_the_daphne_known_here_is_left_to_send(connection):
    async def send(message: dict[str, Any]) -> None:
        """Another server's, or a middleware's."""

    class Other(Server):
        async def handle_reply(self, protocol: Any, message: Any) -> None:
            """Another daphne's."""

    assert daphne_frames.writer(send) is None
    assert daphne_frames.writer(partial(send, connection.protocol)) is None
    assert daphne_frames.writer(partial(object.__new__(Other).handle_reply, connection.protocol)) is None


@pytest.mark.parametrize("name", ["send_queue", "_perMessageCompress"])
def test_a_daphne_without_one_of_the_names_is_left_to_send(connection, monkeypatch, name):
    monkeypatch.setattr(daphne_frames, "_OF_CONNECTION", (*daphne_frames._OF_CONNECTION, f"{name}_renamed"))
    assert daphne_frames.writer(connection.send) is None


def test_compression_and_tls_are_left_to_send(connection):
    connection.protocol._perMessageCompress = object()
    assert daphne_frames.writer(connection.send) is None
    connection.protocol._perMessageCompress = None
    connection.transport.TLS = True
    assert daphne_frames.writer(connection.send) is None
