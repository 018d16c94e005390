"""Many jobs that report once a second, told by one process: pool processes enough for thousands would not fit here.

Each report goes the way of a worker's: it is appended to the job's log, which tells the job's group.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence

from tasks import eventlog, events
from tasks.eventlog import Change


def announce(count: int) -> list[str]:
    """The ids of so many new jobs in the log, all of them started."""
    known = {"task": "bench.job", "created_at": events.now()}
    jobs = [events.blank_job(str(uuid.uuid4()), **known) for _ in range(count)]
    eventlog.announce_all((job, None) for job in jobs)
    return [job["id"] for job in jobs]


def speak(job_ids: Sequence[str], seconds: int) -> None:
    """For so many seconds, each job's report once a second, one job after the other.

    A report bears the time (time.monotonic_ns()) at which it was due: what was late here is late.
    """
    writer = uuid.uuid4().hex
    began, between = time.monotonic_ns(), 1_000_000_000 / len(job_ids)
    for number in range(seconds * len(job_ids)):
        due = began + int(number * between)
        if (early := due - time.monotonic_ns()) > 0:
            time.sleep(early / 1e9)
        job_id = job_ids[number % len(job_ids)]
        report = Change("progress", {"progress": {"current": due, "total": None, "description": "", "steps": []}})
        eventlog.append(job_id, [report], writer=writer, n=1 + number // len(job_ids))
