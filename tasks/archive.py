"""The slow path of the archive: an ended job's many small chunks become one, without superseded progress."""

from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tasks import counters, records
from tasks.models import JobEvents
from tasks.upsert import insert

# Until then the archive is complete: `seq` is consecutive for at least 10 minutes after a job's end.
COMPLETE_FOR = timedelta(minutes=15)


def compact_once(limit: int = 50) -> int:
    """Compact the chunks of up to `limit` jobs that ended a while ago; returns of how many."""
    ended = JobEvents.objects.filter(live=True, job__finished_at__lt=timezone.now() - COMPLETE_FOR)
    job_ids = list(ended.order_by().values_list("job_id", flat=True).distinct()[:limit])
    if not job_ids:
        return 0
    with transaction.atomic():
        counters.add("change", 0)  # one at a time, and not beside a recorder's batch
        found = defaultdict(list)
        for chunk in JobEvents.objects.filter(live=True, job_id__in=job_ids).order_by("job_id", "first"):
            found[chunk.job_id].append(chunk)
        merged = [new for chunks in found.values() for new in _compacted(chunks)]
        JobEvents.objects.filter(pk__in=[chunk.pk for chunks in found.values() for chunk in chunks]).delete()
        insert(JobEvents, merged)
    return len(job_ids)


def _compacted(chunks: list[JobEvents]) -> list[dict[str, Any]]:
    # Not splitlines(): JSON leaves U+2028 and its kind as they are inside of a text.
    lines = [line for chunk in chunks for line in chunk.body.split("\n") if line]
    kept = records.without_superseded(lines)
    return [new_chunk(chunks[0].job_id, chunks[-1].epoch, piece, live=False) for piece in records.chunks(kept)]


def new_chunk(job_id: str | UUID, epoch: int, lines: records.Lines, *, live: bool = True) -> dict[str, Any]:
    """The archive's row of these lines, by column, not yet saved."""
    return {
        "job_id": job_id,
        "epoch": epoch,
        "first": lines[0][0],
        "last": lines[-1][0],
        "body": "\n".join([line for _, line in lines]),
        "live": live,
    }
