"""`python manage.py cancel ID …`: ask jobs to stop."""

import sys
import time
from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandParser

from dashboard import queries
from dashboard.terminal import ends, finding
from dashboard.terminal.command import TerminalCommand
from dashboard.terminal.lines import state_line
from tasks import control
from tasks.events import FINAL, JobDict
from tasks.models import Job

# Seconds within which a process that is terminated ends and its worker tells it.
_PATIENCE = 15


class Command(TerminalCommand):
    help = (
        "Stops jobs: one that waits ends at once, one that runs is asked to, and with --force its process is ended. "
        "Ends with 0; 1: one of them had ended already, or did not end in spite of --force, or cannot be ended so."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="+", metavar="id", help="a job's id, or its beginning: 6 characters or more")
        parser.add_argument("--force", action="store_true", help="end its process, and wait for that")

    def handle(self, *args: Any, ids: list[str], force: bool, **options: Any) -> None:
        # All of them, before the first is stopped.
        found = {one.id: one for one in map(finding.job, ids)}
        told: list[JobDict] = []
        for job_id in found:
            try:
                told.append(control.cancel(job_id, force=force))
            except (control.NotCancellable, control.NotTerminable) as error:
                self.stderr.write(f"{job_id}: {error}")
            except Job.DoesNotExist:
                self.stderr.write(f"{job_id}: has been deleted")
        is_done = len(told) == len(found)
        for job in _ended(told) if force else told:
            self.stdout.write(f"{job['id']} {state_line(job)}")
            is_done = is_done and (not force or job["state"] in FINAL)
        if not is_done:
            sys.exit(ends.FAILED)


def _ended(jobs: Iterable[JobDict]) -> Iterable[JobDict]:
    """The jobs as they end. The order to terminate goes out from a thread of this process, so it has to stay."""
    deadline = time.monotonic() + _PATIENCE
    for job in jobs:
        while job["state"] not in FINAL and time.monotonic() < deadline:
            time.sleep(0.2)
            found = queries.find(job["id"])
            job = found.job if found else job
        yield job
