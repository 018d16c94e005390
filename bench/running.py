"""Many jobs that run and report, without a process for each; these run in a process that is set up like a shell.

Only the worker is not there: their events go the way of all events, through log, recorder and the topic `jobs`.
"""

from __future__ import annotations

import threading
import time
import uuid
from itertools import count, cycle, islice

from tasks import eventlog, events
from tasks.eventlog import Change
from tests.support import writing

# Ten updates of the list a second is what its readers are sent at most.
_TIMES_A_SECOND = 10
_TOTAL = 5_000

_ids: list[str] = []
_telling = threading.Event()


def start(number: int) -> None:
    """Start `number` jobs, and a thread that tells ten times a second how far a tenth of them are; see `tell`."""
    for _ in range(number):
        job_id = str(uuid.uuid4())
        job = events.blank_job(
            job_id,
            task="tasks.samples.csv_profile.profile",
            args={"path": "data/orders-2026-03.csv", "columns": ["price", "quantity"], "limit": _TOTAL},
            created_at=events.now(),
        )
        eventlog.announce(job)
        started = {"state": "started", "started_at": events.now(), "worker": "worker@example"}
        writing.start(
            job,
            started=started,
            token="t",
        )
        _ids.append(job_id)
    threading.Thread(target=_report, daemon=True).start()


def tell(on: bool) -> None:
    """Have them report from now on, or be silent."""
    if on:
        _telling.set()
    else:
        _telling.clear()


def _report() -> None:
    jobs = cycle(_ids)
    due = time.monotonic()
    for n in count(1):
        _telling.wait()
        for job_id in islice(jobs, max(1, len(_ids) // _TIMES_A_SECOND)):
            progress = {"current": n, "total": _TOTAL, "description": f"Reading row {n}", "steps": []}
            eventlog.append(job_id, [Change("progress", {"progress": progress})], writer="bench", n=n, attempt=1)
        due = max(due + 1 / _TIMES_A_SECOND, time.monotonic() - 1)
        time.sleep(max(0, due - time.monotonic()))
