"""Frames past ASGI's `send`, where the server is daphne. With daphne_guard and daphne_end all that is beneath it.

By `send` each frame is built anew for each socket, and Twisted has the event loop say when the connection can be
written to: 90 of the 100 µs that a socket cost. Here a frame is built once, and the kernel is given it at once. What
the kernel does not take waits in Twisted's buffer, and while anything waits there, all else queues up behind it: so
frames, pings and a close stay in their order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from dashboard.live.asgi import Send

# What is read of a connection and of its transport; a daphne that has them no more is written to by `send`.
_OF_CONNECTION = ("STATE_OPEN", "state", "send_queue", "_perMessageCompress", "transport")
_OF_TRANSPORT = ("TLS", "_tempDataBuffer", "connected", "dataBuffer", "disconnecting", "socket", "write")


def writer(send: Send) -> Callable[[str], bool] | None:
    """What writes a text frame at once, unless it says False: then `send` knows what is the matter.

    None where `send` is not that of the daphne known here, or its connection is not plain TCP.
    """
    connection = _connection(send)
    if connection is None or not all(hasattr(connection, name) for name in _OF_CONNECTION):
        return None
    transport = connection.transport
    if not all(hasattr(transport, name) for name in _OF_TRANSPORT) or transport.TLS:
        return None
    if connection._perMessageCompress is not None:
        return None

    def write(text: str) -> bool:
        if connection.state != connection.STATE_OPEN or connection.send_queue:
            return False
        if not transport.connected or transport.disconnecting:
            return False
        data = _frame(text)
        try:
            sent = 0 if transport.dataBuffer or transport._tempDataBuffer else transport.socket.send(data)
        except OSError:
            sent = 0  # nothing goes out now, or never again: Twisted finds out which
        if sent < len(data):
            transport.write(data[sent:])
        return True

    return write


def _connection(send: Any) -> Any:
    """daphne's websocket behind `send`, if it is daphne's own."""
    server, connections = sys.modules.get("daphne.server"), sys.modules.get("daphne.ws_protocol")
    if server is None or connections is None or not isinstance(send, partial) or len(send.args) != 1:
        return None
    is_its_own = getattr(send.func, "__func__", None) is server.Server.handle_reply
    return send.args[0] if is_its_own and isinstance(send.args[0], connections.WebSocketProtocol) else None


@lru_cache(maxsize=1)
def _frame(text: str) -> bytes:
    """`text` as one unmasked frame (RFC 6455, 5.2); all sockets that are sent the same are sent it in a row."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        head = bytes((0x81, size))
    elif size < 65536:
        head = bytes((0x81, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x81, 127)) + size.to_bytes(8, "big")
    return head + payload
