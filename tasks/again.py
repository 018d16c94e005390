"""A job that has ended, once more: a new job with its arguments, or with some of them changed."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from tasks.catalog import MASK, BadArguments, Fault
from tasks.catalog_errors import fault
from tasks.events import FINAL, JobDict
from tasks.launching import launch, priority_of
from tasks.models import Job
from tasks.uploaded import UploadedFile, find_for_worker, ids_in

# The end of a value that was too long to be shown, and so to be kept (tasks/catalog_secrets.py).
_CUT = re.compile(r"… \(\d+ characters\)\Z")


class NotRetryable(Exception):
    """The job has not ended yet, so there is nothing to retry."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the job has not ended yet, it is {state}: cancel it first, or wait")
        self.state = state


def retry(job: JobDict, *, user: Any = None, args: Mapping[str, Any] | None = None) -> Job:
    """Launch the task of `job` once more as `user`, with `args` in the place of those arguments that they name.

    The new job bears `retry_of`, and has the queue and the priority of the old one. Its files may be used again by
    whoever may retry it. Raises NotRetryable while the job lives, BadArguments also for what has to be given again
    because it was not kept (secrets, what was too long), and what `launch` raises.
    """
    if job["state"] not in FINAL:
        raise NotRetryable(job["state"])
    changed = dict(args or {})
    kept = {name: value for name, value in (job["args"] or {}).items() if name not in changed}
    # A program that sends back what it was shown means the old secret, which is not there.
    masks = (fault([name], "secret_not_kept") for name, value in changed.items() if _holds(value, MASK))
    if missing := [*not_kept(kept), *masks]:
        raise BadArguments(missing)
    return launch(
        job["task"],
        {**kept, **changed},
        user=user,
        **place_of(job),
        retry_of=UUID(job["id"]),
        files=files_of(job["args"] or {}),
    )


def place_of(job: JobDict) -> dict[str, Any]:
    """The queue and the priority that the job had, as a launch takes them."""
    row = Job.objects.only("queue", "priority").filter(pk=job["id"]).first()
    return {"queue": row.queue or None, "priority": priority_of(row)} if row else {}


def files_of(args: Mapping[str, Any]) -> list[UploadedFile]:
    """The uploads that a job's arguments name, whoever's they are."""
    return [file for number in set(ids_in(args)) if (file := find_for_worker(UUID(number)))]


def not_kept(kept: Mapping[str, Any]) -> Iterator[Fault]:
    """What of a job's arguments is not what the job was given: secrets, and what was too long."""
    for name, value in kept.items():
        if _holds(value, MASK):
            yield fault([name], "secret_not_kept")
        elif is_cut(value):
            yield fault([name], "long_not_kept")


def is_cut(value: Any) -> bool:
    """Whether this is only the beginning of what the job was given, which was too long to be kept."""
    return isinstance(value, str) and bool(_CUT.search(value))


def _holds(value: Any, text: str) -> bool:
    if isinstance(value, Mapping):
        return any(_holds(item, text) for item in value.values())
    return any(_holds(item, text) for item in value) if isinstance(value, list) else bool(value == text)
