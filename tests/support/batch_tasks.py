"""Tasks of which many are launched at once, and one that sends many itself."""

import time

from celery import group, shared_task


@shared_task
def maybe(number: int, fails: bool = False, seconds: float = 0.0) -> int:
    """Return the number, or fail."""
    time.sleep(seconds)
    if fails:
        raise ValueError(f"{number} fails")
    return number


@shared_task
def spread(count: int) -> int:
    """Send many without waiting for them."""
    group(maybe.s(number) for number in range(count)).apply_async()
    return count
