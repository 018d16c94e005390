"""Which pages may open our socket: browsers send our cookies along from any page, and only tell which it is."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from dashboard.live.asgi import Application, Receive, Scope, Send
from tasks import conf

_PORTS = {"http": 80, "https": 443}
_LOOPBACK = [".localhost", "127.0.0.1", "[::1]"]


class OriginGuard:
    """ASGI middleware for websockets: a foreign or `null` Origin is refused with 403, before it is
    accepted.

    A missing Origin is fine: programs send none, and browsers always do.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin1") for name, value in scope["headers"]}
        if b"origin" in headers and not is_ours(headers[b"origin"], headers, scope.get("scheme", "ws")):
            await receive()  # websocket.connect
            await send({"type": "websocket.close", "code": 4403, "reason": "foreign origin"})
            return
        await self.application(scope, receive, send)


def is_ours(origin: str, headers: Mapping[bytes, str], scheme: str = "ws") -> bool:
    """Whether `origin` is the very one that was asked (scheme, host, port), or one that the settings trust."""
    theirs = _parse(origin)
    if theirs is None:
        return False
    return theirs == _asked(headers, scheme) or any(_matches(theirs, text) for text in conf.trusted_origins())


_Origin = tuple[str, str, int]


def _parse(text: str) -> _Origin | None:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or f"{parts.scheme}://{parts.netloc}" != text.lower():
        return None
    if "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]


def _asked(headers: Mapping[bytes, str], scheme: str) -> _Origin | None:
    host = headers.get(b"host", "")
    if settings.USE_X_FORWARDED_HOST and b"x-forwarded-host" in headers:
        host = headers[b"x-forwarded-host"]
    domain, _ = split_domain_port(host)
    # Host is the client's word: without this a page of a name that only points here would be "the same
    # origin".
    if not domain or not validate_host(domain, [*settings.ALLOWED_HOSTS, *_LOOPBACK]):
        return None
    return _parse(f"{'https' if _is_secure(headers, scheme) else 'http'}://{host.lower()}")


def _is_secure(headers: Mapping[bytes, str], scheme: str) -> bool:
    if settings.SECURE_PROXY_SSL_HEADER:
        name, value = settings.SECURE_PROXY_SSL_HEADER
        given = headers.get(name.removeprefix("HTTP_").replace("_", "-").lower().encode())
        if given is not None:
            return given.split(",", 1)[0].strip() == value
    return scheme in ("wss", "https")


def _matches(theirs: _Origin, trusted: str) -> bool:
    scheme, star, domain = trusted.partition("://*.")
    if not star:
        return theirs == _parse(trusted.lower())
    wanted = _parse(f"{scheme}://{domain}")
    if wanted is None:
        return False
    return theirs[0] == wanted[0] and theirs[2] == wanted[2] and theirs[1].endswith("." + wanted[1])
