"""Taskcast's settings, read from Django's, and their defaults: nowhere else. `docs/existing-project.md` lists them.

`project/settings.py` alone reads the environment.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from celery import current_app
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

#: The settings whose names begin with ours.
NAMES = (
    "TASKCAST_APPS",
    "TASKCAST_DATA",
    "TASKCAST_HOME",
    "TASKCAST_KEEP_DAYS",
    "TASKCAST_LARGEST_BODY",
    "TASKCAST_REDIS_URL",
    "TASKCAST_SECRET_NAMES",
    "TASKCAST_WATCH",
    "TASKCAST_WEBHOOKS_TO_PRIVATE",
)

SECRET_NAMES = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "credentials",
)


def redis_url() -> str:
    """Where the event log lives: `redis://`, `rediss://` or `unix://`; where nothing is said, where the broker is."""
    return getattr(settings, "TASKCAST_REDIS_URL", None) or broker_as_redis() or "redis://127.0.0.1:6379/0"


def broker_as_redis() -> str | None:
    """The broker's address as redis-py spells it; None where the broker is no Redis."""
    url = str(current_app.conf.broker_url or "")
    if url.startswith(("redis://", "rediss://")):
        return re.sub(r"(?<=ssl_cert_reqs=)CERT_(\w+)", lambda found: found[1].lower(), url)
    if url.startswith(("redis+socket://", "unix://")):
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        db = (query.get("virtual_host") or query.get("db") or ["0"])[-1].lstrip("/")
        return f"unix://{parts.netloc}{parts.path}?db={db}"
    return None


def keep_days() -> int | None:
    """How many days a job is kept after its end; None: for ever."""
    return getattr(settings, "TASKCAST_KEEP_DAYS", None)


def secret_names() -> tuple[str, ...]:
    """Names of arguments whose values are secret, whatever their annotation says."""
    return tuple(getattr(settings, "TASKCAST_SECRET_NAMES", None) or SECRET_NAMES)


def home() -> Path:
    """The folder below which this instance writes uploads, results and mails."""
    return Path(getattr(settings, "TASKCAST_HOME", Path.cwd() / "var"))


def data_folder() -> Path:
    """The folder whose files the samples may read by path, with symbolic links resolved; it need not exist."""
    return Path(getattr(settings, "TASKCAST_DATA", None) or home() / "data").resolve()


def apps() -> Sequence[str]:
    """Modules and packages, beside the installed apps, whose tasks join the catalogue.

    Raises ImproperlyConfigured where it is no list.
    """
    names = getattr(settings, "TASKCAST_APPS", ())
    if not isinstance(names, list | tuple):
        # A text would be read as a list of its letters.
        raise ImproperlyConfigured(f"TASKCAST_APPS has to be a list of modules' names, and is {names!r}")
    return names


def is_watching() -> bool:
    """Whether threads of this process look after jobs; tests say no."""
    return bool(getattr(settings, "TASKCAST_WATCH", True))


def largest_body() -> int:
    """Bytes of a request to our pages that daphne reads. The form without script takes files of 10 MiB; larger ones
    come in pieces of 4 MiB."""
    return int(getattr(settings, "TASKCAST_LARGEST_BODY", 12 * 1024 * 1024))


def trusted_origins() -> list[str]:
    """Origins whose pages may open the socket, beside that which was asked."""
    return [*getattr(settings, "TRUSTED_ORIGINS", ()), *settings.CSRF_TRUSTED_ORIGINS]


def metrics_token() -> str:
    """The bearer token that may read the metrics; empty: none."""
    return str(getattr(settings, "METRICS_TOKEN", ""))


def listens_at() -> tuple[str, int]:
    """Host and port at which this instance is reached without a proxy."""
    return str(getattr(settings, "HOST", "127.0.0.1")), int(getattr(settings, "PORT", 8000))


def webhooks_to_private() -> bool:
    """Whether webhooks may go to machines of the own network."""
    return bool(getattr(settings, "TASKCAST_WEBHOOKS_TO_PRIVATE", False))
