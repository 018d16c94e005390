"""Django's ASGI handler, with all of a request in one thread, which is kept for requests to come.

Django runs each middleware of its own on the event loop and sends every one of its hooks to a thread: a request without
any work took twenty changes of threads, which were more than half of its time. And it starts two threads for each
request, one of which only ends the other, and opens and closes a connection to the database in it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connections

from dashboard.live.threads import keep_connections

# Threads that wait for requests, each with a connection. More requests at the same time have threads of their own, as
# many as there are: none ever waits for another one that hangs.
_KEPT = 4


class OneThreadHandler(ASGIHandler):
    """Middleware and views are synchronous here, so one change to a thread is enough."""

    def __init__(self) -> None:
        super().__init__()
        # Touched on the event loop only. The latest comes first, so that few are used while little happens.
        self._waiting: list[ThreadPoolExecutor] = []

    def load_middleware(self, is_async: bool = False) -> None:
        """The chain, as WSGI has it."""
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request in a thread that nobody else has meanwhile."""
        thread = self._waiting.pop() if self._waiting else ThreadPoolExecutor(1, "taskcast-request")
        is_free = False
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.handle(scope, receive, send)
            # Not where the server gave the request up: its view may hang in there.
            is_free = True
        finally:
            if is_free and len(self._waiting) < _KEPT:
                self._waiting.append(thread)
            else:
                thread.submit(connections.close_all)
                thread.shutdown(wait=False)

    async def get_response_async(self, request: Any) -> Any:
        """The response to `request`."""
        return await sync_to_async(self._answer, thread_sensitive=True)(request)

    def _answer(self, request: Any) -> Any:
        response = self.get_response(request)
        keep_connections()
        return response
