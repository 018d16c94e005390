"""What a link shows to whoever has it: one job, read only and live. No account, no session, no way to anything else."""

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Any, TypeAlias

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from dashboard import access, file_names, job_page, limits, log_views, middleware, output_views, queries, shares
from dashboard.api import files, problems

_HEADERS = {
    "X-Robots-Tag": "noindex, nofollow",
    # The address is the right: it must not go along to wherever a reader goes.
    "Referrer-Policy": "no-referrer",
}
# Its token is the right to show it, in any page: whoever has it could show the job there anyway.
_ANYWHERE = middleware.POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
_MOST_EVENTS = 1000

_View: TypeAlias = Callable[..., HttpResponseBase]


def _for_guests(view: Callable[..., HttpResponseBase]) -> _View:
    """The view, given the job that the token opens; 404 for a token that never was, 410 for one that is over, and 429
    for who guesses."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, token: str, **more: Any) -> HttpResponseBase:
        caller = limits.address_of(request)
        try:
            limits.LINKS.spend(caller)
        except limits.TooMany as error:
            response: HttpResponseBase = _nothing(request, 429)
            response.headers["Retry-After"] = str(ceil(error.seconds))
        else:
            response = _opened(request, caller, token, more)
        for name, value in _HEADERS.items():
            response.headers[name] = value
        add_never_cache_headers(response)
        # Django logs the address of what it refuses, and this one may still open something.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    def _opened(request: HttpRequest, caller: str, token: str, more: dict[str, Any]) -> HttpResponseBase:
        guest = shares.guest(token)
        if guest is None and not shares.is_known(token):
            return _nothing(request, 404)
        limits.LINKS.give_back(caller)
        found = access.job_of(guest) if guest else None
        if found is None:
            return _nothing(request, 410)
        try:
            return view(request, found, token=token, guest=guest, **more)
        except Http404 as error:
            return problems.problem(404, str(error))

    return answer


def _nothing(request: HttpRequest, status: int) -> HttpResponse:
    return render(request, "dashboard/shared_nothing.html", {"status": status}, status=status)


@_for_guests
def page(request: HttpRequest, found: queries.Found, *, token: str, guest: access.Guest) -> HttpResponse:
    """The job on a page of its own."""
    return render(request, "dashboard/shared.html", _context(found, token, guest))


@xframe_options_exempt
@_for_guests
def embed(request: HttpRequest, found: queries.Found, *, token: str, guest: access.Guest) -> HttpResponse:
    """The job alone, for a frame in any page."""
    response = render(request, "dashboard/shared.html", {**_context(found, token, guest), "is_embed": True})
    response.headers["Content-Security-Policy"] = _ANYWHERE
    return response


def _context(found: queries.Found, token: str, guest: access.Guest) -> dict[str, Any]:
    return {
        **job_page.context(None, found),
        "share": token,
        "expires_at": guest.expires_at.isoformat(),
        "names": file_names.of([found.job]),
    }


@_for_guests
def job(request: HttpRequest, found: queries.Found, **_: Any) -> HttpResponse:
    """The job, for the page's script."""
    return problems.answer(found.job)


@_for_guests
def events(request: HttpRequest, found: queries.Found, **_: Any) -> HttpResponse:
    """`?after=SEQ&limit=`: what happened to it, for the page's script."""
    after, limit = (_number(request.GET.get(name), default) for name, default in (("after", 0), ("limit", 500)))
    page = queries.events(found, after, min(max(limit, 1), _MOST_EVENTS))
    return problems.answer({"events": page.events, "seq": page.seq, "archived": page.archived})


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else default


@_for_guests
def file(request: HttpRequest, found: queries.Found, *, name: str, **_: Any) -> HttpResponseBase:
    """A result or an output of it."""
    return files.file_of(request, found, name)


@_for_guests
def log(request: HttpRequest, found: queries.Found, **_: Any) -> HttpResponseBase:
    """Its whole log as a text."""
    return log_views.download_of(request, found)


@_for_guests
def log_lines(request: HttpRequest, found: queries.Found, **_: Any) -> HttpResponse:
    """Lines of its log, by their numbers."""
    return log_views.lines_of(request, found)


@_for_guests
def log_search(request: HttpRequest, found: queries.Found, **_: Any) -> HttpResponse:
    """Where lines of its log fit."""
    return log_views.search_of(request, found)


@_for_guests
def text(request: HttpRequest, found: queries.Found, *, token: str, name: str, **_: Any) -> HttpResponse:
    """A Markdown output of it as HTML."""
    return output_views.text_of(found, name, output_views.address_of_files(found.id, token))


@_for_guests
def as_csv(request: HttpRequest, found: queries.Found, *, name: str, **_: Any) -> HttpResponse:
    """A table of it as CSV."""
    return output_views.csv_of(found, name)
