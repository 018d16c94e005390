"""The audit trail: who launched, cancelled and retried what. Written with what it tells, in one transaction."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils import timezone

from tasks.models import AuditEntry

LAUNCHED, RETRIED, CANCELLED, FORCED = "launched", "retried", "cancelled", "forced"
PAUSED, RESUMED = "paused", "resumed"


def note(action: str, user: Any, *, job_ids: Iterable[UUID] = (), task: str = "", detail: str = "") -> list[AuditEntry]:
    """Note that `user` (None: nobody that is known, such as code) did `action` to each of these jobs, or to `detail`.

    Raises what the database raises.
    """
    name = user.get_username() if user is not None else ""
    actor = user if user is not None and user.pk is not None else None
    shared = {"at": timezone.now(), "action": action, "actor": actor, "actor_name": name, "task": task}
    entries = [AuditEntry(job=job_id, detail=detail, **shared) for job_id in job_ids]
    return AuditEntry.objects.bulk_create(entries or [AuditEntry(detail=detail, **shared)], batch_size=500)
