"""By what somebody on a socket is known, and who that is now: at the start, and again every few seconds.

Everything here but `of` reads the database: call it in a thread.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.http import QueryDict, parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from dashboard import access, accounts, scopes, shares
from dashboard.live.asgi import Scope


@dataclass(frozen=True)
class Credential:
    """A session's key, a program's token, or that of a link to one job."""

    kind: Literal["session", "token", "share"]
    secret: str

    def __repr__(self) -> str:
        return f"<{self.kind}>"  # never the secret: reprs end in logs


def of(scope: Scope) -> Credential | None:
    """What the caller of a websocket showed: the token of a link if any, a program's, else the session cookie.

    A page that shows one job by a link is a guest's also where its reader is signed in.
    """
    if share := QueryDict(scope.get("query_string", b"")).get("share"):
        return Credential("share", share)
    headers = {name: value.decode("latin1") for name, value in scope["headers"]}
    scheme, _, token = headers.get(b"authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return Credential("token", token.strip())
    key = parse_cookie(headers.get(b"cookie", "")).get(settings.SESSION_COOKIE_NAME)
    return Credential("session", key) if key else None


def users(credentials: Collection[Credential]) -> dict[Credential, Any]:
    """Whose each credential is now; those are left out that stand for nobody (any more), or may not read."""
    sessions = _sessions({credential.secret for credential in credentials if credential.kind == "session"})
    pk = get_user_model()._meta.pk
    ids = {key: pk.to_python(data[SESSION_KEY]) for key, data in sessions.items() if SESSION_KEY in data}
    people = get_user_model()._default_manager.in_bulk(set(ids.values()))
    tokens = accounts.live_tokens({credential.secret for credential in credentials if credential.kind == "token"})
    guests = shares.guests({credential.secret for credential in credentials if credential.kind == "share"})
    found: dict[Credential, Any] = {}
    for credential in credentials:
        if credential.kind == "share":
            if guest := guests.get(credential.secret):
                found[credential] = guest
            continue
        if credential.kind == "token":
            user = access.user_of(tokens.get(credential.secret), scopes.READ)
        else:
            user = people.get(ids.get(credential.secret))
            if user is not None and not _signed_in(user, sessions[credential.secret]):
                user = None
        if user is not None and user.is_active:
            found[credential] = user
    return found


def _sessions(keys: set[str]) -> dict[str, Mapping[str, Any]]:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    if not hasattr(store, "get_model_class"):
        return {key: store(key).load() for key in keys}
    # Sessions in the database: one query for all sockets.
    rows = store.get_model_class().objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    decode = store().decode
    return {row.session_key: decode(row.session_data) for row in rows}


def _signed_in(user: Any, session: Mapping[str, Any]) -> bool:
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    # The hash changes with the password: who changes it is logged out everywhere else.
    shown = session.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(shown, known) for known in hashes)
