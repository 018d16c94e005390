"""The environment: what each variable does, and what is said about a wrong one."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core import checks
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from project import checks as our_checks
from project import variables
from project.checks import misnamed
from project.embedded_redis import socket_path
from project.values import BadValue, identifiers, unknown_variable
from tests.support.stack import ROOT, instance_env

WRONG = {
    "TASKCAST_HOME": "/proc/nothing",
    "TASKCAST_APPS": "no_such_module",
    "TASKCAST_UNKNOWN": "1",
    "HOST": "a b",
    "PORT": "65536",
    "REDIS_URL": "http://localhost",
    "DATABASE_URL": "mysql://u:secret@h/x",
    "ALLOWED_HOSTS": ",",
    "TRUSTED_ORIGINS": "example.com",
    "DEBUG": "perhaps",
    "TIME_ZONE": "Asia/Seol",
    "LANGUAGE_CODE": "fr",
    "WORKERS": "0",
    "EMAIL_URL": "gopher://u:secret@x",
    "SECRET_KEY": "too short",
    "METRICS_TOKEN": "two words",
    "TASKCAST_DATA": "/proc/nothing",
    "TASKCAST_KEEP_DAYS": "0",
    "TASKCAST_SECRET_NAMES": ",",
    "TASKCAST_WEBHOOKS_TO_PRIVATE": "perhaps",
}
KEY, OTHER_KEY = "$mine" * 8, "another" * 8


def ask(home: Path, expression: str, **values: str) -> subprocess.CompletedProcess[str]:
    """Print an expression over the settings of a process with these variables."""
    env = instance_env(home, 8000) | values
    code = f"from django.conf import settings; print({expression})"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)


def test_every_variable_is_tried() -> None:
    assert set(WRONG) - {"TASKCAST_UNKNOWN"} == set(variables.NAMES)


def test_the_readme_names_every_variable() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in variables.NAMES if f"`{name}`" not in readme] == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_ends_the_start_with_one_line(name: str, tmp_path: Path) -> None:
    done = ask(tmp_path, "settings.PORT", **{name: WRONG[name]})
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Taskcast cannot start: {name} ")
    assert "secret@" not in line


@pytest.mark.parametrize("name", variables.NAMES)
def test_a_blank_value_is_a_mistake_and_an_empty_one_is_none(name: str, tmp_path: Path) -> None:
    done = ask(tmp_path, "settings.PORT", **{name: " "})
    assert done.stderr == f"Taskcast cannot start: {name} is blank: give it a value, or unset it.\n"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("TASKCAST_HOEM", "did you mean TASKCAST_HOME?"),
        ("TASKCAST_PORT", "did you mean PORT?"),
        ("TASKCAST_FOO", "remove it."),
    ],
)
def test_only_what_is_near_is_suggested(name: str, hint: str) -> None:
    assert unknown_variable(name, variables.NAMES) == f"{name} is not a variable of Taskcast: {hint}"


@pytest.mark.parametrize(
    ("name", "module"), [("mytasks.py", "mytasks"), ("./mytasks.py", "mytasks"), ("shop/tasks.py", "shop.tasks")]
)
def test_a_file_in_taskcast_apps_is_told_its_module(name: str, module: str, tmp_path: Path) -> None:
    done = ask(tmp_path, "settings.PORT", TASKCAST_APPS=name)
    assert done.stderr == f"Taskcast cannot start: TASKCAST_APPS names the file {name!r}: write {module}.\n"


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "check"],
        ["-m", "celery", "-A", "project", "worker"],
        ["-m", "celery", "-A", "project", "beat"],
        ["-m", "daphne", "project.asgi:application"],
        ["-m", "project.supervisor"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
@pytest.mark.parametrize(
    ("variables", "word"),
    [({"TASKCAST_HOEM": "x"}, "TASKCAST_HOME?"), ({"TASKCAST_APPS": "tests.support.broken_app"}, "broken_app")],
    ids=["unknown", "broken app"],
)
def test_every_part_says_it_in_one_line(
    command: list[str], variables: dict[str, str], word: str, tmp_path: Path
) -> None:
    env = instance_env(tmp_path, 8000) | variables
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    assert len([line for line in done.stderr.splitlines() if word in line]) == 1, done.stderr


def test_the_defaults_are_a_deployments(tmp_path: Path) -> None:
    shown = (
        "[settings.DEBUG, settings.TIME_ZONE, settings.LANGUAGE_CODE, settings.ALLOWED_HOSTS, settings.TRUSTED_ORIGINS]"
    )
    done = ask(tmp_path, shown)
    hosts = ["127.0.0.1", "localhost", "[::1]"]
    assert done.stdout.strip() == str([False, "Asia/Seoul", "en", hosts, [f"http://{h}:8000" for h in hosts]])


def test_https_origins_make_secure_cookies(tmp_path: Path) -> None:
    shown = "settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SECURE_PROXY_SSL_HEADER"
    assert ask(tmp_path, shown).stdout.strip() == "False False None"
    done = ask(tmp_path, shown, TRUSTED_ORIGINS="https://a.example, https://b.example:8443")
    assert done.stdout.strip() == "True True ('HTTP_X_FORWARDED_PROTO', 'https')"


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    first, second = (ask(tmp_path, "settings.SECRET_KEY").stdout for _ in range(2))
    assert first == second
    assert len(first.strip()) > 50
    assert stat.S_IMODE(os.stat(tmp_path / "secret_key").st_mode) == 0o600
    assert ask(tmp_path, "settings.SECRET_KEY", SECRET_KEY=KEY).stdout.strip() == KEY


def test_sessions_of_two_instances_on_one_host_do_not_collide(tmp_path: Path) -> None:
    names = {ask(tmp_path, "settings.SESSION_COOKIE_NAME", SECRET_KEY=key).stdout for key in (KEY, OTHER_KEY)}
    assert len(names) == 2


def test_without_redis_url_everybody_finds_the_embedded_one(tmp_path: Path) -> None:
    shown = "settings.TASKCAST_REDIS_URL, settings.CELERY_BROKER_URL"
    path = socket_path(tmp_path)
    assert ask(tmp_path, shown).stdout.strip() == f"unix://{path}?db=0 redis+socket://{path}?virtual_host=0"


def test_a_deep_home_gets_a_socket_that_can_be_bound(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    assert len(os.fsencode(socket_path(deep))) <= 100
    assert socket_path(deep) == socket_path(deep) != socket_path(tmp_path / ("y" * 100))


def test_email_url(tmp_path: Path) -> None:
    shown = "settings.EMAIL_BACKEND.split('.')[-2], settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS"
    assert ask(tmp_path, shown).stdout.startswith("filebased")
    done = ask(tmp_path, shown, EMAIL_URL="smtp+tls://u:p@mail.example")
    assert done.stdout.strip() == "smtp mail.example 587 True"


@pytest.mark.django_db
def test_sqlite_is_ready_for_several_writers() -> None:
    if connection.vendor != "sqlite":
        assert settings.DATABASES["default"]["OPTIONS"]["connect_timeout"] == 5
        return
    assert settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20_000,)
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone() == (1,)


def test_sqlite_writes_ahead(tmp_path: Path) -> None:
    code = (
        "import django; django.setup(); from django.db import connection\n"
        "c = connection.cursor(); c.execute('PRAGMA journal_mode'); print(c.fetchone())"
    )
    env = instance_env(tmp_path, 8000)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "('wal',)"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CELERY_TAST_SERIALIZER", "CELERY_TASK_SERIALIZER"),
        ("BROKER_URL", "CELERY_BROKER_URL"),
        ("CELERY_TASK_RESULT_EXPIRES", "CELERY_RESULT_EXPIRES"),
        ("CELERYD_CONCURRENCY", "CELERY_WORKER_CONCURRENCY"),
        ("RESULT_BACKEND", "CELERY_RESULT_BACKEND"),
        ("CELERY_QWERTYUIOP", None),
    ],
)
def test_settings_that_celery_would_ignore_are_named(name: str, meant: str | None) -> None:
    assert misnamed([name]) == [(name, meant)]


def test_settings_that_celery_knows_or_that_are_not_its_own_pass() -> None:
    fine = [
        "CELERY_BROKER_URL",
        "CELERY_REDIS_BACKEND_HEALTH_CHECK_INTERVAL",
        "DATABASE_URL",
        "REDIS_HOST",
        "TASKCAST_HOME",
    ]
    assert misnamed(fine) == []
    assert misnamed(name for name in dir(settings) if name.isupper()) == []


def test_manage_py_check_names_them() -> None:
    with (
        override_settings(CELERY_TAST_SERIALIZER="json"),
        pytest.raises(Exception, match=r"(?s)CELERY_TAST_SERIALIZER is no setting.*CELERY_TASK_SERIALIZER") as raised,
    ):
        call_command("check")
    assert "SystemCheckError" in repr(raised.type)
    assert our_checks.unknown_celery_settings in checks.registry.registry.get_checks()


@pytest.mark.parametrize("part", ["worker", "beat"])
def test_celery_does_not_start_on_them(part: str, tmp_path: Path) -> None:
    (tmp_path / "misspelt_settings.py").write_text("from project.settings import *\nBROKER_URL = 'x'\n")
    env = instance_env(tmp_path, 8000)
    env |= {"DJANGO_SETTINGS_MODULE": "misspelt_settings", "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "celery", "-A", "project", part]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "BROKER_URL is no setting of Celery and would be ignored. Did you mean CELERY_BROKER_URL?" in done.stderr


@pytest.mark.parametrize("text", ["pass word", ",", "pin,b-c"])
def test_names_of_secrets_are_names(text):
    with pytest.raises(BadValue, match="give names as in password,token"):
        identifiers(text)
    assert identifiers("PIN, token") == ["pin", "token"]
