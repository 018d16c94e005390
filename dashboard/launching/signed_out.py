"""A form that was sent after its session had ended: whoever signs in finds it as it was typed; nothing is done before.

What is short comes back by the address of the form. All else stands in hidden fields of a page on which one signs in:
the server keeps nothing of it, since nobody knows yet whose it is. Where a project has a sign-in page of its own, which
knows nothing of such fields, only the former comes back.
"""

from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from dashboard.account_views import SignInForm
from dashboard.launching.carried import SIGN_IN


@sensitive_post_parameters()
def answer(
    request: HttpRequest, address: str, is_all: bool, fields: Sequence[tuple[str, str]], *, schedule: bool = False
) -> HttpResponse | None:
    """Have the reader sign in and come back to the form at `address`, filled in; `is_all` says that the address does
    that. Else the page has the `fields` that were posted. None where this very page has just signed somebody in: then
    they are posted once more, to be shown and nothing else."""
    is_sent = f"{SIGN_IN}username" in request.POST
    is_ours = resolve_url(settings.LOGIN_URL) == reverse("taskcast:login")
    if not is_ours or not ((fields and not is_all) or is_sent):
        messages.warning(request, _words(is_all, schedule))
        return redirect_to_login(address)
    form = SignInForm(request, request.POST if is_sent else None, prefix=SIGN_IN.removesuffix("-"))
    if is_sent and form.is_valid():
        login(request, form.get_user())
        return None
    response = render(request, "dashboard/signed_out.html", {"form": form, "carried": fields, "schedule": schedule})
    response.status_code = 429 if form.wait else 422 if is_sent else 403
    # What was typed is in hidden fields: no copy of the page is to stay behind.
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _words(is_all: bool, schedule: bool) -> str:
    if schedule:
        return (
            _("Nothing was saved: sign in first. What you typed is kept.")
            if is_all
            else _("Nothing was saved: sign in first. Of what you typed, secrets, files and long texts are not kept.")
        )
    return (
        _("Nothing was launched: sign in first. What you typed is kept.")
        if is_all
        else _("Nothing was launched: sign in first. Of what you typed, secrets, files and long texts are not kept.")
    )
