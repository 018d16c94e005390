"""Django's ASGI handler, with all of a request in one thread.

Django runs each middleware of its own on the event loop and sends every one of its hooks to a thread: a request without
any work took twenty changes of threads, which were more than half of its time.
"""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler


class OneThreadHandler(ASGIHandler):
    """Middleware and views are synchronous here, so one change to a thread is enough."""

    def load_middleware(self, is_async: bool = False) -> None:
        """The chain, as WSGI has it."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: Any) -> Any:
        """The response to `request`."""
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)
