"""What `manage.py check` says to a project that lacks something: what, and what to write."""

import subprocess
import sys

import pytest
from celery import Celery
from django.core import checks
from django.db import models

from dashboard import site_checks
from tasks import conf
from tests.support.stack import ROOT


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
        ({"INSTALLED_APPS": ["dashboard"]}, "E004", 'Add "django.contrib.auth" to INSTALLED_APPS'),
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
        ({"TASKCAST_APPS": "tasks.samples"}, "E002", "has to be a list of modules' names, and is 'tasks.samples'"),
        ({"TASKCAST_APPS": ["shop.nowhere"]}, "E002", "shop.nowhere cannot be imported (ModuleNotFoundError"),
        (
            {"TASKCAST_KEEPDAYS": 7},
            "W021",
            "TASKCAST_KEEPDAYS is no setting of Taskcast. Did you mean TASKCAST_KEEP_DAYS?",
        ),
        ({"TASKCAST_COLOUR": "red"}, "W021", "TASKCAST_COLOUR is no setting of Taskcast. Remove it"),
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


@pytest.mark.parametrize(
    ("files", "apps", "words"),
    [
        ({}, ["dashboard"], 'add "tasks" to INSTALLED_APPS'),
        ({"tasks.py": ""}, ["tasks", "dashboard"], "tasks.py hides Taskcast's package `tasks`"),
        ({"tasks/__init__.py": ""}, ["tasks", "dashboard"], "tasks/__init__.py hides Taskcast's package `tasks`"),
        ({"dashboard/__init__.py": ""}, ["tasks", "dashboard"], "dashboard hides Taskcast's package `dashboard`"),
    ],
)
def test_what_keeps_taskcast_from_loading_is_told_in_one_line(tmp_path, files, apps, words):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    code = (
        "import django; from django.conf import settings; "
        f"settings.configure(INSTALLED_APPS=['django.contrib.auth', 'django.contrib.contenttypes', *{apps}]); "
        "django.setup()"
    )
    environment = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.stderr.splitlines()[-1].startswith("django.core.exceptions.ImproperlyConfigured: "), ended.stderr
    assert words in ended.stderr.splitlines()[-1]


def test_a_user_model_that_cannot_own_jobs_is_named(monkeypatch):
    class Person(models.Model):
        class Meta:
            app_label = "nobody"

    monkeypatch.setattr(site_checks, "get_user_model", lambda: Person)
    found = said()
    assert "no permissions" in found["taskcast.E007"]
    assert "is_staff" in found["taskcast.E007"]


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
