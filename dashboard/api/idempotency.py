"""A launch that its caller may repeat: the same key and body give the same job for 24 hours."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeAlias
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Header

from dashboard import access
from dashboard.api.problems import answer, problem
from dashboard.models import IdempotencyKey
from tasks.events import whole_job
from tasks.models import Job

#: The header of a call that may be repeated.
Key: TypeAlias = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)]

LIFETIME = timedelta(hours=24)
_FORGOTTEN = 100


class OtherBody(Exception):
    """This key was used with another body."""


def launched(request: Any, key: str | None, start: Callable[..., Job]) -> HttpResponse:
    """The answer with the job that `start` launches, or with that of the `key`; 409 where it was another body's."""
    if key is None:
        return answer(whole_job(start().as_dict()), 201)
    try:
        job, is_new = once(request.auth, key, request.body, start)
    except OtherBody as error:
        return problem(409, str(error))
    return answer(whole_job(job.as_dict()) if is_new else access.get_job_or_404(request.auth, job.pk).job, 201)


def once(user: Any, key: str, body: bytes, start: Callable[[UUID], Job]) -> tuple[Job, bool]:
    """The job of this key, and whether it is new: launched by `start` with the id that it is handed, or before.

    Key and job are written in one transaction: whoever dies in between leaves neither, what cannot be launched leaves
    the key free, and of those who come at the same time the others wait for the first and meet its job. Raises
    OtherBody, and what `start` raises.
    """
    digest = _digest(body)
    if known := _known(user, key, digest):
        return known, False
    _forget_some()
    try:
        with transaction.atomic():
            no_job = ~Exists(Job.objects.filter(pk=OuterRef("job")))
            useless = no_job | Q(created_at__lte=_begin())
            IdempotencyKey.objects.filter(useless, user=user, key=key).delete()
            kept = IdempotencyKey.objects.create(
                user=user, key=key, digest=digest, job=uuid4(), created_at=timezone.now()
            )
            return start(kept.job), True
    except IntegrityError:
        # Somebody was first.
        if known := _known(user, key, digest):
            return known, False
        raise


def _known(user: Any, key: str, digest: str) -> Job | None:
    kept = IdempotencyKey.objects.filter(user=user, key=key, created_at__gt=_begin()).first()
    if kept is None:
        return None
    if kept.digest != digest:
        raise OtherBody(_("This Idempotency-Key was used with another body."))
    return Job.objects.filter(pk=kept.job).first()


def _begin() -> datetime:
    return timezone.now() - LIFETIME


def _forget_some() -> None:
    # A few for each that comes: they cannot gather, and no caller pays for a whole day.
    old = IdempotencyKey.objects.filter(created_at__lte=_begin()).values_list("pk", flat=True)
    if found := list(old[:_FORGOTTEN]):
        IdempotencyKey.objects.filter(pk__in=found).delete()


def _digest(body: bytes) -> str:
    # By what it says: spaces and the order of names may differ between two sendings.
    return hashlib.sha256(json.dumps(json.loads(body), sort_keys=True).encode()).hexdigest()
