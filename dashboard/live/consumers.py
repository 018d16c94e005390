"""What daphne talks to for each websocket: lets the caller in, then passes frames between him and the hub.

A plain ASGI application, not a Channels consumer: that costs a thread hop and a task for each message, 300 of
360 µs.
"""

from __future__ import annotations

import logging

from django.db import DatabaseError, InterfaceError

from dashboard.live import credentials, hub
from dashboard.live.asgi import Receive, Scope, Send
from dashboard.live.credit import BadAck
from dashboard.live.flood import REFUND
from dashboard.live.protocol import Ack, BadRequest, Subscribe, Unsubscribe, parse
from dashboard.live.sockets import CLOSE_SIGNED_OUT, Socket, say

logger = logging.getLogger(__name__)

CLOSE_NO_SUCH_PATH = 4404
CLOSE_TRY_LATER = 1013


async def live(scope: Scope, receive: Receive, send: Send) -> None:
    """The websocket of contract section 6."""
    await receive()  # websocket.connect
    # A browser is shown no code of what is closed before it was accepted.
    await say(send, {"type": "websocket.accept"})
    credential = credentials.of(scope)
    own_hub = hub.current()
    try:
        user = credential and await own_hub.people.one(credential)
    except (DatabaseError, InterfaceError):
        logger.warning("cannot tell who opens a socket", exc_info=True)
        await say(send, {"type": "websocket.close", "code": CLOSE_TRY_LATER})
        return
    if credential is None or user is None:
        await say(send, {"type": "websocket.close", "code": CLOSE_SIGNED_OUT})
        return
    socket = Socket(send, credential, user, scope.get(REFUND, lambda: None))
    own_hub.add(socket)
    try:
        while (message := await receive())["type"] != "websocket.disconnect":
            if socket.is_open:
                take(own_hub, socket, message.get("text"))
    finally:
        own_hub.remove(socket)


def take(own_hub: hub.Hub, socket: Socket, text: str | None) -> None:
    """Do what a client's frame asks for (None: a binary frame); never waits."""
    try:
        match parse(text):
            case Ack(n):
                socket.acknowledge(n)
            case Subscribe() as request:
                own_hub.subscribe(socket, request)
            case Unsubscribe(topic):
                own_hub.unsubscribe(socket, topic)
    except BadRequest as error:
        socket.refuse(error.topic, "bad_request", str(error))
    except BadAck as error:
        socket.refuse(None, "bad_request", str(error))


async def no_such_path(scope: Scope, receive: Receive, send: Send) -> None:
    """Any other path: without this, Channels' router raises and daphne answers 500 with a traceback."""
    await receive()
    await say(send, {"type": "websocket.accept"})
    await say(send, {"type": "websocket.close", "code": CLOSE_NO_SUCH_PATH})
