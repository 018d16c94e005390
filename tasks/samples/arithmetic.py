"""The three tasks of the tutorial that this project grew from: plain shared tasks, nothing of Taskcast in
them."""

from celery import shared_task

Number = int | float


@shared_task
def add(x: Number, y: Number) -> Number:
    """Add two numbers."""
    return x + y


@shared_task
def mul(x: Number, y: Number) -> Number:
    """Multiply two numbers."""
    return x * y


@shared_task
def xsum(numbers: list[Number]) -> Number:
    """Add up all the numbers of a list."""
    return sum(numbers)
