"""What is forgotten: files that nobody uses; and, as TASKCAST_KEEP_DAYS says, jobs that ended long ago and the
audit trail of that time; and tallies that no chart reaches back to."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tasks import conf, result_files, uploads
from tasks.events import FINAL, UNFINISHED
from tasks.models import AuditEntry, Job, Notice, Tally, Upload
from tasks.tallies import MINUTE, TEN_MINUTES
from tasks.uploaded import ids_in

# For which a file may wait for its launch: a form may lie open overnight.
UNUSED = timedelta(days=2)
# For which a notice is shown after it was delivered or given up.
TOLD = timedelta(days=30)
# Of charts: the last hour is drawn from minutes, the last day, and in time the last week, from ten at once.
TALLIES = {MINUTE: timedelta(hours=3), TEN_MINUTES: timedelta(days=8)}


def forget_once(limit: int = 100) -> int:
    """Forget up to `limit` jobs, or else files, or else entries of the audit trail, or else notices, or else tallies,
    of which it is time; returns how many. The oldest first."""
    forget = (_forget_jobs, _forget_uploads, _forget_audit, _forget_notices, _forget_tallies)
    return next((gone for one in forget if (gone := one(limit))), 0)


def _forget_jobs(limit: int) -> int:
    days = conf.keep_days()
    if days is None:
        return 0
    long_ago = timezone.now() - timedelta(days=days)
    ended = Job.objects.filter(created_at__lt=long_ago, finished_at__lt=long_ago, state__in=FINAL)
    ids = list(ended.order_by("created_at", "id").values_list("pk", flat=True)[:limit])
    # Files first: what is left of them when this is cut off is found again by its row.
    for job_id in ids:
        result_files.discard_all(str(job_id))
    with transaction.atomic():
        Job.objects.filter(pk__in=ids).delete()
    return len(ids)


def _forget_uploads(limit: int) -> int:
    """Files that no launch took; and those that were taken longer ago than jobs are kept, and that none waits for."""
    now, days = timezone.now(), conf.keep_days()
    unwanted = Q(used_at=None, created_at__lt=now - UNUSED)
    if days is not None:
        long_ago = now - timedelta(days=days)
        unwanted |= Q(used_at__lt=long_ago) & ~Q(pk__in=_waited_for(long_ago))
    files = list(Upload.objects.filter(unwanted).order_by("created_at")[:limit])
    for file in files:
        uploads.discard(file)
    return len(files)


def _forget_audit(limit: int) -> int:
    days = conf.keep_days()
    if days is None:
        return 0
    old = AuditEntry.objects.filter(at__lt=timezone.now() - timedelta(days=days)).order_by("at", "id")
    ids = list(old.values_list("pk", flat=True)[:limit])
    AuditEntry.objects.filter(pk__in=ids).delete()
    return len(ids)


def _forget_notices(limit: int) -> int:
    old = Notice.objects.filter(created_at__lt=timezone.now() - TOLD, due_at=None).order_by("created_at")
    ids = list(old.values_list("pk", flat=True)[:limit])
    Notice.objects.filter(pk__in=ids).delete()
    return len(ids)


def _forget_tallies(limit: int) -> int:
    for span, kept in TALLIES.items():
        old = Tally.objects.filter(span=span, start__lt=timezone.now() - kept).order_by("start")
        # Many at once: these are small, and there are as many each minute as tasks, owners and states together.
        if ids := list(old.values_list("pk", flat=True)[: 10 * limit]):
            Tally.objects.filter(pk__in=ids).delete()
            return len(ids)
    return 0


def _waited_for(long_ago: datetime) -> set[str]:
    """The uploads that unfinished jobs from before `long_ago` name."""
    waiting = Job.objects.filter(state__in=UNFINISHED, created_at__lt=long_ago)
    return {number for args in waiting.values_list("args", flat=True).iterator() for number in ids_in(args)}
