"""Tasks that last until a test lets them end, or that die."""

import os
import signal
import time
from pathlib import Path

from celery import shared_task

from tasks import log, track


@shared_task
def wait_for_file(path: str, seconds: float = 60) -> str:
    """Be busy, without a word, until the file exists."""
    log("waiting")
    deadline = time.monotonic() + seconds
    while not Path(path).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(0.02)
    return "it is there"


@shared_task(acks_late=True)
def wait_again(path: str) -> str:
    """The same, but it may be started again where its worker dies."""
    return wait_for_file(path)


@shared_task
def die() -> None:
    """Kill the process."""
    os.kill(os.getpid(), signal.SIGKILL)


@shared_task(acks_late=True)
def die_late() -> None:
    """Kill the process; it may be started again where its worker dies, which lives."""
    die()


@shared_task(acks_late=True, reject_on_worker_lost=True)
def die_again() -> None:
    """Kill the process each time, and ask for another one."""
    die()


@shared_task(acks_late=True, reject_on_worker_lost=True)
def die_once(path: str) -> str:
    """Kill the process the first time."""
    if Path(path).exists():
        return "the second time"
    Path(path).touch()
    return die()


@shared_task(retry_on_worker_lost=True, max_retries=2, default_retry_delay=0)
def die_and_retry() -> None:
    """Kill the process each time, and have Celery retry."""
    die()


@shared_task(acks_late=True)
def count_again(path: str, seconds: float = 60) -> None:
    """Count, and leave a file at the end; it may be started again where its worker dies."""
    for _ in track(range(int(seconds * 50))):
        time.sleep(0.02)
    Path(path).touch()


@shared_task
def talk_until(path: str) -> str:
    """Say something all the time, until the file exists."""
    while not Path(path).exists():
        log("still here")
        time.sleep(0.02)
    return "talked"


@shared_task(bind=True)
def try_twice(self) -> int:
    """Try once more after some seconds."""
    if not self.request.retries:
        raise self.retry(countdown=6)
    return int(self.request.retries)
