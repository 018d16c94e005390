"""Taskcast's settings, read from Django's with defaults; `project/settings.py` alone reads the environment."""

from pathlib import Path

from django.conf import settings

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
    """Where the event log lives: `redis://`, `rediss://` or `unix://`."""
    return getattr(settings, "TASKCAST_REDIS_URL", "redis://127.0.0.1:6379/0")


def keep_days() -> int | None:
    """How many days a job is kept after its end; None: for ever."""
    return getattr(settings, "TASKCAST_KEEP_DAYS", None)


def secret_names() -> tuple[str, ...]:
    """Names of arguments whose values are secret, whatever their annotation says."""
    return tuple(getattr(settings, "TASKCAST_SECRET_NAMES", None) or SECRET_NAMES)


def home() -> Path:
    """The folder below which this instance writes uploads, results and mails."""
    return Path(getattr(settings, "TASKCAST_HOME", Path.cwd() / "var"))
