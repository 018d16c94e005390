"""What holds for every answer: security headers; and an error that no view answered is still told as it should be.

For a site that is ours alone; what a project with pages of its own needs is around our views (surroundings.py).
"""

import logging
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse

from dashboard.api import problems
from tasks import eventlog

logger = logging.getLogger(__name__)

# For which an answer may wait for the event log.
LOG_SECONDS = 0.3

# Everything comes from here: nothing inline, nothing from elsewhere. `data:` is for small images in styles.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    # What a page shows is for its reader, now; the browser may keep it for going back, but asks otherwise.
    "Cache-Control": "private, no-cache",
}


class Middleware:
    """Works in Django's synchronous and asynchronous chain, so that no request changes threads for it."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._async = iscoroutinefunction(get_response)
        if self._async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> "HttpResponseBase | Awaitable[HttpResponseBase]":
        return self._later(request) if self._async else self.change(request, self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return self.change(request, await self.get_response(request))

    def change(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The response that is sent."""
        raise NotImplementedError


class Impatient(Middleware):
    """A page or a call that Redis does not answer soon shows what the database knows."""

    def __call__(self, request: HttpRequest) -> "HttpResponseBase | Awaitable[HttpResponseBase]":
        if self._async:
            return self._later(request)
        with eventlog.patience(LOG_SECONDS):
            return self.get_response(request)

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        with eventlog.patience(LOG_SECONDS):
            return await self.get_response(request)


class SecurityHeaders(Middleware):
    """Adds the headers that a view has not set itself."""

    def change(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add what is missing."""
        return with_headers(response)


class Failures(Middleware):
    """Every error of the API is a problem document; without a database, pages and calls say 503.

    Stands outside of all middleware that touches the session, since that is what fails first.
    """

    def change(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Replace an error page of the API."""
        return problems.as_problem(request, response) if is_call(request) else response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a view that found no database."""
        return database_away(request, error) if isinstance(error, OperationalError | InterfaceError) else None


def with_headers(response: HttpResponseBase) -> HttpResponseBase:
    """The response with those headers that it has not yet."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def is_call(request: HttpRequest) -> bool:
    """Whether the request is for the API, where every error is a problem document."""
    return request.path.startswith(_api_root(get_script_prefix()))


@cache
def _api_root(_: str) -> str:
    # By the prefix of the site's addresses, on which it depends; every request asks for it twice.
    return reverse("taskcast:api_root")


def database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    """503, for a call or for a page."""
    logger.error("the database is away: %s", error)
    if is_call(request):
        return problems.database_away()
    # Without context processors: whatever a page tells about its reader is in the database, but for cookies.
    page = render_to_string("dashboard/away.html", {"request": request})
    return HttpResponse(page, status=503, headers={"Retry-After": "5"})
