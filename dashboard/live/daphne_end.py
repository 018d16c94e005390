"""How daphne ends when it is asked to (SIGTERM): requests under way are answered, and then it does end.

daphne drops what is under way at once. And a request that is just being passed between threads then waits for an
event loop that runs no more: the interpreter, which waits for all its threads, hung until it was killed.
"""

from __future__ import annotations

import os
import sys
from typing import Any

# Seconds that requests under way have. The supervisor, and most others, kill after ten.
PATIENCE = 4.0
_LOOK = 0.05


def install() -> None:
    """Let daphne end like this, if it is the server of this process."""
    try:
        from daphne.server import Server
    except ImportError:
        return
    if getattr(Server, "lets_requests_end", False):
        return
    kill = Server.kill_all_applications

    def kill_all_applications(self: Any) -> Any:
        from twisted.internet import reactor
        from twisted.internet.defer import Deferred, maybeDeferred

        loop: Any = reactor
        loop.addSystemEventTrigger("after", "shutdown", _end)
        _stop_listening(loop)
        done: Deferred[None] = Deferred()
        deadline = loop.seconds() + PATIENCE

        def look() -> None:
            if _requests(self) and loop.seconds() < deadline:
                loop.callLater(_LOOK, look)
                return
            maybeDeferred(kill, self).addBoth(lambda _: done.callback(None))

        look()
        return done

    Server.kill_all_applications = kill_all_applications
    Server.lets_requests_end = True


def _stop_listening(loop: Any) -> None:
    """Whoever connects from now on goes to another process, if there is one."""
    from twisted.internet.tcp import Port

    for reader in loop.getReaders():
        if isinstance(reader, Port):
            reader.stopListening()


def _requests(server: Any) -> int:
    """How many HTTP requests wait for their answer; sockets come back by themselves."""
    from daphne.http_protocol import WebRequest

    # daphne's own names: a connection's application is a future.
    running = (
        details.get("application_instance")
        for protocol, details in server.connections.items()
        if isinstance(protocol, WebRequest)
    )
    return sum(application is not None and not application.done() for application in running)


def _end() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    # Not by way of the interpreter's own end: it waits for threads that wait for the loop. What they have begun is
    # durable, or as good as not begun.
    os._exit(0)
