"""What the page of a job is headed."""

from typing import Any

from tasks import catalog
from tasks.catalog import UnknownTask
from tasks.events import JobDict
from tasks.models import BATCH, task_of


def title_of(job: JobDict) -> Any:
    """The title of its task; of a batch with how many there are."""
    title = _title(task_of(job))
    return f"{title} × {job['args']['rows']:,}" if job["task"] == BATCH else title


def _title(task: str) -> Any:
    try:
        return catalog.get(task).title
    except UnknownTask:
        return task
