"""A system check: settings that Celery would ignore without a word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from celery.app import defaults
from django.conf import settings
from django.core import checks

PREFIX = "CELERY_"
# Celery reads these too, but its own table of settings does not list them.
UNLISTED = {
    "dynamodb_endpoint_url",
    "gcs_threadpool_maxsize",
    "override_backends",
    "redis_backend_credential_provider",
    "redis_backend_health_check_interval",
    "redis_client_name",
    "result_backend_thread_safe",
}
# Groups of settings that are Celery's alone: a BROKER_URL means Celery, a DATABASE_URL or REDIS_HOST need not.
OWN_GROUPS = ("accept_", "beat_", "broker_", "result_", "task_", "worker_")
OLD_PREFIXES = ("CELERYD_", "CELERYBEAT_")


@checks.register("celery")
def unknown_celery_settings(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Name every setting that looks like Celery's and is none, with the one that was probably meant."""
    return [
        checks.Error(
            f"{name} is no setting of Celery and would be ignored.",
            hint=f"Did you mean {meant}?",
            id="taskcast.E001",
        )
        if meant
        else checks.Error(
            f"{name} is no setting of Celery and would be ignored.", hint="Remove it.", id="taskcast.E001"
        )
        for name, meant in misnamed(name for name in dir(settings) if name.isupper())
    ]


def misnamed(names: Iterable[str]) -> list[tuple[str, str | None]]:
    """Of the settings' `names`, those that Celery would ignore, each with the nearest known name."""
    known = defaults.SETTING_KEYS | UNLISTED
    found: list[tuple[str, str | None]] = []
    for name in names:
        if name.startswith(PREFIX):
            key = name.removeprefix(PREFIX).lower()
            if key not in known:
                found.append((name, _nearest(name, key)))
        elif name.startswith(OLD_PREFIXES) or (name.lower().startswith(OWN_GROUPS) and name.lower() in known):
            found.append((name, _nearest(name, name.lower())))
    return sorted(found)


def _nearest(name: str, key: str) -> str | None:
    # A name of Celery 3 has its successor in Celery's own table: nearness would guess.
    key = defaults._TO_NEW_KEY.get(name, key)  # type: ignore[attr-defined]
    near = difflib.get_close_matches(key, sorted(defaults.SETTING_KEYS | UNLISTED), 1, cutoff=0.5)
    return PREFIX + near[0].upper() if near else None
