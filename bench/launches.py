"""One launch after the other, each followed to its result; these run in a process that is set up like a shell."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

from bench.measuring import paused_median
from bench.sockets import Socket
from bench.stage import result_of


def delays(port: int, cookies: Mapping[str, str], count: int) -> float:
    """Milliseconds (median) from `add.delay(4, 4)` to its result in a socket that is open already."""
    from tasks.samples.arithmetic import add

    socket = Socket(port, "/ws/", cookies, acks=True)
    return paused_median(count, lambda: result_of(socket, add.delay(4, 4).id), 8)


def posts(port: int, cookies: Mapping[str, str], token: str, count: int) -> float:
    """The same from the request `POST jobs`, over a connection that is kept."""
    socket = Socket(port, "/ws/", cookies, acks=True)
    api = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps({"task": "tasks.samples.arithmetic.add", "args": {"x": 4, "y": 4}})

    def post() -> Any:
        api.request("POST", "/api/v1/jobs", body, headers)
        answer = api.getresponse()
        job = json.loads(answer.read())
        if answer.status != 201:
            raise RuntimeError(f"{answer.status}: {job}")
        return result_of(socket, job["id"])

    return paused_median(count, post, 8)
