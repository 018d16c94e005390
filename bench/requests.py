"""Requests over one kept connection, as a program makes them that asks again and again."""

from __future__ import annotations

import http.client
import time


class Client:
    """A connection to a local port; `token` is sent with each request."""

    def __init__(self, port: int, token: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> bytes:
        """The answer's body. Raises RuntimeError where it is no 200."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:500]!r}")
        return body

    def milliseconds(self, path: str, count: int) -> list[float]:
        """How long each of `count` such requests takes."""
        found = []
        for _ in range(count):
            started = time.perf_counter()
            self.get(path)
            found.append((time.perf_counter() - started) * 1000)
        return found
