"""Django's settings, and the only file that reads the environment.

A variable that is wrong, or unknown, ends the process with one line that names it.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from project import values, variables
from project.embedded_redis import socket_path
from project.redis_address import RedisAddress
from project.secret import kept_key

T = TypeVar("T")


def stop(line: str) -> NoReturn:
    """End the process with one line: SystemExit passes through Django, Celery and daphne without a traceback."""
    sys.exit(f"Taskcast cannot start: {line}")


def read(name: str, default: T, parse: Callable[[str], T]) -> T:
    """The variable's value, `default` where it is unset or empty."""
    given = os.environ.get(name, "")
    if not given:
        return default
    text = given.strip()
    if not text:
        stop(f"{name} is blank: give it a value, or unset it.")
    try:
        return parse(text)
    except values.BadValue as error:
        stop(f"{name} {error}.")


for _name in sorted(os.environ):
    if _name.startswith(values.PREFIX) and _name not in variables.OURS:
        stop(values.unknown_variable(_name, variables.NAMES))

# --- where things are

BASE_DIR = Path(__file__).resolve().parent.parent
TASKCAST_HOME = read("TASKCAST_HOME", BASE_DIR / "var", values.folder)
# The folder below which tasks may read files that are named by path.
TASKCAST_DATA = read("TASKCAST_DATA", TASKCAST_HOME / "data", values.existing_folder)
STATIC_ROOT = TASKCAST_HOME / "static"

DEBUG = read("DEBUG", False, values.switch)
_own_key = read("SECRET_KEY", "", values.secret_key)
try:
    TASKCAST_HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    STATIC_ROOT.mkdir(exist_ok=True)
    SECRET_KEY = _own_key or kept_key(TASKCAST_HOME / "secret_key")
except OSError as error:
    if not TASKCAST_HOME.is_dir():
        stop(f"TASKCAST_HOME is {str(TASKCAST_HOME)!r}, which is no folder that can be made ({error.strerror}).")
    if not _own_key and not DEBUG:
        stop(f"SECRET_KEY is not set and cannot be kept in TASKCAST_HOME ({error.strerror}): set one of the two.")
    SECRET_KEY = _own_key or "only-for-debugging-" + "0" * 50

# --- who may ask

HOST = read("HOST", "127.0.0.1", values.host)
PORT = read("PORT", 8000, values.whole_number(1, 65535))
_wildcard = HOST in ("0.0.0.0", "::")  # noqa: S104
_names = ["127.0.0.1", "localhost", "[::1]"]
if not _wildcard:
    _own_name = f"[{HOST}]" if ":" in HOST else HOST
    _names += [] if _own_name in _names else [_own_name]
ALLOWED_HOSTS = read("ALLOWED_HOSTS", _names, values.hosts)
# Full origins: forms (CSRF) and the socket take nothing else.
TRUSTED_ORIGINS = read("TRUSTED_ORIGINS", [f"http://{name}:{PORT}" for name in _names], values.origins)
CSRF_TRUSTED_ORIGINS = TRUSTED_ORIGINS
METRICS_TOKEN = read("METRICS_TOKEN", "", values.bearer)

# daphne speaks plain HTTP: https origins mean a proxy in front, which must set or remove X-Forwarded-Proto itself.
_https = all(origin.startswith("https://") for origin in TRUSTED_ORIGINS)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
# Cookies know no ports: under one name, two instances on one host would sign each other's users out.
SESSION_COOKIE_NAME = f"sessionid_{hashlib.sha256(SECRET_KEY.encode()).hexdigest()[:8]}"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# HSTS and the redirect to https belong to the proxy, which knows whether all of the host is served that way.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL
# A piece of a resumable upload is at most 4 MiB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024 + 64 * 1024
# A table in a launch form has a field for each cell.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# --- the application

TASKCAST_APPS = read("TASKCAST_APPS", list[str](), values.modules)
INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_celery_beat",
    "tasks",
    "dashboard",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "dashboard.middleware.SecurityHeaders",  # the Content-Security-Policy among them
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dashboard.middleware.Impatient",
    "dashboard.middleware.Failures",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
# Days for which a job is kept after its end; None: for ever.
TASKCAST_KEEP_DAYS = read("TASKCAST_KEEP_DAYS", 0, values.whole_number(1, 100_000)) or None
# Arguments of these names are secret, whatever their annotation says; empty: the usual ones (tasks/conf.py).
TASKCAST_SECRET_NAMES = read("TASKCAST_SECRET_NAMES", list[str](), values.identifiers)
# Webhooks of users may reach machines of this network, this one included.
TASKCAST_WEBHOOKS_TO_PRIVATE = read("TASKCAST_WEBHOOKS_TO_PRIVATE", False, values.switch)
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "project" / "templates"],  # error pages of the whole site
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 300  # files whose name bears no hash, such as embed.js

LANGUAGES = [("en", "English"), ("ko", "한국어")]
LANGUAGE_CODE = read("LANGUAGE_CODE", "en", values.one_of(code for code, _ in LANGUAGES))
TIME_ZONE = read("TIME_ZONE", "Asia/Seoul", values.time_zone)
USE_TZ = True

# --- database

_sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(TASKCAST_HOME / "taskcast.sqlite3")}
DATABASES: dict[str, dict[str, Any]] = {"default": read("DATABASE_URL", _sqlite, values.database)}
_options = DATABASES["default"].setdefault("OPTIONS", {})
# Threads that live on keep their connections (project/handler.py): one that a restart has cut is opened anew.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Six processes that read, then write: 493 of 900 transactions failed as "locked" without IMMEDIATE, none with it.
    _options["transaction_mode"] = "IMMEDIATE"
    _options.setdefault("timeout", 20)
    _options["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
else:
    _options.setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: broker, results, channel layer, event log

_redis = read("REDIS_URL", RedisAddress.at_socket(str(socket_path(TASKCAST_HOME))), values.redis)
EMBEDDED_REDIS = not os.environ.get("REDIS_URL")
TASKCAST_REDIS_URL = _redis.url  # as redis-py spells it
CHANNEL_LAYERS = {
    "default": {
        # The core layer drops at 100 messages and dies with redis-py 8 after 5 s of silence.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": _redis.url, "socket_timeout": 15, "socket_connect_timeout": 5}],
            "prefix": "taskcast",
        },
    }
}

# --- Celery

CELERY_BROKER_URL = _redis.broker_url
CELERY_RESULT_BACKEND = _redis.broker_url
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # At least twice the hard limit of the longest task with acks_late, or it starts a second time while it runs.
    "visibility_timeout": 12 * 60 * 60,
    # Without these a half-open connection stops a worker for good; with them it is back after 21 to 29 s.
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "health_check_interval": 5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever: the broker comes back, the worker waits
CELERY_REDIS_SOCKET_TIMEOUT = 10
CELERY_REDIS_SOCKET_CONNECT_TIMEOUT = 5
if _redis.socket is None:  # a Unix socket has no keepalive, and redis-py refuses the word
    CELERY_BROKER_TRANSPORT_OPTIONS["socket_keepalive"] = True
    CELERY_REDIS_SOCKET_KEEPALIVE = True
CELERY_REDIS_BACKEND_HEALTH_CHECK_INTERVAL = 5
# Celery's own 20 retries hold `delay()` for 20 s where no Redis is; these are 3 s.
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"retry_policy": {"max_retries": 6, "interval_step": 0.2, "interval_max": 1}}
# A job that ended while Redis was away is otherwise recorded as failed (celery #8588).
CELERY_RESULT_BACKEND_ALWAYS_RETRY = True
CELERY_RESULT_BACKEND_MAX_SLEEP_BETWEEN_RETRIES_MS = 2000
CELERY_WORKER_CONCURRENCY = read("WORKERS", os.cpu_count() or 1, values.whole_number(1, 1024))
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # what a dead worker had prefetched waits for the visibility timeout
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_LOST_WAIT = 2.0  # a killed process has sent nothing that is still on its way after that
# A job goes on while the broker is away: the gate keeps a second copy of its message from starting.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_SEND_SENT_EVENT = False
# In the middle: kombu's Redis takes 0 first, and what bears no priority counts as 0.
CELERY_TASK_DEFAULT_PRIORITY = 3
CELERY_BEAT_SCHEDULER = "dashboard.beat:Scheduler"

# --- mail

EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = SERVER_EMAIL = "taskcast@localhost"
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(TASKCAST_HOME / "mails")
globals().update(read("EMAIL_URL", dict[str, Any](), values.email))

# --- log

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "project.logs.OneLine",
            "format": "[%(asctime)s: %(levelname)s/%(processName)s] %(name)s: %(message)s",
        },
    },
    "filters": {"no false advice": {"()": "project.logs.NoFalseAdvice"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # An answer of 404 or 422 is between a caller and us.
        "django.request": {"level": "ERROR"},
        "celery.backends.asynchronous": {"filters": ["no false advice"]},
    },
}
