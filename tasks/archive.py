"""The slow path of the archive: an ended job's many small chunks become one, without superseded progress."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tasks import counters, records
from tasks.models import Job, JobEvents
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
    return list(new_chunks(chunks[0].job_id, chunks[-1].epoch, kept, before=chunks[0].before, live=False))


def new_chunks(
    job_id: str | UUID, epoch: int, lines: records.Lines, *, before: int | None, live: bool = True
) -> Iterator[dict[str, Any]]:
    """The archive's rows of these events, by column, not yet saved; `before` log lines stand before them, None where
    those were not counted yet."""
    for piece in records.chunks(lines):
        count = records.count_lines(piece)
        yield {
            "job_id": job_id,
            "epoch": epoch,
            "first": piece[0][0],
            "last": piece[-1][0],
            "body": "\n".join([line for _, line in piece]),
            "live": live,
            "before": before,
            # Both or neither: what has no place among the lines is not found by it.
            "lines": None if before is None else count,
        }
        before = None if before is None else before + count


def count_once(job_id: str | UUID) -> None:
    """Count the log lines of a job that was archived before lines were counted."""
    with transaction.atomic():
        counters.add("change", 0)  # not beside a recorder's batch
        before, found = 0, []
        for chunk in JobEvents.objects.filter(job_id=job_id).order_by("first").iterator(chunk_size=10):
            count = sum(map(records.lines_of, chunk.body.split("\n")))
            found.append(JobEvents(pk=chunk.pk, before=before, lines=count))
            before += count
        JobEvents.objects.bulk_update(found, ["before", "lines"], batch_size=200)
        Job.objects.filter(pk=job_id).update(lines=before)
