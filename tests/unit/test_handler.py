"""What serves pages and calls: middleware and view of a request run in one thread, on no event loop, and it is kept."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from typing import Any

import pytest
from django.db import connections
from django.http import HttpResponse

from project import handler as module
from project.handler import OneThreadHandler

SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "GET",
    "path": "/healthz",
    "query_string": b"",
    "headers": [(b"host", b"127.0.0.1")],
}


@pytest.fixture
def handler():
    made = OneThreadHandler()
    yield made
    for thread in made._waiting:
        thread.submit(connections.close_all)
        thread.shutdown()


def serve(handler: OneThreadHandler, view: Any, *, together: int = 1) -> None:
    """Have `together` requests at the same time answered by `view`."""
    handler._middleware_chain = view

    async def ask() -> None:
        body = iter([{"type": "http.request"}])

        async def receive() -> Any:
            return next(body, None) or await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        sent: list[Any] = []
        await handler(dict(SCOPE), receive, send)
        assert sent[0]["status"] == 200

    async def ask_all() -> None:
        await asyncio.gather(*(ask() for _ in range(together)))

    asyncio.run(ask_all())


def test_a_request_changes_to_one_thread_for_its_whole_chain(handler):
    chain, seen = handler._middleware_chain, []

    def spied(request: Any) -> HttpResponse:
        seen.append((threading.current_thread(), asyncio._get_running_loop()))
        return chain(request)

    serve(handler, spied)
    ((thread, loop),) = seen
    assert thread is not threading.main_thread()
    assert loop is None


def test_the_next_request_gets_the_same_thread(handler):
    seen = []

    def view(request: Any) -> HttpResponse:
        seen.append(threading.current_thread())
        return HttpResponse()

    for _ in range(3):
        serve(handler, view)
    assert len(set(seen)) == 1


def test_requests_at_the_same_time_wait_for_none_and_few_threads_are_kept(handler):
    many = module._KEPT + 3
    meeting, seen = threading.Barrier(many, timeout=10), []

    def view(request: Any) -> HttpResponse:
        seen.append(threading.current_thread())
        meeting.wait()
        return HttpResponse()

    serve(handler, view, together=many)
    assert len(set(seen)) == many
    deadline = time.monotonic() + 10
    while sum(thread.is_alive() for thread in seen) > module._KEPT:
        assert time.monotonic() < deadline, "the others end"
        time.sleep(0.01)
    assert sum(thread.is_alive() for thread in seen) == module._KEPT


def test_a_thread_in_which_a_view_hangs_is_given_to_nobody_else(handler):
    hangs, goes_on, seen = threading.Event(), threading.Event(), []

    def hanging(request: Any) -> HttpResponse:
        seen.append(threading.current_thread())
        hangs.set()
        goes_on.wait(10)
        return HttpResponse()

    def view(request: Any) -> HttpResponse:
        seen.append(threading.current_thread())
        return HttpResponse()

    async def given_up() -> None:
        async def read_body(receive: Any) -> Any:
            return io.BytesIO()  # Django leaves its own open for the garbage collector, and pytest complains

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            pass

        handler.read_body = read_body
        handler._middleware_chain = hanging
        asked = asyncio.ensure_future(handler(dict(SCOPE), receive, send))
        await asyncio.to_thread(hangs.wait, 10)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert handler._waiting == []
        goes_on.set()

    asyncio.run(given_up())
    del handler.read_body
    serve(handler, view)
    assert seen[0] is not seen[1]
