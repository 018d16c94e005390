"""Settings: the only file that reads the environment."""

from __future__ import annotations

import os
from pathlib import Path

import environ

from project.embedded_redis import socket_path
from project.redis_address import RedisAddress

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
TASKCAST_HOME = Path(env.str("TASKCAST_HOME", default=str(BASE_DIR / "var"))).expanduser().absolute()
TASKCAST_HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
TASKCAST_DATA = TASKCAST_HOME / "data"
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="x" * 60)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
TASKCAST_APPS = env.list("TASKCAST_APPS", default=[])

_redis_url = env.str("REDIS_URL", default="")
_redis = RedisAddress.parse(_redis_url) if _redis_url else RedisAddress.at_socket(str(socket_path(TASKCAST_HOME)))
TASKCAST_REDIS_URL = _redis.url  # as redis-py spells it
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

INSTALLED_APPS = [
    "daphne",
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
    "whitenoise.middleware.WhiteNoiseMiddleware",
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
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{TASKCAST_HOME / 'taskcast.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Six processes that read, then write: 493 of 900 transactions "locked" without these, none with them.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English"), ("ko", "한국어")]
TIME_ZONE = env.str("TIME_ZONE", default="Asia/Seoul")
USE_TZ = True
LOGIN_URL = "/accounts/login/"
STATIC_URL = "/static/"
STATIC_ROOT = TASKCAST_HOME / "static"

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": _redis.url, "socket_timeout": 15}]},
    }
}

CELERY_BROKER_URL = _redis.broker_url
CELERY_RESULT_BACKEND = _redis.broker_url
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
