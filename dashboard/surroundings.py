"""What holds for every answer of ours, whatever middleware stands around it: a project keeps its own.

Also in dashboard/middleware.py, for our own project: there it holds for what no view of ours answers, too.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, URLResolver

from dashboard import middleware
from dashboard.api import problems
from tasks import eventlog

Patterns: TypeAlias = list[URLPattern | URLResolver]


def surrounded(patterns: Patterns) -> Patterns:
    """The same patterns, their views changed: impatient with Redis, with our headers and our words for errors."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            surrounded(pattern.url_patterns)
        else:
            pattern.callback = _surrounded(pattern.callback)
    return patterns


def _surrounded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "HEAD" and middleware.is_call(request):
            return _head(request, lambda: answer_to(request, *args, **kwargs))
        return answer_to(request, *args, **kwargs)

    def answer_to(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with eventlog.patience(middleware.LOG_SECONDS):
            try:
                response = view(request, *args, **kwargs)
            except (OperationalError, InterfaceError) as error:
                response = middleware.database_away(request, error)
            except (Http404, PermissionDenied) as error:
                # Not those of the project's handlers: their pages do not say what is missing here.
                response = _refused(request, error)
        if middleware.is_call(request):
            response = problems.as_problem(request, response)
        return middleware.with_headers(response)

    # What is durable and when a job is sent is said in the views; a project that makes every request one transaction
    # would have the job sent after the answer.
    return transaction.non_atomic_requests(answer)


def _head(request: HttpRequest, answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer to a GET, which the server sends without its body: the API's calls know no HEAD of their own."""
    request.method = "GET"
    try:
        response = answer()
    finally:
        request.method = "HEAD"
    if not response.streaming:
        return response
    # A large file is not read to be thrown away.
    bare = HttpResponse(status=response.status_code, headers=response.headers)
    bare._resource_closers = response._resource_closers  # type: ignore[attr-defined]
    return bare


def _refused(request: HttpRequest, error: Exception) -> HttpResponse:
    status = 404 if isinstance(error, Http404) else 403
    return render(request, f"dashboard/{status}.html", {"exception": str(error)}, status=status)
