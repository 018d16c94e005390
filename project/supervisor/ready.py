"""Asking the outside and the parts whether they answer."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import redis

from project.supervisor.errors import CannotStart

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def browser_host(host: str) -> str:
    """The host for links: a wildcard address is nowhere to go to, the loopback is."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def check_port(host: str, port: int) -> None:
    """Raise CannotStart where nobody can listen at `host` and `port`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        if isinstance(error, socket.gaierror):
            raise CannotStart(f"HOST is {host!r}, which no address belongs to: correct it.") from None
        raise CannotStart(
            f"PORT {port} at {host} cannot be listened on ({error.strerror}): "
            "stop what uses it, or set PORT (or HOST) to another one."
        ) from None


def check_redis(url: str) -> str:
    """Raise CannotStart where the Redis at `url` does not answer; returns its eviction policy, "" where unknown."""
    client = redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3, decode_responses=True)
    try:
        client.ping()
        policy = client.info("memory").get("maxmemory_policy", "")
        return str(policy)
    except redis.RedisError as error:
        raise CannotStart(
            f"REDIS_URL names {without_password(url)}, which does not answer ({error}): "
            "start that Redis, correct the address, or unset REDIS_URL to use the embedded one."
        ) from None
    finally:
        client.close()


def redis_answers(url: str) -> bool:
    """Whether the Redis at `url` has loaded its data and answers."""
    client = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def allowed_name(allowed: Sequence[str]) -> str:
    """A Host header that Django lets through."""
    return next((name.lstrip(".") for name in allowed if name != "*"), "localhost")


def names_warning(host: str, allowed: Sequence[str]) -> str | None:
    """What to say where daphne listens for others, who are then told "Bad Request"."""
    names = ", ".join(allowed)
    if host not in WILDCARDS or set(allowed) - set(LOOPBACK):
        return None
    return (
        f"warning: HOST is {host}, but pages are only given to who asks for {names}: set ALLOWED_HOSTS to the names "
        "and addresses of this machine that browsers use, as in ALLOWED_HOSTS=localhost,192.168.0.10"
    )


def pages_answer(host: str, port: int, name: str, paths: Iterable[str] = ("/healthz", "/readyz")) -> bool:
    """Whether daphne at `host` and `port` answers 200 on its health pages, asked for as host `name`."""
    for path in paths:
        connection = http.client.HTTPConnection(host.strip("[]"), port, timeout=5)
        try:
            connection.request("GET", path, headers={"Host": name})
            if connection.getresponse().status != 200:
                return False
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
    return True


def without_password(url: str) -> str:
    """`url` without its credentials."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
