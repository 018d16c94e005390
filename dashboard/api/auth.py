"""Who calls: a session with its CSRF token, or a token. A token that is sent must be right."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import AuthenticationError, HttpError
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie
from ninja.utils import check_csrf

from dashboard import access, accounts


class Call(HttpRequest):
    """A request whose caller is known."""

    auth: Any


class Token(HttpBearer):
    """`Authorization: Bearer TOKEN`; `python manage.py token USERNAME` prints one."""

    def __call__(self, request: HttpRequest) -> Any:
        if "Authorization" not in request.headers:
            return None
        user = super().__call__(request)
        if not user:
            # Not the session instead: whoever sends a wrong token must hear of it.
            raise AuthenticationError
        return user

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The user whose token it is."""
        return accounts.user_for_token(token.strip())


class Session(APIKeyCookie):
    """The session of a browser; what changes something needs the CSRF token in `X-CSRFToken`."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any:
        if not access.is_active(request.user):
            return None
        # After, not before: a caller without any session is told to sign in.
        if check_csrf(request):
            raise HttpError(403, "The CSRF token is missing or wrong: send it in X-CSRFToken.")
        return request.user

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Not used: `__call__` decides."""
        return None


CREDENTIALS = [Token(), Session()]
