"""Short reads of the database for code on the event loop, each in one of a few threads, whose connections are kept.

Not Channels' `database_sync_to_async`: that has one thread for the whole process, where a query of 3 s of one
socket held up all others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

P = ParamSpec("P")
T = TypeVar("T")

# Seconds.
_KEEP = 60.0

_threads = ThreadPoolExecutor(4, thread_name_prefix="taskcast-read")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`function(*args, **kwargs)`, off the loop; raises what it raises."""

    def call() -> T:
        # There is no request at whose ends Django would do this.
        close_old_connections()
        try:
            return function(*args, **kwargs)
        finally:
            keep_connections()

    return await asyncio.get_running_loop().run_in_executor(_threads, call)


def keep_connections() -> None:
    """Let this thread's connections live for a minute, whatever the settings say: it is one of few, and kept itself.

    When a thousand sockets come back at once, opening one for each look at a session took half of the time.
    """
    for connection in connections.all(initialized_only=True):
        if connection.close_at is not None and connection.close_at <= time.monotonic():
            connection.close_at += _KEEP
