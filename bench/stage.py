"""The instance that is measured: real processes of its own, from an empty folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from bench.sockets import Socket
from tests.support.laid_out import lay_out
from tests.support.stack import Stack

#: The module whose tasks the measured instance runs.
TASKS = "bench.tasks"


@contextmanager
def instance(*parts: str, kind: type[Stack] = Stack, **variables: str) -> Iterator[Stack]:
    """A running instance with these parts besides its Redis: "redis" (no other), "daphne", "worker"; all where none is
    named."""
    stack = kind(beat=False, **{"TASKCAST_APPS": TASKS, **variables})
    try:
        if not parts:
            yield stack.up()
            return
        stack.start("redis")
        lay_out(stack.home, stack.env)
        for part in parts:
            if part != "redis":
                stack.start(part)
        yield stack
    finally:
        stack.down()


def reader(stack: Stack) -> dict[str, str]:
    """The cookies of somebody who may see everything, for whom all processes have done everything once."""
    stack.user("reader", superuser=True)
    cookies = stack.cookies("reader")
    socket = Socket(stack.port, "/ws/", cookies)
    socket.say(type="subscribe", topic="jobs")
    next(socket.frames(10))
    socket.close()
    call(stack, "tell_times", 1, 0)
    return cookies


def follow(socket: Socket, job_id: str) -> dict[str, Any]:
    """Subscribe to a job that was launched a moment ago, and return its snapshot."""
    while True:
        socket.say(type="subscribe", topic=f"job:{job_id}")
        frame = next(frame for _, frame in socket.frames(10) if frame["type"] in ("snapshot", "error"))
        if frame["type"] == "snapshot":
            job: dict[str, Any] = frame["job"]
            return job
        # A job from a shell is known a few ms after its message is sent.
        time.sleep(0.002)


def result_of(socket: Socket, job_id: str) -> Any:
    """What the job, launched a moment ago, returns: as soon as the socket has it."""
    job = follow(socket, job_id)
    if job["state"] == "succeeded":
        return job["result"]
    for _, frame in socket.frames(10):
        for event in frame.get("events", ()):
            if "result" in event.get("set", {}):
                return event["set"]["result"]
    raise TimeoutError(f"job {job_id} did not end")


def call(stack: Stack, task: str, *args: Any, seconds: float = 600) -> Any:
    """What the task of bench.tasks returns in the instance's worker."""
    code = f"from {TASKS} import {task} as task\nanswer = task.delay(*args).get(timeout=seconds)"
    return stack.run(code, args=list(args), seconds=seconds)


def wait_until_ended(stack: Stack, job_ids: Sequence[str]) -> None:
    """Return when the log says of all these jobs that they have ended."""
    code = """
import time
from tasks import eventlog, events
while any(not (found := eventlog.snapshot(id)) or found.job["state"] not in events.FINAL for id in ids):
    time.sleep(0.05)
"""
    stack.run(code, ids=list(job_ids))
