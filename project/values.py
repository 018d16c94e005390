"""What each environment variable may hold: pure functions from its text to its value."""

from __future__ import annotations

import difflib
import os
import re
import zoneinfo
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

from project.redis_address import BadAddress, RedisAddress

PREFIX = "TASKCAST_"
SHORTEST_KEY = 32
TRUE, FALSE = ("1", "on", "true", "yes"), ("0", "off", "false", "no")
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
EMAIL_SCHEMES = ("smtp", "smtps", "smtp+tls", "smtp+ssl", "consolemail", "filemail")


class BadValue(ValueError):
    """The text does not fit the variable; the message goes on after the variable's name."""


def unknown_variable(name: str, known: Iterable[str]) -> str:
    """What to say about a variable with our prefix that nobody reads."""
    # Nearness of what follows the prefix: with it, any two of them would be near.
    words = {one.removeprefix(PREFIX): one for one in known}
    near = difflib.get_close_matches(name.removeprefix(PREFIX), list(words), 1)
    hint = f"did you mean {words[near[0]]}?" if near else "remove it."
    return f"{name} is not a variable of Taskcast: {hint}"


def secret_key(text: str) -> str:
    if len(text) < SHORTEST_KEY:
        raise BadValue(
            f"has {len(text)} characters and needs {SHORTEST_KEY}: make one by "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(48))', or unset it"
        )
    return text


def bearer(text: str) -> str:
    """A secret that can be sent as `Authorization: Bearer`."""
    if not re.fullmatch(r"[!-~]+", text):
        raise BadValue("must be one word of ASCII characters: it is sent in a header")
    return text


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not low <= int(text) <= high:
            raise BadValue(f"is {text!r}: set it to a whole number from {low} to {high}")
        return int(text)

    return parse


def switch(text: str) -> bool:
    if text.lower() not in TRUE + FALSE:
        raise BadValue(f"is {text!r}: set it to on or off")
    return text.lower() in TRUE


def host(text: str) -> str:
    """A name or an address to listen on, IPv6 without brackets."""
    if not re.fullmatch(r"\[?[A-Za-z0-9._:%-]+\]?", text):
        raise BadValue(f"is {text!r}: set it to an address such as 127.0.0.1 or 0.0.0.0")
    return text.strip("[]")


def one_of(choices: Iterable[str]) -> Callable[[str], str]:
    """A parser that takes one of `choices`."""
    allowed = list(choices)

    def parse(text: str) -> str:
        if text not in allowed:
            raise BadValue(f"is {text!r}: set it to {' or '.join(allowed)}")
        return text

    return parse


def time_zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        near = difflib.get_close_matches(text, zoneinfo.available_timezones(), 1)
        raise BadValue(
            f"is {text!r}, no time zone: set it to a name such as {near[0] if near else 'Asia/Seoul'}"
        ) from None
    return text


def names(text: str) -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text.split(",") if word.strip()]


def identifiers(text: str) -> list[str]:
    """Names of arguments, in lower case."""
    for name in names(text):
        if not name.isidentifier():
            raise BadValue(f"holds {name!r}, which no argument can be called: give names as in password,token")
    if not names(text):
        raise BadValue("holds no name: give names as in password,token, or unset it")
    return [name.lower() for name in names(text)]


def hosts(text: str) -> list[str]:
    """Hosts as Django's ALLOWED_HOSTS takes them: no scheme, no port."""
    if not names(text):
        raise BadValue("names no host: give host names, as in taskcast.example.com,localhost")
    for name in names(text):
        if not re.fullmatch(r"\*|\.?[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]", name):
            raise BadValue(f"holds {name!r}: give host names only, as in taskcast.example.com,localhost")
    return names(text)


def origins(text: str) -> list[str]:
    """Full origins: scheme, host and, where it is not the usual one, port."""
    found = []
    for origin in names(text):
        try:
            parts = urlsplit(origin)
            parts.port  # noqa: B018  (raises where it is no number)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or "*" in origin:
            raise BadValue(f"holds {origin!r}: give full origins, as in https://taskcast.example.com")
        found.append(f"{parts.scheme}://{parts.netloc.lower()}")
    return found


def modules(text: str) -> list[str]:
    """Importable modules; the packages around them are looked for, not yet imported."""
    for name in names(text):
        if name.endswith(".py"):
            raise BadValue(f"names the file {name!r}: write {name.removesuffix('.py').replace('/', '.').lstrip('.')}")
        try:
            found = all(word.isidentifier() for word in name.split(".")) and find_spec(name.partition(".")[0])
        except (ImportError, ValueError):
            found = None
        if not found:
            raise BadValue(f"names {name!r}, which cannot be imported: correct the name, or install the package")
    return names(text)


def redis(text: str) -> RedisAddress:
    try:
        return RedisAddress.parse(text)
    except BadAddress as error:
        raise BadValue(str(error)) from None


def folder(text: str) -> Path:
    """A folder; a relative one starts at the current folder."""
    path = Path(text).expanduser()
    return Path(os.path.abspath(path))


def existing_folder(text: str) -> Path:
    """A folder that somebody else keeps; a relative one starts at the current folder."""
    path = folder(text)
    if not path.is_dir():
        raise BadValue(f"is {str(path)!r}, which is no folder: make it, or correct the path")
    return path


def database(text: str) -> dict[str, Any]:
    """A Django database dictionary for SQLite or PostgreSQL."""
    scheme, separator, rest = text.partition("://")
    if scheme not in DATABASE_SCHEMES or not separator:
        raise BadValue("must begin with sqlite:/// or postgres://")
    try:
        config = dict(environ.Env.db_url_config(text))
    except Exception:  # whatever the parser trips over; the text may hold a password: don't repeat it
        raise BadValue("is not a URL, as in postgres://user:password@host:5432/name") from None
    if scheme == "sqlite":
        if not rest.startswith("/") or not config["NAME"].strip("/") or ":memory:" in text:
            raise BadValue("needs a file, as in sqlite:////var/lib/taskcast.sqlite3 (four slashes: a full path)")
        config["NAME"] = str(folder(config["NAME"]))
    elif not config["NAME"]:
        raise BadValue("needs a database's name, as in postgres://user:password@host:5432/name")
    return config


def email(text: str) -> dict[str, Any]:
    """Django's EMAIL_* settings."""
    if text.partition("://")[0] not in EMAIL_SCHEMES:
        raise BadValue("must begin with smtp://, smtp+tls:// or smtp+ssl://, as in smtp+tls://user:password@host:587")
    try:
        config = dict(environ.Env.email_url_config(text))
    except Exception:  # the text may hold a password: don't repeat it
        raise BadValue("is not a URL, as in smtp+tls://user:password@host:587") from None
    config.pop("OPTIONS", None)
    if config["EMAIL_BACKEND"].endswith("smtp.EmailBackend") and not config["EMAIL_HOST"]:
        raise BadValue("needs a host, as in smtp+tls://user:password@host:587")
    config["EMAIL_PORT"] = config["EMAIL_PORT"] or {"smtp+ssl": 465, "smtp": 25}.get(text.partition("://")[0], 587)
    for name in ("EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD"):
        config[name] = config[name] or ""
    return config
