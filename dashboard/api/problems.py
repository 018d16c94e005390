"""Errors as `application/problem+json` (RFC 9457), and which exception is which of them."""

import logging
import math
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from dashboard import limits
from dashboard.access import MissingScope
from tasks import events
from tasks.again import NotRetryable
from tasks.catalog import BadArguments, UnknownTask
from tasks.control import NotCancellable, NotTerminable
from tasks.eventlog import LogUnavailable
from tasks.models import Job

MEDIA_TYPE = "application/problem+json"
_JSON = "application/json; charset=utf-8"

logger = logging.getLogger(__name__)


def answer(value: Any, status: int = 200) -> HttpResponse:
    """`value` as strict JSON."""
    return HttpResponse(events.dumps(value), status=status, content_type=_JSON)


def problem(
    status: int,
    detail: str,
    *,
    errors: Iterable[Mapping[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
    received: int | None = None,
) -> HttpResponse:
    """An error; `errors` says of each bad argument where (`loc`) and why (`msg`).

    `received` says where an upload goes on.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors is not None:
        body["errors"] = [{"loc": list(error["loc"]), "msg": str(error["msg"])} for error in errors]
    if received is not None:
        body["received"] = received
    return HttpResponse(events.dumps(body), status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))


def not_signed_in() -> HttpResponse:
    """401, with what would help."""
    return problem(401, _("Sign in, or send a token."), headers={"WWW-Authenticate": 'Bearer realm="Taskcast"'})


def too_many(error: limits.TooMany) -> HttpResponse:
    """429, with when to go on."""
    seconds = math.ceil(error.seconds)
    detail = _("Too many calls; go on in {seconds} s.").format(seconds=seconds)
    return problem(429, detail, headers={"Retry-After": str(seconds)})


def database_away() -> HttpResponse:
    """503: nothing was read or written."""
    return problem(
        503, _("The database does not answer. Nothing was changed; try again."), headers={"Retry-After": "5"}
    )


@csrf_exempt  # a program's POST to a wrong address is wrong by its address
def not_found(request: HttpRequest, rest: str = "") -> HttpResponse:
    """View for every path below `/api/` that is no call."""
    return problem(404, _("There is no such call."))


def as_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """`response`, or the problem document in place of an error page that some other part of Django made."""
    if response.status_code < 400 or response.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
        return response
    found = problem(response.status_code, _DETAILS.get(response.status_code, HTTPStatus(response.status_code).phrase))
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in response.headers:
            found.headers[name] = response.headers[name]
    found.cookies = response.cookies
    return found


_DETAILS = {
    400: "The request is malformed.",
    405: "This call does not take this method.",
    413: "The request is larger than this call takes.",
    500: "Something is broken here; the server's log says what.",
}


def install(api: NinjaAPI) -> None:
    """Answer every exception of the API's views with a problem."""
    handlers: dict[type[Exception], Any] = {
        ValidationError: _invalid,
        BadArguments: _bad_arguments,
        UnknownTask: lambda request, error: problem(404, _("There is no such task.")),
        Http404: lambda request, error: problem(404, str(error) or _("There is no such thing.")),
        Job.DoesNotExist: lambda request, error: problem(404, _("There is no such job.")),
        MissingScope: _missing_scope,
        limits.TooMany: lambda request, error: too_many(error),
        PermissionDenied: lambda request, error: problem(403, str(error) or _("You may not do this.")),
        NotCancellable: lambda request, error: problem(409, str(error)),
        NotTerminable: lambda request, error: problem(409, str(error)),
        NotRetryable: lambda request, error: problem(409, str(error)),
        LogUnavailable: _log_away,
        OperationalError: _database_away,
        InterfaceError: _database_away,
        RequestDataTooBig: lambda request, error: problem(413, _DETAILS[413]),
        UnreadablePostError: lambda request, error: problem(400, _("The request ended early.")),
        SuspiciousOperation: lambda request, error: problem(400, _DETAILS[400]),
        BadRequest: lambda request, error: problem(400, str(error)),
        HttpError: _http_error,
        # Django logs what nobody expected, and its answer becomes a problem in the middleware.
        Exception: _raise,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [{"loc": _public(fault["loc"]), "msg": fault["msg"]} for fault in error.errors]
    return problem(422, _summary(faults), errors=faults)


def _public(loc: Iterable[str | int]) -> list[str | int]:
    # ["query", "filters", "limit"]: the second is how we call the parameter of the view, nobody else knows it.
    place, *rest = loc
    return [place, *rest[1:]] if rest and rest[0] in ("filters", "body") else [place, *rest]


def _bad_arguments(request: HttpRequest, error: BadArguments) -> HttpResponse:
    faults = [{"loc": ["body", "args", *fault["loc"]], "msg": fault["msg"]} for fault in error.errors]
    return problem(422, _summary(faults), errors=faults)


def _summary(faults: Iterable[Mapping[str, Any]]) -> str:
    return "; ".join(f"{'.'.join(map(str, fault['loc'][1:])) or fault['loc'][0]}: {fault['msg']}" for fault in faults)


def _missing_scope(request: HttpRequest, error: MissingScope) -> HttpResponse:
    challenge = f'Bearer realm="Taskcast", error="insufficient_scope", scope="{error.scope}"'
    return problem(403, str(error), headers={"WWW-Authenticate": challenge})


def _log_away(request: HttpRequest, error: LogUnavailable) -> HttpResponse:
    logger.warning("the event log is away: %s", error)
    return problem(503, _("Redis does not answer; try again."), headers={"Retry-After": "2"})


def _database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("the database is away: %s", error)
    return database_away()


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return not_signed_in() if error.status_code == 401 else problem(error.status_code, str(error))


def _raise(request: HttpRequest, error: Exception) -> HttpResponse:
    raise error
