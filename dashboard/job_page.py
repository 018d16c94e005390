"""What the page of one job shows beside the job itself. Each thing costs one query that a cap bounds."""

from datetime import datetime
from typing import Any

from dashboard import access, eta, loglines, queries
from dashboard.titles import title_of
from tasks.events import JobDict
from tasks.models import BATCH, Job

# The last jobs of a task that are looked at, and how many of those that succeeded say what is usual.
_LOOKED_AT, _COUNTED = 200, 50
_SAMPLES = 60  # of a job's progress, one a second


def context(user: access.User | None, found: queries.Found) -> dict[str, Any]:
    """What the page's template wants, whoever looks; `data` is the part that its script goes on from.

    Without `user`, for those who have only a link to this one job, nothing is told of the task's other jobs.
    """
    tail = queries.tail(found)
    said = loglines.Log(found.id).until(int(found.job["seq"]))
    usually = usual(user, found.job) if user else None
    going_on = {
        "usual": usually.as_dict() if usually else None,
        "samples": samples(found.job, tail.progress),
        "moments": queries.moments(found, tail),
    }
    own = {"job": found.job, "epoch": found.epoch, "seq": found.job["seq"], "events": tail.events, "lines": said}
    return {
        **going_on,
        "usual": usually,
        "job": found.job,
        "title": title_of(found.job),
        "data": {**own, **going_on},
        "lines": loglines.numbered(tail.lines, said),
        "earlier": (said or 0) - len(tail.lines),
    }


def usual(user: access.User, job: JobDict) -> eta.Usual | None:
    """How long the task's last jobs took that succeeded, of those that `user` sees; None of too few, and of a batch."""
    if job["task"] == BATCH:
        return None
    lately = Job.objects.filter(task=job["task"]).order_by("-created_at", "-id")[:_LOOKED_AT]
    took = [
        (finished - started).total_seconds()
        for state, owner_id, started, finished in lately.values_list("state", "owner_id", "started_at", "finished_at")
        if state == "succeeded" and started and finished and access.may_see(user, owner_id)
    ]
    return eta.usual(took[:_COUNTED])


def samples(job: JobDict, progress: list[tuple[str, float]]) -> list[tuple[float, float]]:
    """How far the job had come when: seconds since its start, and units; the last ones, about one a second."""
    if not job["started_at"]:
        return []
    start = datetime.fromisoformat(job["started_at"])
    found: list[tuple[float, float]] = []
    for time, current in progress:
        seconds = round((datetime.fromisoformat(time) - start).total_seconds(), 3)
        if seconds >= 0 and (not found or seconds - found[-1][0] >= 1):
            found.append((seconds, current))
    return found[-_SAMPLES:]
