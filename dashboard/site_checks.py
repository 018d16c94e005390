"""System checks: what a project that Taskcast joins has to have, and what to write where it is missing."""

import difflib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.shortcuts import resolve_url
from django.template import TemplateDoesNotExist
from django.template.backends.django import DjangoTemplates
from django.template.loader import get_template
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils.module_loading import import_string

from tasks import bootsteps, catalog, conf

_APPS = ("django.contrib.auth", "django.contrib.sessions", "django.contrib.messages")
_MIDDLEWARE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)
_CONTEXT = (
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
)
_PREFIX = "TASKCAST_"
_LAYER = (
    'CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", '
    '"CONFIG": {"hosts": [{"address": "redis://…", "socket_timeout": 15}]}}}'
)


@checks.register("taskcast")
def django_parts(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Name the apps, the middleware and what else of Django's is missing."""
    found: list[checks.CheckMessage] = []
    for name in _APPS:
        if not _has_app(name):
            found.append(_error("004", f"{name} is not installed.", f'Add "{name}" to INSTALLED_APPS.'))
    for name in _MIDDLEWARE:
        if not _has_middleware(name):
            found.append(_error("005", f"The middleware {name} is missing.", f'Add "{name}" to MIDDLEWARE.'))
    if not settings.USE_TZ:
        found.append(_error("006", "Times of jobs have time zones, and USE_TZ is off.", "Set USE_TZ = True."))
    if not hasattr(get_user_model(), "user_permissions"):
        hint = "Derive it from django.contrib.auth.models.PermissionsMixin too."
        found.append(_error("007", "The user model has no permissions, so nobody may launch a task.", hint))
    found += [
        _error("007", f"The user model has no {name}, which says who staff are, or who may still sign in.", hint)
        for name in ("is_staff", "is_active")
        if not hasattr(get_user_model(), name)
        for hint in [f"Give it a field or a property {name}."]
    ]
    return found


def _has_app(name: str) -> bool:
    # It may be installed by the name of its configuration.
    return any(app == name or app.startswith(f"{name}.apps.") for app in settings.INSTALLED_APPS)


def _has_middleware(name: str) -> bool:
    """Whether it, or one derived from it, is there."""
    wanted = import_string(name)
    known = [import_string(path) for path in settings.MIDDLEWARE]
    return any(one is wanted or (isinstance(one, type) and issubclass(one, wanted)) for one in known)


@checks.register("taskcast")
def pages(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Find the pages' templates, their address and the page to sign in."""
    return [*_templates(), *_addresses()]


def _templates() -> Iterator[checks.CheckMessage]:
    try:
        engine = get_template("dashboard/base.html").backend  # type: ignore[attr-defined]
    except TemplateDoesNotExist:
        hint = 'Let an engine of TEMPLATES have "APP_DIRS": True, or the loader of the apps\' templates.'
        yield _error("008", "No template engine finds Taskcast's pages.", hint)
        return
    if isinstance(engine, DjangoTemplates):
        there = engine.engine.context_processors
        for name in _CONTEXT:
            if name not in there:
                hint = f'Add "{name}" to "context_processors" in the OPTIONS of TEMPLATES.'
                yield _error("009", f"Taskcast's pages need the context processor {name}.", hint)


def _addresses() -> Iterator[checks.CheckMessage]:
    try:
        reverse("taskcast:index")
    except NoReverseMatch:
        hint = (
            'Add path("jobs/", include("dashboard.urls")) to the urlpatterns of ROOT_URLCONF, with a prefix you like.'
        )
        yield _error("010", "Taskcast's pages have no address.", hint)
        return
    try:
        page = resolve_url(settings.LOGIN_URL)
        if not urlsplit(page).netloc:
            resolve(page)
    except (NoReverseMatch, Resolver404):
        hint = "Set LOGIN_URL to the site's own page, or to \"taskcast:login\" for Taskcast's."
        yield _warning("011", f"LOGIN_URL, {settings.LOGIN_URL}, leads nowhere: nobody could sign in.", hint)


@checks.register("taskcast")
def scripts(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """See that the pages' scripts were built."""
    if not (Path(__file__).parent / "static" / "taskcast" / "app.js").exists():
        hint = "Run `npm ci && npm run build` in Taskcast's folder frontend/, or `make up` there once."
        return [_warning("020", "The pages' scripts are not built: nothing on them would be live.", hint)]
    return []


@checks.register("taskcast")
def channel_layer(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Name a channel layer that does not reach from the worker to the pages, or loses what it is given."""
    backend = str(getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND", ""))
    if not backend:
        return [_error("012", "There is no channel layer: pages would be seconds behind their jobs.", f"Set {_LAYER}.")]
    if backend == "channels.layers.InMemoryChannelLayer":
        words = "The channel layer does not leave its process: pages are seconds behind their jobs."
        return [_warning("013", words, f"Set {_LAYER}.")]
    if backend == "channels_redis.core.RedisChannelLayer":
        words = "This channel layer drops messages past 100 for a process, and lost ones cost seconds."
        return [_warning("013", words, f"Set {_LAYER}.")]
    return []


@checks.register("taskcast")
def celery_app(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """See that the Celery app has Taskcast installed, and a Redis for its broker that is also the event log's."""
    if bootsteps.Companion not in current_app.steps["worker"]:
        hint = "Call tasks.install(app) where the app is made, and import that module in the project's __init__.py."
        return [_error("014", f"The Celery app {current_app.main} knows nothing of Taskcast.", hint)]
    broker = conf.broker_as_redis()
    if broker is None:
        hint = "Set CELERY_BROKER_URL to a redis://, rediss:// or redis+socket:// address."
        return [_error("015", "The broker is no Redis: jobs that get lost there cannot be sent again.", hint)]
    if _place(broker) != _place(conf.redis_url()):
        words = "TASKCAST_REDIS_URL is another Redis than the broker's: how many jobs wait is not known."
        return [_warning("016", words, "Leave TASKCAST_REDIS_URL out: it is then the broker's.")]
    return []


def _place(url: str) -> tuple[str, int | None, str]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (6379 if parts.hostname else None), parts.path.strip("/") or "0"


@checks.register("taskcast")
def task_modules(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Name what of TASKCAST_APPS cannot be imported; what can is imported."""
    try:
        catalog.load()
    except ImproperlyConfigured as error:
        return [_error("002", f"{error}.", "Correct it, or take it out of TASKCAST_APPS.")]
    return []


@checks.register("taskcast")
def setting_names(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Name the settings that look like ours and that nobody reads, each with the one that was probably meant."""
    return [
        _warning("021", f"{name} is no setting of Taskcast.", _meant(name))
        for name in dir(settings)
        if name.startswith(_PREFIX) and name not in conf.NAMES
    ]


def _meant(name: str) -> str:
    # Without the prefix: with it, any two of them are near.
    words = {known.removeprefix(_PREFIX): known for known in conf.NAMES}
    near = difflib.get_close_matches(name.removeprefix(_PREFIX), list(words), 1)
    return f"Did you mean {words[near[0]]}?" if near else "Remove it; docs/existing-project.md lists those that are."


@checks.register("taskcast")
def storage(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Name a SQLite that fails under several writers, and a folder that cannot be written."""
    found: list[checks.CheckMessage] = []
    default = connections["default"]
    if default.vendor == "sqlite" and default.settings_dict["OPTIONS"].get("transaction_mode") != "IMMEDIATE":
        words = "With several writers SQLite answers every second one that it is locked."
        hint = (
            'Set "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, '
            '"init_command": "PRAGMA journal_mode=WAL;"} in DATABASES["default"], or use PostgreSQL.'
        )
        found.append(_warning("017", words, hint))
    home = conf.home().absolute()
    nearest = next(folder for folder in (home, *home.parents) if folder.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK)):
        hint = "Set TASKCAST_HOME to a folder that the web process and all workers can write."
        found.append(_error("018", f"Uploads and results cannot be written to {home}.", hint))
    return found


def _error(number: str, words: str, hint: str) -> checks.CheckMessage:
    return checks.Error(words, hint=hint, id=f"taskcast.E{number}")


def _warning(number: str, words: str, hint: str) -> checks.CheckMessage:
    return checks.Warning(words, hint=hint, id=f"taskcast.W{number}")
