"""Launching a job from Python: `from tasks import launch`. Light: task code imports it before Django is set up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.models import Job


def launch(
    task: Any,
    /,
    args: Mapping[str, Any] | None = None,
    *,
    owner: Any = None,
    eta: datetime | None = None,
    countdown: float | None = None,
    queue: str | None = None,
    priority: str = "normal",
) -> Job:
    """Launch `task` (a Celery task, or its name) with `args` by parameter name; returns the row of its job.

    As from a page: the arguments are checked first, the row is written, then the message is sent, inside
    `transaction.atomic` after the commit. A broker that is away stops nothing; the job's `reason` says that it is sent
    later. `owner` is a user, who sees and steers the job, and whose uploads `args` may name; in a running job it is
    that job's owner unless another is given, and that job is the new one's parent. `eta` (aware) or `countdown`
    (seconds) put it off; `priority` is "high", "normal" or "low".

    Raises `tasks.catalog.BadArguments`, whose `errors` are all that is wrong, and `tasks.catalog.UnknownTask`;
    ValueError for an `eta` without a time zone and for another `priority`. Whether somebody may launch the task is the
    caller's to decide.
    """
    from tasks import launching  # models: they need Django's apps

    if eta is not None and eta.tzinfo is None:
        raise ValueError(f"eta={eta!r} has no time zone: django.utils.timezone.make_aware gives it one")
    if priority not in launching.PRIORITIES:
        raise ValueError(f"priority={priority!r} is none of {', '.join(launching.PRIORITIES)}")
    return launching.launch(
        task if isinstance(task, str) else task.name,
        dict(args or {}),
        user=owner,
        eta=eta,
        countdown=countdown,
        queue=queue,
        priority=priority,
    )
