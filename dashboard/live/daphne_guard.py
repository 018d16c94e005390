"""What daphne does with a request's body before any of our code runs, put right. Beneath daphne, as
daphne_end and daphne_frames are.

Twisted parses every multipart POST by itself, also those of strangers, for a dictionary that daphne never
looks at: 100 MiB cost 2 GB of memory and 26 s of the event loop. And nothing bounds a body, though daphne
reads all of it before it asks who sends it. So the parsing is switched off (Django parses the same body
again, with limits), and what is larger than the largest form is answered with 413 as soon as its length is
known.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse

from tasks import conf

logger = logging.getLogger(__name__)

# Seconds for which a refused body is read on and thrown away. Closing at once would reset the connection, and
# the client would see that instead of the answer.
_LINGER = 2


def install() -> None:
    """Let daphne make requests of our kind, if it is the server of this process."""
    try:
        from daphne import http_protocol
    except ImportError:
        return
    if getattr(http_protocol.WebRequest, "is_guarded", False):
        return
    http_protocol.WebRequest = _guarded(http_protocol.WebRequest)


def _guarded(base: Any) -> Any:
    largest = conf.largest_body()

    class GuardedRequest(base):
        """A request whose body is neither parsed nor boundless."""

        is_guarded = True

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{"parsePOSTFormSubmission": False, **kwargs})
            self._received = 0
            self._is_refused = False

        def gotLength(self, length: int | None) -> None:
            super().gotLength(length)
            if length is not None and length > largest and self._is_ours():
                self._refuse()

        def handleContentChunk(self, data: bytes) -> None:
            # A chunked body does not say how long it will be.
            self._received += len(data)
            if self._received > largest and self._is_ours():
                self._refuse()
            if not self._is_refused:
                super().handleContentChunk(data)

        def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
            if self._is_refused:
                self.channel.transport.loseConnection()
            else:
                super().requestReceived(command, path, version)

        def _is_ours(self) -> bool:
            # The request itself learns its path when all of it is there. Other pages of a project have limits of
            # their own.
            return bool(self.channel._path.decode("latin1").startswith(reverse("taskcast:index")))

        def _refuse(self) -> None:
            if self._is_refused:
                return
            self._is_refused = True
            from twisted.internet import reactor

            loop: Any = reactor
            transport = self.channel.transport
            # Or Twisted would say "100 Continue" after our answer.
            self.requestHeaders.removeHeader(b"expect")
            transport.write(_answer(b",".join(self.requestHeaders.getRawHeaders(b"accept", ())), largest))
            loop.callLater(_LINGER, transport.loseConnection)
            logger.warning("refused a request whose body is larger than %d bytes", largest)

    return GuardedRequest


def _answer(accepts: bytes, largest: int) -> bytes:
    """A page for people; for programs a problem document (RFC 9457), as everywhere in the API."""
    if b"text/html" in accepts:
        kind, text = "text/html; charset=utf-8", str(render_to_string("dashboard/too_large.html"))
    else:
        detail = f"A request has at most {largest // 1024**2} MiB."
        problem = {"type": "about:blank", "title": "Content Too Large", "status": 413, "detail": detail}
        kind, text = "application/problem+json", json.dumps(problem)
    body = text.encode()
    head = (
        f"HTTP/1.1 413 Content Too Large\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'self'\r\n\r\n"
    )
    return head.encode() + body
