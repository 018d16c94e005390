"""Who somebody is: the first administrator's one-time link, and tokens of programs.

Both secrets are 32 random bytes, shown once and kept as SHA-256.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from dashboard import scopes as known_scopes
from dashboard.models import ApiToken, WelcomeLink
from tasks import by_hand, conf

WELCOME_LIFETIME = timedelta(minutes=10)
FIRST_ADMINISTRATOR = "admin"

# Shows what it is to whoever finds one in a log, and to programs that look for secrets.
_TOKEN_PREFIX = "taskcast_"  # noqa: S105
# How exactly is known when a token was last used: not each call is to cost a write.
_LAST_USE = timedelta(minutes=1)


# --- the first administrator ----------------------------------------------------------------------------------


def somebody_has_a_password() -> bool:
    """Whether any user can sign in by password; from then on there are no welcome links."""
    users = get_user_model()._default_manager.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return users.exclude(password="").exists()


def welcome_link() -> str | None:
    """A new welcome link for the whole address of this instance; links made before stop working.

    None where a user with a password exists.
    """
    token = new_welcome_token()
    return token and base_url() + reverse("taskcast:welcome", args=[token])


def new_welcome_token() -> str | None:
    """The secret of a new welcome link, or None where a user with a password exists."""
    if somebody_has_a_password():
        return None
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        WelcomeLink.objects.all().delete()
        WelcomeLink.objects.create(digest=_digest(token), created_at=timezone.now())
    return token


def base_url() -> str:
    """Where this instance is reached, without a final slash: from the settings HOST and PORT."""
    host, port = conf.listens_at()
    # Addresses that mean "everywhere" are none that a browser can open.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def use_welcome_token(token: str) -> Any:
    """The first administrator, for the one who opens the link first; None for everybody after, and when it is over.

    The administrator has no password yet and is not signed in by this.
    """
    with transaction.atomic():
        unused = WelcomeLink.objects.filter(
            digest=_digest(token), used_at=None, created_at__gt=timezone.now() - WELCOME_LIFETIME
        )
        # Of two who open it at once, the database lets one through.
        if unused.update(used_at=timezone.now()) != 1 or somebody_has_a_password():
            return None
        return _first_administrator()


def _first_administrator() -> Any:
    users = get_user_model()._default_manager
    found = users.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if found:
        return found  # made by an earlier link, whose opener has set no password
    field = get_user_model().USERNAME_FIELD
    taken = set(users.filter(**{f"{field}__startswith": FIRST_ADMINISTRATOR}).values_list(field, flat=True))
    names = (FIRST_ADMINISTRATOR + (str(n) if n else "") for n in range(len(taken) + 1))
    return users.create_superuser(**{field: next(name for name in names if name not in taken)}, password=None)


# --- tokens ---------------------------------------------------------------------------------------------------


def new_token(
    user: Any, *, name: str = "", scopes: Iterable[str] = known_scopes.ALL, lifetime: timedelta | None = None
) -> str:
    """A new token of `user`, beside those that there are; `lifetime` None: for ever. Only now can it be read."""
    token = _TOKEN_PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        user=user,
        name=name,
        digest=_digest(token),
        scopes=known_scopes.written(scopes),
        expires_at=timezone.now() + lifetime if lifetime else None,
    )
    return token


def live_token(secret: str) -> ApiToken | None:
    """The token that this is the secret of; None where there is none, it has expired, or its user is switched off."""
    return live_tokens([secret]).get(secret)


def live_tokens(secrets: Collection[str]) -> dict[str, ApiToken]:
    """`live_token` of each of these secrets that has one, at once. Counts as a use of them."""
    now = timezone.now()
    by_digest = {_digest(secret): secret for secret in secrets if secret.startswith(_TOKEN_PREFIX)}
    known = by_hand.having(ApiToken, "digest", by_digest)
    users = {user.pk: user for user in by_hand.having(get_user_model(), "pk", {token.user_id for token in known})}
    found = {}
    for token in known:
        user = users.get(token.user_id)
        if user and user.is_active and (token.expires_at is None or token.expires_at > now):
            token.user = user
            found[by_digest[token.digest]] = token
    # Of callers at the same time, one writes.
    unnoted = Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USE)
    stale = [token.pk for token in found.values() if token.last_used_at is None or token.last_used_at < now - _LAST_USE]
    if stale:
        ApiToken.objects.filter(unnoted, pk__in=stale).update(last_used_at=now)
    return found


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
