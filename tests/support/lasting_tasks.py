"""Tasks that last until a test lets them end."""

import time
from pathlib import Path

from celery import shared_task

from tasks import log


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
