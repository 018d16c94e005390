"""What somebody launched a task with lately, to do so again."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard import access, file_names
from dashboard.launching import relaunch
from tasks.catalog import LaunchableTask

# The newest jobs that are looked at, and the inputs that are offered.
_LOOKED_AT, _OFFERED = 30, 5


@dataclass(frozen=True)
class Inputs:
    """Arguments as people read them, when they were launched last, and the form's address that has them filled in."""

    args: dict[str, Any]
    at: datetime
    address: str


def inputs(user: Any, task: LaunchableTask) -> list[Inputs]:
    """The last ones that differ, newest first; of jobs that `user` launched by hand. One index answers."""
    mine = access.jobs_for(user).filter(owner=user.pk, task=task.name, parent=None, schedule=None)
    rows = list(mine.select_related("owner").defer("message").order_by("-created_at", "-id")[:_LOOKED_AT])
    distinct = {json.dumps(row.args, sort_keys=True): row for row in reversed(rows) if row.args}
    newest = sorted(distinct.values(), key=lambda row: row.created_at, reverse=True)[:_OFFERED]
    jobs = [row.as_dict() for row in newest]
    names = file_names.of(jobs)
    return [
        Inputs(file_names.named(job["args"], names), row.created_at, relaunch.address(job))
        for row, job in zip(newest, jobs, strict=True)
    ]
