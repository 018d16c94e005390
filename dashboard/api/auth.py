"""Who calls, and how often: a session with its CSRF token, or a token within its scopes. A token that is sent must be
right."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from ninja.errors import AuthenticationError, HttpError
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie
from ninja.utils import check_csrf

from dashboard import access, accounts, limits
from dashboard.api import problems


class Call(HttpRequest):
    """A request whose caller is known."""

    auth: Any


class Token(HttpBearer):
    """`Authorization: Bearer TOKEN`, with a token that has these scopes."""

    def __init__(self, *scopes: str) -> None:
        super().__init__()
        self.scopes = scopes

    def __call__(self, request: HttpRequest) -> Any:
        if "Authorization" not in request.headers:
            return None
        user = super().__call__(request)
        if not user:
            # Not the session instead: whoever sends a wrong token must hear of it.
            limits.STRANGERS.spend(limits.address_of(request))
            raise AuthenticationError
        return user

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The user whose token it is."""
        found = accounts.live_token(token.strip())
        if found is None:
            return None
        limits.CALLS.spend(f"token {found.pk}")
        return access.user_within(found, self.scopes)


class Session(APIKeyCookie):
    """The session of a browser; what changes something needs the CSRF token in `X-CSRFToken`."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any:
        if not access.is_active(request.user):
            limits.STRANGERS.spend(limits.address_of(request))
            return None
        limits.CALLS.spend(f"session {request.session.session_key}")
        # After, not before: a caller without any session is told to sign in.
        if check_csrf(request):
            raise HttpError(403, "The CSRF token is missing or wrong: send it in X-CSRFToken.")
        return request.user

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Not used: `__call__` decides."""
        return None


def by(*scopes: str) -> list[Any]:
    """The credentials of a call for which a token needs these scopes."""
    return [Token(*scopes), Session()]


def limited(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """`view`, which anybody may look at, for each address as often as calls without credentials."""

    @require_safe
    @wraps(view)
    def bounded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            limits.STRANGERS.spend(limits.address_of(request))
        except limits.TooMany as error:
            return problems.too_many(error)
        return view(request, **kwargs)

    return bounded
