"""What serves pages and calls: middleware and view of a request run in one thread, on no event loop."""

from __future__ import annotations

import asyncio
import threading

from django.http import HttpRequest, HttpResponse

from project.handler import OneThreadHandler


def test_a_request_changes_to_one_thread_for_its_whole_chain(monkeypatch):
    handler = OneThreadHandler()
    chain = handler._middleware_chain
    seen = []

    def spied(request: HttpRequest) -> HttpResponse:
        seen.append((threading.current_thread(), asyncio._get_running_loop()))
        return chain(request)

    monkeypatch.setattr(handler, "_middleware_chain", spied)
    request = HttpRequest()
    request.method, request.path_info, request.path = "GET", "/healthz", "/healthz"
    request.META = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80"}
    response = asyncio.run(handler.get_response_async(request))
    assert response.status_code == 200
    ((thread, loop),) = seen
    assert thread is not threading.main_thread()
    assert loop is None
