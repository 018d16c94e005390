"""The shop's own tasks."""

import time

from celery import shared_task

from tasks import launch, log, track


@shared_task
def greet(name: str, times: int = 3, pause: float = 0.0) -> str:
    """Say hello in the open."""
    for number in track(range(times), "Greeting"):
        log(f"hello {name}, {number + 1}")
        time.sleep(pause)
    return f"{name} was greeted {times} times"


@shared_task
def greet_all(names: list[str]) -> list[str]:
    """Launch a greeting for each name."""
    return [str(launch(greet, {"name": name}).pk) for name in names]
