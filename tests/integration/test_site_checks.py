"""What `manage.py check` says to a project that lacks something: what, and what to write."""

import pytest
from celery import Celery
from django.core import checks
from django.db import models

from dashboard import site_checks
from tasks import conf


def said() -> dict[str, str]:
    words: dict[str, str] = {}
    for found in checks.run_checks(tags=["taskcast"]):
        words[found.id] = f"{words.get(found.id, '')} {found.msg} {found.hint}"
    return words


def test_our_own_project_lacks_nothing():
    assert said() == {}


LAYER = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"


@pytest.mark.parametrize(
    ("changes", "number", "words"),
    [
        ({"INSTALLED_APPS": ["dashboard"]}, "E004", 'Add "tasks" to INSTALLED_APPS'),
        ({"MIDDLEWARE": [AUTH]}, "E005", "SessionMiddleware"),
        ({"USE_TZ": False}, "E006", "USE_TZ = True"),
        ({"TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]}, "E008", "APP_DIRS"),
        (
            {"TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]},
            "E009",
            "context_processors",
        ),
        ({"ROOT_URLCONF": "tests.support.no_addresses"}, "E010", 'include("dashboard.urls")'),
        ({"LOGIN_URL": "/nowhere/at/all/"}, "W011", "taskcast:login"),
        ({"CHANNEL_LAYERS": {}}, "E012", "CHANNEL_LAYERS = "),
        ({"CHANNEL_LAYERS": LAYER}, "W013", "RedisPubSubChannelLayer"),
        ({"TASKCAST_REDIS_URL": "redis://10.0.0.1:6379/5"}, "W016", "Leave TASKCAST_REDIS_URL out"),
        ({"TASKCAST_HOME": "/dev/null/nowhere"}, "E018", "Set TASKCAST_HOME"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(settings, monkeypatch, changes, number, words):
    for name, value in changes.items():
        if name == "INSTALLED_APPS":
            # Not by the fixture: that would take Taskcast out of the test's process.
            monkeypatch.setattr(site_checks.settings, name, value)
        else:
            setattr(settings, name, value)
    assert words in said()[f"taskcast.{number}"]


def test_a_user_model_that_cannot_own_jobs_is_named(monkeypatch):
    class Person(models.Model):
        id = models.UUIDField(primary_key=True)

        class Meta:
            app_label = "nobody"

    monkeypatch.setattr(site_checks, "get_user_model", lambda: Person)
    found = said()
    assert "no permissions" in found["taskcast.E007"]
    assert "is_staff" in found["taskcast.E007"]
    assert "no integer" in found["taskcast.E019"]


def test_scripts_that_were_not_built_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(site_checks, "__file__", str(tmp_path / "site_checks.py"))
    assert "npm run build" in said()["taskcast.W020"]


def test_a_celery_app_without_taskcast_is_named(monkeypatch):
    other = Celery("somebody", set_as_current=False, broker="amqp://")
    monkeypatch.setattr(site_checks, "current_app", other)
    assert "tasks.install" in said()["taskcast.E014"]
    other.steps["worker"].add(site_checks.bootsteps.Companion)
    monkeypatch.setattr(site_checks.conf, "current_app", other)
    assert "redis://" in said()["taskcast.E015"]


def test_a_sqlite_that_would_be_locked_is_named(monkeypatch):
    class Connection:
        vendor = "sqlite"
        settings_dict = {"OPTIONS": {}}

    monkeypatch.setattr(site_checks, "connections", {"default": Connection})
    assert "IMMEDIATE" in said()["taskcast.W017"]


@pytest.mark.parametrize(
    ("broker", "redis"),
    [
        ("redis://:secret@10.0.0.1:6380/3", "redis://:secret@10.0.0.1:6380/3"),
        ("rediss://10.0.0.1/0?ssl_cert_reqs=CERT_NONE", "rediss://10.0.0.1/0?ssl_cert_reqs=none"),
        ("redis+socket:///run/redis.sock?virtual_host=2", "unix:///run/redis.sock?db=2"),
        ("amqp://10.0.0.1", "redis://127.0.0.1:6379/0"),
    ],
)
def test_the_event_log_is_where_the_broker_is(settings, monkeypatch, broker, redis):
    monkeypatch.setattr(conf, "current_app", Celery("somebody", set_as_current=False, broker=broker))
    settings.TASKCAST_REDIS_URL = None
    assert conf.redis_url() == redis
