"""The tests' own ground: a stack starts, its parts can be killed and started, it leaves nothing behind."""

from __future__ import annotations

import os
import signal

import pytest

from tests.support.stack import Stack, wait_for


def test_code_runs_inside(stack: Stack) -> None:
    stack.user("stack-alice", launch=True)
    code = (
        "from django.contrib.auth.models import User\n"
        "answer = User.objects.get(username=who).has_perm('tasks.launch_job')"
    )
    assert stack.run(code, who="stack-alice") is True
    assert stack.cookies("stack-alice")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        stack.run("1/0")


def test_parts_are_killed_and_started(stack_factory) -> None:
    stack = stack_factory(beat=True, WORKERS="1")
    pids = {part: stack.pid(part) for part in ("redis", "daphne", "worker", "beat")}
    for part in ("redis", "worker", "beat", "daphne"):
        stack.kill(part)
        stack.start(part)
        assert stack.pid(part) != pids[part]
    stack.kill("worker", signal.SIGTERM)
    pids = {part: stack.pid(part) for part in ("redis", "daphne", "beat")}
    stack.down()
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids.values()), "all parts are gone")
    assert not stack.home.exists()
