"""One Redis address, in the three spellings that its users want."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

SOCKET_SCHEMES = ("redis+socket", "unix")
TCP_SCHEMES = ("redis", "rediss")


class BadAddress(ValueError):
    """This is not a Redis address."""


@dataclass(frozen=True)
class RedisAddress:
    """A Redis server and the number of its database.

    kombu and Celery call a Unix socket ``redis+socket:///path?virtual_host=N``, redis-py and channels-redis
    call it ``unix:///path?db=N``. This class is the only place that translates.
    """

    url: str  # redis-py's spelling: redis://, rediss:// or unix://
    broker_url: str  # kombu's spelling: redis://, rediss:// or redis+socket://
    socket: str | None  # the path of the Unix socket, None over TCP

    @classmethod
    def at_socket(cls, path: str, db: int = 0, username: str = "", password: str = "") -> RedisAddress:
        """The server that listens on the Unix socket `path`."""
        user = f"{quote(username, safe='')}:{quote(password, safe='')}@" if username or password else ""
        where = quote(path)
        return cls(f"unix://{user}{where}?db={db}", f"redis+socket://{user}{where}?virtual_host={db}", path)

    @classmethod
    def parse(cls, text: str) -> RedisAddress:
        """Read `redis://`, `rediss://`, `redis+socket://` or `unix://`; raises BadAddress with the cause."""
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise BadAddress(f"is not a URL ({error})") from None
        if parts.scheme in SOCKET_SCHEMES:
            if not parts.path.startswith("/") or parts.path == "/" or parts.hostname:
                raise BadAddress("needs the socket's absolute path, as in redis+socket:///run/redis.sock")
            query = parse_qs(parts.query)
            db = (query.get("virtual_host") or query.get("db") or ["0"])[-1].lstrip("/")
            if not db.isdigit():
                raise BadAddress("names its database by a number, as in redis+socket:///run/redis.sock?db=0")
            return cls.at_socket(
                unquote(parts.path), int(db), unquote(parts.username or ""), unquote(parts.password or "")
            )
        if parts.scheme in TCP_SCHEMES:
            if not parts.hostname or port == 0:
                raise BadAddress("needs a host, as in redis://127.0.0.1:6379/0")
            if parts.path.strip("/") and not parts.path.strip("/").isdigit():
                raise BadAddress("names its database by a number, as in redis://127.0.0.1:6379/0")
            return cls(text, text, None)
        raise BadAddress("must begin with redis://, rediss:// or redis+socket://")
