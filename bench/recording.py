"""A backlog of ended jobs and the recorder that works it off; these run in a process that is set up like a shell."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any

from bench import tasks
from tasks import eventlog, events
from tasks.models import Job
from tasks.recorder import look_for_garbage_less, record_once, recorder_lock

_KEY = "bench:hold"


def take_over() -> None:
    """Be the one recorder, for as long as this process lives: those of workers stand by."""
    lock = recorder_lock()
    while not lock.hold():
        time.sleep(0.1)

    def keep() -> None:
        while lock.hold():
            time.sleep(0.5)

    threading.Thread(target=keep, daemon=True).start()
    look_for_garbage_less()


def produce(count: int) -> float:
    """Have a worker with one process run `count` jobs that do nothing; jobs a second, from the first to the last.

    They are all in the queue before the first one starts: launching takes nothing from the worker.
    """
    held = tasks.hold.delay(_KEY)
    launched = [tasks.nothing.delay().id for _ in range(count)]
    eventlog.client().lpush(_KEY, "go")
    for job_id in (held.id, launched[-1]):
        while not (found := eventlog.snapshot(job_id)) or found.job["state"] not in events.FINAL:
            time.sleep(0.05)
    first, last = (eventlog.snapshots([job_id])[job_id].job for job_id in (launched[0], launched[-1]))
    if last["state"] != "succeeded":
        raise RuntimeError(f"a job that does nothing has {last['state']}: {last['error']}")
    return count / (_moment(last["finished_at"]) - _moment(first["started_at"])).total_seconds()


def work_off(count: int) -> float:
    """Record what the log holds, all of it; jobs a second. Raises RuntimeError where fewer than `count` are news."""
    before = Job.objects.filter(state="succeeded").count()
    started = time.perf_counter()
    while record_once():
        pass
    seconds = time.perf_counter() - started
    recorded = Job.objects.filter(state="succeeded").count() - before
    if recorded < count:
        raise RuntimeError(f"{recorded} of {count} jobs were recorded")
    return recorded / seconds


def _moment(text: Any) -> datetime:
    return datetime.fromisoformat(text)
