"""Links that show one job without an account: made, looked up, revoked (docs/decisions/0025).

The token is 32 random bytes, shown once and kept as SHA-256.
"""

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dashboard import access
from dashboard.live import revocation
from dashboard.models import ShareLink
from dashboard.queries import Found
from tasks import audit
from tasks.models import Job

# Links to one job that open it at a time. Nobody needs more, and every page of them is short.
MOST = 50
# How exactly is known when a link was last used, and how long one that is over is remembered.
_LAST_USE, _REMEMBERED = timedelta(minutes=1), timedelta(days=90)


class TooManyLinks(Exception):
    """The job has as many links as it may have at a time."""


def make(user: Any, found: Found, lifetime: timedelta) -> str:
    """The token of a new link to the job. Only now can it be read. Raises TooManyLinks."""
    now = timezone.now()
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        ShareLink.objects.filter(expires_at__lt=now - _REMEMBERED, job=found.id).delete()
        if ShareLink.objects.filter(job=found.id, revoked_at=None, expires_at__gt=now).count() >= MOST:
            raise TooManyLinks
        link = ShareLink.objects.create(job=found.id, digest=_digest(token), created_by=user, expires_at=now + lifetime)
        until = f"until {link.expires_at.isoformat(timespec='seconds')}"
        audit.note(audit.SHARED, user, job=link.job, task=found.job["task"], detail=f"link {link.pk} {until}")
    return token


def revoke(user: Any, found: Found, link: ShareLink) -> None:
    """End the link now: its pages answer 410, its sockets are closed."""
    with transaction.atomic():
        # Of two who revoke it at once, one is in the trail.
        if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.note(audit.UNSHARED, user, job=link.job, task=found.job["task"], detail=f"link {link.pk}")
            revocation.tell(link.created_by_id)


def is_known(token: str) -> bool:
    """Whether there is, or was lately, a link with this token."""
    return ShareLink.objects.filter(digest=_digest(token)).exists()


def guest(token: str) -> access.Guest | None:
    """Whom the token lets in now; None where it lets nobody in."""
    return guests([token]).get(token)


def guests(tokens: Collection[str]) -> dict[str, access.Guest]:
    """`guest` of each of these tokens that lets somebody in, at once. Counts as a use of them."""
    by_digest = {_digest(token): token for token in tokens}
    if not by_digest:
        return {}
    links = list(ShareLink.objects.filter(digest__in=by_digest, revoked_at=None, expires_at__gt=timezone.now()))
    owners = dict(Job.objects.filter(pk__in={link.job for link in links}).values_list("pk", "owner_id"))
    # One object for each: rights are looked up once for it.
    makers = get_user_model()._default_manager.in_bulk({link.created_by_id for link in links})
    found: dict[str, access.Guest] = {}
    for link in links:
        link.created_by = makers[link.created_by_id]
        # A job that is gone is shown to nobody.
        if link.job in owners and (let_in := access.guest_of(link, owners[link.job])):
            found[by_digest[link.digest]] = let_in
    _note_use([link for link in links if by_digest[link.digest] in found])
    return found


def _note_use(links: list[ShareLink]) -> None:
    now = timezone.now()
    stale = [link.pk for link in links if link.last_used_at is None or link.last_used_at < now - _LAST_USE]
    if stale:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USE)
        ShareLink.objects.filter(unnoted, pk__in=stale).update(last_used_at=now)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
