"""A socket of a server that is known by ASGI alone: frames in order, one at a time, and nobody waits for a slow one."""

from __future__ import annotations

import asyncio
from typing import Any

from dashboard.live import frames
from dashboard.live.credentials import Credential
from dashboard.live.sockets import Socket

TICK = frames.tick("live")


def frame(number: int) -> frames.Frame:
    return TICK._replace(text=str(number))


class Server:
    """An ASGI server that takes one message at a time, when it is let."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.may_take = asyncio.Event()
        self.taking = 0

    async def send(self, message: dict[str, Any]) -> None:
        self.taking += 1
        assert self.taking == 1, "one after the other"
        await self.may_take.wait()
        self.taking -= 1
        self.sent.append(message.get("text") or message["code"])


def a_socket(server: Server) -> Socket:
    return Socket(server.send, Credential("session", "key"), None, lambda: None)


async def some_turns() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_frames_are_sent_in_their_order_and_nobody_waits() -> None:
    server = Server()
    socket = a_socket(server)
    for number in range(5):
        assert socket.offer(frame(number))
        await asyncio.sleep(0)
    server.may_take.set()
    await some_turns()
    assert socket.offer(frame(5))
    await some_turns()
    assert server.sent == ["0", "1", "2", "3", "4", "5"]


async def test_a_close_drops_what_is_on_its_way_and_is_the_last() -> None:
    server = Server()
    socket = a_socket(server)
    for number in range(3):
        socket.offer(frame(number))
    await some_turns()
    socket.close(4408)
    assert not socket.offer(frame(3))
    server.may_take.set()
    await some_turns()
    assert server.sent == ["0", 4408]


async def test_an_idle_socket_is_closed_too() -> None:
    server = Server()
    server.may_take.set()
    socket = a_socket(server)
    socket.close(4401)
    await some_turns()
    assert server.sent == [4401]


async def test_a_socket_that_is_gone_sends_nothing_more() -> None:
    server = Server()
    socket = a_socket(server)
    socket.offer(frame(0))
    await some_turns()
    socket.gone()
    server.may_take.set()
    await some_turns()
    assert server.sent == []
