"""When a job that waits to try again will: told as a part of its `reason`."""

from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from celery.exceptions import Retry
from celery.utils.time import maybe_make_aware
from django.utils import timezone

# A wait that is shorter is over before it is read.
_WORTH_TELLING = timedelta(seconds=1)


def told(cause: str | None, retry: Any) -> str:
    """`cause` (None: the task simply asked for it) and when `retry`, as Celery's signal has it, lets it try again."""
    due = _due(getattr(retry, "when", None) if isinstance(retry, Retry) else None)
    if due is None:
        return cause or "asked for by the task"
    at = f"next try at {timezone.localtime(due):%Y-%m-%d %H:%M:%S}"
    return f"{cause}; {at}" if cause else at


def _due(when: Any) -> datetime | None:
    if isinstance(when, int | float):
        when = timezone.now() + timedelta(seconds=when)
    if not isinstance(when, datetime):
        return None
    due: datetime = maybe_make_aware(when, current_app.timezone)  # as the worker reads it
    return due if due - timezone.now() >= _WORTH_TELLING else None
