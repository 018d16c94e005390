"""A launch that its caller may repeat: the same key and body give the same job for 24 hours."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard.models import IdempotencyKey
from tasks.catalog import BadArguments
from tasks.models import Job

LIFETIME = timedelta(hours=24)


class OtherBody(Exception):
    """This key was used with another body."""


def once(user: Any, key: str, body: bytes, start: Callable[[UUID], Job]) -> tuple[Job, bool]:
    """The job of this key, and whether it is new: launched by `start` with the id that it is handed, or before.

    The id is kept before anything is launched, so whoever dies in between or comes at the same time meets the same
    job: its primary key decides. Raises OtherBody, and what `start` raises.
    """
    now = timezone.now()
    IdempotencyKey.objects.filter(created_at__lt=now - LIFETIME).delete()
    digest = _digest(body)
    kept, new = IdempotencyKey.objects.get_or_create(
        user=user, key=key, defaults={"digest": digest, "job": uuid4(), "created_at": now}
    )
    if kept.digest != digest:
        raise OtherBody(_("This Idempotency-Key was used with another body."))
    if not new and (known := Job.objects.filter(pk=kept.job).first()):
        return known, False
    try:
        with transaction.atomic():
            return start(kept.job), True
    except IntegrityError:
        return Job.objects.get(pk=kept.job), False
    except BadArguments:
        kept.delete()  # nothing was launched: the caller may mend the body
        raise


def _digest(body: bytes) -> str:
    # By what it says: spaces and the order of names may differ between two sendings.
    return hashlib.sha256(json.dumps(json.loads(body), sort_keys=True).encode()).hexdigest()
