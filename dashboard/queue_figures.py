"""How a queue fares: how long the first in it has waited, and how many of its jobs end in a minute."""

from collections import Counter
from datetime import datetime, timedelta

from django.utils import timezone

from tasks.models import Job

# How far back ends are counted, in seconds; and how many rows are looked at: those that changed last.
WINDOW = 300
MOST = 1_000


def oldest(queue: str) -> datetime | None:
    """Since when the job waits that has waited longest in the queue; None where none does."""
    waiting = Job.objects.filter(state="queued", queue=queue, published_at__isnull=False)
    return waiting.order_by("published_at").values_list("published_at", flat=True).first()


def rates() -> dict[str, float]:
    """How many jobs of each queue have ended in a minute, over the last five, or over less where many end."""
    now = timezone.now()
    begin = now - timedelta(seconds=WINDOW)
    latest = Job.objects.order_by("-change").values_list("queue", "finished_at")[:MOST]
    ends = [(queue, at) for queue, at in latest if at and begin <= at <= now]
    if len(ends) == MOST:
        begin = min(at for _, at in ends)
    minutes = max(1.0, (now - begin).total_seconds()) / 60
    return {queue: round(number / minutes, 1) for queue, number in Counter(queue for queue, _ in ends).items()}
