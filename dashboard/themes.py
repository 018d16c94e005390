"""Light, dark, or as the system has it: chosen for a browser, not for a person, so a cookie has it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

THEMES = ("light", "dark")
_COOKIE = "taskcast_theme"
_YEAR = 365 * 24 * 3600


def theme_of(request: HttpRequest | None) -> str:
    """``light`` or ``dark``; empty where the system decides. Asks nothing but the request's cookies."""
    chosen = request.COOKIES.get(_COOKIE, "") if request else ""
    return chosen if chosen in THEMES else ""


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice, and go back to the page where it was made. Anybody may: it is about his own browser."""
    root = reverse("taskcast:index")
    page = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    response = redirect(page if ours else root)
    chosen = request.POST.get("theme")
    if chosen in THEMES:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(_COOKIE, chosen, _YEAR, path=root, secure=secure, httponly=True, samesite="Lax")
    else:
        response.delete_cookie(_COOKIE, path=root, samesite="Lax")
    return response
