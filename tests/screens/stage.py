"""The jobs, schedules and files that are to be seen."""

from __future__ import annotations

import random
from pathlib import Path

from tests.browser.conftest import BATCHES, PLAIN, launch
from tests.support.stack import Stack, wait_for

ROWS = 1_500_000
ADD = "tasks.samples.arithmetic.add"
PROFILE = "tasks.samples.tables.profile_csv"

_BATCH = """
from django.contrib.auth import get_user_model
from tasks.batch import launch_batch
rows = [{"number": n, "fails": n % 9 == 4, "seconds": 0.3} for n in range(40)]
answer = str(launch_batch(task, rows, user=get_user_model().objects.get(username="alice")).pk)
"""
_SCHEDULES = """
from django.contrib.auth import get_user_model
from tests.support.cast import new_schedule
alice = get_user_model().objects.get(username="alice")
new_schedule(alice, description="Sums of the hour")
answer = new_schedule(alice, description="Nightly sums", enabled=False).pk
"""
_LATER = """
from datetime import timedelta
from django.contrib.auth import get_user_model
from django.utils import timezone
from tasks.launching import launch
user = get_user_model().objects.get(username="alice")
answer = str(launch(task, {"x": 1, "y": 2}, user=user, eta=timezone.now() + timedelta(hours=3)).pk)
"""
_STATE = "from tasks import eventlog\nfound = eventlog.snapshot(job)\nanswer = found and found.job"


def fill(stack: Stack) -> dict[str, str]:
    """Launch everything; returns where to look, by the picture's name."""
    data = stack.home / "data" / "sales"
    write_orders(data / "2025.csv")
    small = data / "2024.csv"
    small.write_text("order,amount\n1,2\n2,31.5\n")
    done = launch(stack, PROFILE, path="sales/2024.csv")
    wait_for(lambda: state(stack, done) == "succeeded", "a small file is done", 120)
    failed = launch(stack, f"{PLAIN}.fail", text="sales/2024.csv has no column “amount”")
    batch = str(stack.run(_BATCH, task=f"{BATCHES}.maybe"))
    wait_for(lambda: state(stack, batch) in ("failed", "succeeded"), "the batch has ended", 120)
    schedule = stack.run(_SCHEDULES)
    later = str(stack.run(_LATER, task=ADD))
    # What runs stands still as long as the pictures take: more than there are processes, so that some wait.
    running = launch(stack, PROFILE, path="sales/2025.csv", columns=["customer", "region", "amount"])
    for seconds in range(5):
        launch(stack, f"{PLAIN}.count", to=100_000, pause=0.02, lines=1_000 + seconds)
    wait_for(lambda: share(stack, running) > 0.3, "a job is well under way", 180)
    return {
        # What runs is taken first: it ends.
        "job": f"/jobs/{running}/",
        "overview": "/",
        "jobs": "/jobs/",
        "workers": "/workers/",
        "tasks": "/tasks/",
        "form": f"/tasks/{PROFILE}/",
        "form-of-many": f"/tasks/{PLAIN}.describe/batch/",
        "jobs-none": "/jobs/?task=nothing",
        "job-failed": f"/jobs/{failed}/",
        "job-succeeded": f"/jobs/{done}/",
        "job-scheduled": f"/jobs/{later}/",
        "job-batch": f"/jobs/{batch}/",
        "several": "/jobs/several/",
        "schedules": "/schedules/",
        "schedule": f"/schedules/{schedule}/",
        "schedule-new": f"/schedules/new/?task={ADD}",
        "notifications": "/accounts/notifications/",
        "tokens": "/accounts/tokens/",
        "not-found": "/nowhere/",
    }


def state(stack: Stack, job: str) -> str | None:
    """The job's state as the log has it."""
    found = stack.run(_STATE, job=job)
    return found and found["state"]


def share(stack: Stack, job: str) -> float:
    """How much of the job is done."""
    progress = (stack.run(_STATE, job=job) or {}).get("progress") or {}
    return progress["current"] / progress["total"] if progress.get("total") else 0.0


def write_orders(path: Path) -> None:
    """A table that looks like somebody's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dice = random.Random(7)
    customers = ("김민준", "Lee Seoyeon", "박지훈", "Anna Schmidt", "최유진", "")
    regions = ("Seoul", "Busan", "Jeju")
    with path.open("w", encoding="utf-8") as out:
        out.write("order,day,customer,region,amount\n")
        for n in range(ROWS):
            day = f"2025-{n % 12 + 1:02}-{n % 28 + 1:02}"
            amount = dice.randint(900, 990_000) / 100
            out.write(f"{100_000 + n},{day},{dice.choice(customers)},{dice.choice(regions)},{amount}\n")
