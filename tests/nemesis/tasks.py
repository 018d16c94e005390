"""Jobs of every kind, for the load."""

import os
import signal
import time
from pathlib import Path

from celery import chain, shared_task

from tasks import log, publish, track


@shared_task
def count(to: int, pause: float = 0.01) -> int:
    """Count in the open, with a line for each tenth step."""
    for i in track(range(to), "Counting"):
        if i % 10 == 0:
            log(f"line {i // 10}")
        time.sleep(pause)
    return to


@shared_task(acks_late=True)
def count_again(to: int, pause: float = 0.01) -> int:
    """The same, but it may be started again."""
    return count(to, pause)


@shared_task
def fail(text: str) -> None:
    """Fail with a text."""
    raise ValueError(text)


@shared_task(bind=True, autoretry_for=(OSError,), retry_kwargs={"max_retries": 2, "countdown": 0})
def flaky(self, until: int) -> int:
    """Succeed at an attempt."""
    log(f"run {self.request.retries}")
    if self.request.retries + 1 < until:
        raise OSError("not yet")
    return self.request.retries


@shared_task
def outputs(rows: int) -> dict:
    """Publish a growing table, and return a value too long for a frame."""
    table = []
    for i in track(range(rows)):
        table.append({"row": i, "text": "값" * 10})
        publish(table, name="table")
        time.sleep(0.01)
    return {"long": "x" * 20_000}


@shared_task
def parent() -> list[str]:
    """Send a job and a chain."""
    alone = double.delay(1)
    return [alone.id, chain(double.s(2), double.s()).delay().id]


@shared_task
def double(x: int) -> int:
    """Twice as much."""
    return 2 * x


@shared_task(acks_late=True, reject_on_worker_lost=True)
def die_once(path: str) -> str:
    """Kill the process the first time."""
    if Path(path).exists():
        return "the second time"
    Path(path).touch()
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


@shared_task
def burst(lines: int) -> int:
    """Say a lot at once."""
    for i in range(lines):
        log(f"line {i}")
    return lines
