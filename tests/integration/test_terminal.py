"""What a reader of the terminal sees: one line for one thing."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from django.conf import settings
from kombu.exceptions import OperationalError

from project.celery import app
from project.logs import NoFalseAdvice, OneLine
from project.supervisor.ready import names_warning
from tasks import catalog
from tests.support.stack import ROOT, Stack, instance_env, wait_for


def shown(name: str, message: str, error: BaseException | None = None) -> str:
    try:
        if error:
            raise error
        info = None
    except BaseException:
        info = sys.exc_info()
    return OneLine("%(message)s").format(logging.LogRecord(name, logging.ERROR, "f", 1, message, (), info))


def test_a_log_line_cannot_be_forged() -> None:
    assert shown("x", "result: a\n[INFO] forged \x1b[2J") == "result: a\\n[INFO] forged \\x1b[2J"


@pytest.mark.parametrize("name", ["channels_redis.pubsub", "asyncio", "celery.worker.consumer.consumer"])
@pytest.mark.parametrize(
    "error", [redis.ConnectionError("gone"), OperationalError("gone"), ConnectionResetError("gone")]
)
def test_a_lost_connection_is_one_line(name: str, error: Exception) -> None:
    assert shown(name, "Unexpected exception", error) == f"Unexpected exception ({type(error).__name__}: gone)"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("channels_redis.pubsub", ValueError("a bug")),
        ("channels_redis.pubsub", redis.ResponseError("a bug")),
        ("celery.app.trace", redis.ConnectionError("the task's own")),
        ("celery.apps", redis.ConnectionError("gone")),
    ],
)
def test_other_errors_keep_their_traceback(name: str, error: Exception) -> None:
    assert "Traceback (most recent call last)" in shown(name, "x", error)


def test_a_foreign_host_is_one_line() -> None:
    assert shown("django.security.DisallowedHost", "Invalid HTTP_HOST", ValueError()) == "Invalid HTTP_HOST"
    assert "Traceback" in shown("django.security.csrf", "x", ValueError())


def test_what_callers_do_wrong_is_not_logged() -> None:
    assert settings.LOGGING["loggers"]["django.request"] == {"level": "ERROR"}  # 4xx are warnings, 5xx errors


def test_celery_does_not_advise_to_restart() -> None:
    advice = logging.LogRecord("x", logging.CRITICAL, "f", 1, "\nThe Celery application must be restarted.\n", (), None)
    assert not NoFalseAdvice().filter(advice)
    assert NoFalseAdvice().filter(logging.LogRecord("x", logging.ERROR, "f", 1, "else", (), None))


def test_who_listens_for_others_is_told_whom_they_may_ask_for() -> None:
    loopback = ["127.0.0.1", "localhost", "[::1]"]
    for host in ("0.0.0.0", "::"):
        warning = names_warning(host, loopback)
        assert warning
        assert "ALLOWED_HOSTS" in warning
        assert "\n" not in warning
        assert names_warning(host, [*loopback, "example.com"]) is None
        assert names_warning(host, ["*"]) is None
    assert names_warning("127.0.0.1", loopback) is None


def test_the_debug_task_is_registered_and_not_in_the_catalogue() -> None:
    name = "project.celery.debug_task"
    assert name in app.tasks
    assert name not in [task.name for task in catalog.launchables()]


def test_the_workers_log_shows_a_result_at_bounded_length(stack: Stack) -> None:
    code = "from tasks.samples.arithmetic import add\nanswer = add.delay('x' * 5000, 'y').id"
    stack.run("from tasks.samples.arithmetic import add\nadd.delay(4, 4).get(timeout=20)")
    assert "succeeded" in wait_for(lambda: stack.log("worker"), "it has said something")
    line = next(
        line
        for line in stack.log("worker").splitlines()
        if "tasks.samples.arithmetic.add" in line and "succeeded" in line
    )
    assert line.endswith(": 8")
    job = stack.run(code)
    line = wait_for(
        lambda: next((x for x in stack.log("worker").splitlines() if job in x and "succeeded" in x), None), "it is told"
    )
    assert len(line) < 500


def manage(home: Path, *arguments: str, **values: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=instance_env(home, 8000) | values,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "command", [["welcome"], ["token", "alice"], ["changepassword", "alice"], ["jobs"]], ids=lambda x: x[0]
)
def test_a_command_where_nothing_was_started_says_so_in_one_line(command: list[str], tmp_path: Path) -> None:
    done = manage(tmp_path, *command)
    assert done.returncode == os.EX_UNAVAILABLE
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"No instance of Taskcast was ever started at {tmp_path}: ")
    assert "TASKCAST_HOME" in line


def test_a_commands_own_mistake_keeps_its_traceback(tmp_path: Path) -> None:
    manage(tmp_path, "migrate", "-v0")
    done = manage(tmp_path, "shell", "-c", "from django.db import connection; connection.cursor().execute('SELECT no')")
    assert "Traceback" in done.stderr


def test_a_job_for_a_redis_that_is_not_there_fails_soon_and_says_why(tmp_path: Path) -> None:
    code = (
        "import time; from tasks.samples.arithmetic import add; started = time.monotonic()\n"
        "try:\n    add.delay(4, 4)\nexcept Exception as error:\n"
        "    print(type(error).__name__, error); print(time.monotonic() - started < 8)"
    )
    done = manage(tmp_path, "shell", "-c", code)
    assert "warning: no instance of Taskcast runs at" in done.stderr
    assert "must be restarted" not in done.stderr
    told, soon = done.stdout.splitlines()[-2:]
    assert told.startswith("OperationalError the job was not sent, Redis does not answer")
    assert "TASKCAST_HOME" in told
    assert soon == "True"
