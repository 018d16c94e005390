"""What failed lately. Jobs that failed below one parent are one line: forty of a batch must not push all others out."""

from dataclasses import dataclass
from datetime import timedelta
from heapq import merge
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from dashboard import queries
from tasks.events import JobDict
from tasks.models import BATCH, Job, task_of

_FAILED = ("failed", "lost")
# How far back is lately, and how many failed jobs are looked through for the lines.
_LATELY = timedelta(days=7)
_MOST = 1000


@dataclass(frozen=True)
class Failure:
    """One line: a `job` that failed, or the parent of several that did, of which `newest` is the last one."""

    job: JobDict
    newest: JobDict
    failed: int = 1
    of: int | None = None

    @property
    def is_folded(self) -> bool:
        """Whether the line stands for several jobs."""
        return self.newest is not self.job

    @property
    def task(self) -> str:
        """The task that failed; of a batch that of its jobs."""
        return task_of(self.job)

    @property
    def rows(self) -> int | None:
        """Of a batch, how many jobs it has."""
        return int(self.job["args"]["rows"]) if self.job["task"] == BATCH else None


def failures(visible: QuerySet[Job], lines: int) -> list[Failure]:
    """The newest failures of the `visible` jobs, folded; at a cost that does not grow with history."""
    lately = visible.filter(created_at__gte=timezone.now() - _LATELY)
    newest = [
        lately.filter(state=state).order_by("-created_at", "-id").values_list("created_at", "id", "parent")[:_MOST]
        for state in _FAILED
    ]
    below: dict[UUID, list[UUID]] = {}  # by the parent, or by the job itself where it has none
    themselves = set()
    for _, job_id, parent in merge(*newest, reverse=True):
        key = job_id if parent is None else parent
        if key not in below and len(below) == lines:
            continue
        children = below.setdefault(key, [])
        if parent is None:
            themselves.add(job_id)
        else:
            children.append(job_id)
    wanted = {*below, *(children[0] for children in below.values() if children)}
    rows = visible.filter(pk__in=wanted).select_related("owner").defer("message")
    jobs = {UUID(str(job["id"])): job for job in queries.live(rows)}
    found = [_failure(key, children, jobs, is_parent=key in themselves) for key, children in below.items()]
    return [line for line in found if line]


def _failure(key: UUID, children: list[UUID], jobs: dict[UUID, JobDict], *, is_parent: bool) -> Failure | None:
    newest = jobs.get(children[0] if children else key)
    if newest is None:
        return None  # forgotten meanwhile
    parent = jobs.get(key)
    if parent is None or not children or (len(children) == 1 and not is_parent):
        return Failure(newest, newest)
    return Failure(parent, newest, *_numbers(parent, len(children)))


def _numbers(parent: JobDict, seen: int) -> tuple[int, int | None]:
    counts: dict[str, Any] = parent["children"] or {}
    failed = sum(int(counts.get(state, 0)) for state in _FAILED)
    total = sum(map(int, counts.values()))
    return max(failed, seen), total if total >= max(failed, seen) else None
