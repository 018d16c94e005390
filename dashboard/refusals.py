"""Requests that Django refuses before a view has them."""

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults

_TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400; 413 where the request says more than a form takes."""
    if isinstance(exception, _TOO_LARGE):
        return render(request, "dashboard/too_large.html", status=413)
    response: HttpResponse = defaults.bad_request(request, exception)
    return response
