"""What is forgotten: jobs that ended long ago, with their events and files, where TASKCAST_KEEP_DAYS says so."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from tasks import conf, result_files
from tasks.events import FINAL
from tasks.models import Job


def forget_once(limit: int = 100) -> int:
    """Forget up to `limit` jobs that ended longer ago than they are kept; returns how many. The oldest first."""
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
