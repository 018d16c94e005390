"""The audit trail: who launched, cancelled, retried and shared what. Written with what it tells, in one transaction."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.utils import timezone

from tasks import by_hand
from tasks.models import AuditEntry

LAUNCHED, RETRIED, CANCELLED, FORCED = "launched", "retried", "cancelled", "forced"
PAUSED, RESUMED = "paused", "resumed"
DRAINED, TAKES_AGAIN, RESIZED = "drained", "takes again", "resized"
SHARED, UNSHARED = "shared", "unshared"

# Rows in one statement.
_TOGETHER = 500

_through = ContextVar("through", default="")


@contextmanager
def through(door: str) -> Iterator[None]:
    """Entries of this context that have no detail of their own say by which door it was done."""
    token = _through.set(door)
    try:
        yield
    finally:
        _through.reset(token)


def note(action: str, user: Any, *, job: UUID | None = None, task: str = "", detail: str = "") -> AuditEntry:
    """Note that `user` (None: nobody that is known, such as code) did `action` to the job, or to what `detail` says.

    Raises what the database raises.
    """
    entry = AuditEntry(**_actor(user), action=action, job=job, task=task, detail=detail or _through.get())
    by_hand.insert(entry)
    return entry


def note_each(action: str, user: Any, jobs: Iterable[tuple[UUID, str]]) -> None:
    """Note that `user` did `action` to each of the jobs, given with their tasks. Raises what the database raises."""
    shared = {**_actor(user), "action": action, "detail": _through.get()}
    entries = [AuditEntry(**shared, job=job, task=task) for job, task in jobs]
    AuditEntry.objects.bulk_create(entries, batch_size=_TOGETHER)


def _actor(user: Any) -> dict[str, Any]:
    return {
        "at": timezone.now(),
        "actor": user if user is not None and user.pk is not None else None,
        "actor_name": user.get_username() if user is not None else "",
    }
