"""Many jobs steered at once: which of them somebody may, what becomes of each, and why of some nothing does."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from dashboard import access, queries
from tasks import batch, control
from tasks.again import not_kept, retry
from tasks.catalog_errors import BadArguments, in_words
from tasks.events import FINAL, JobDict, whole_job
from tasks.models import BATCH, Job

#: Jobs steered by one request at most.
MOST = 1000


@dataclass
class Outcome:
    """How many jobs it was done to, what was launched for that, and to which jobs it was not done, and why."""

    done: int = 0
    launched: list[Job] = field(default_factory=list)
    refused: list[tuple[JobDict, str]] = field(default_factory=list)


def cancel(user: Any, jobs: Iterable[JobDict], owners: dict[str, Any]) -> Outcome:
    """Ask these jobs to stop, as `user`; `owners` has the owner's key of each."""
    outcome = Outcome()
    wanted = []
    for job in jobs:
        if not access.may_steer(user, owners[job["id"]]):
            outcome.refused.append((job, _("You may not stop this job.")))
        elif job["state"] in FINAL:
            outcome.refused.append((job, _("The job has ended already.")))
        elif job["cancel"]:
            outcome.refused.append((job, _("It was asked to stop before.")))
        elif job["task"] == BATCH:
            control.cancel(job["id"], user=user)
            outcome.done += 1
        else:
            wanted.append(job["id"])
    outcome.done += control.cancel_many(Job.objects.filter(pk__in=wanted), user=user)
    return outcome


def run_again(user: Any, jobs: Iterable[JobDict], owners: dict[str, Any]) -> Outcome:
    """Launch these jobs once more, as `user`: those of one task together, as a batch."""
    outcome = Outcome()
    of_task: dict[str, list[JobDict]] = defaultdict(list)
    for job in jobs:
        if why := why_not_again(user, job, owners[job["id"]]):
            outcome.refused.append((job, why))
        else:
            of_task[job["task"]].append(job)
    for task, some in of_task.items():
        _launch(user, task, some, outcome)
    return outcome


def why_not_again(user: Any, job: JobDict, owner_id: Any) -> str | None:
    """Why `user` cannot launch a job of `owner_id` once more; None where nothing speaks against it."""
    if job["state"] not in FINAL:
        return _("The job has not ended yet.")
    if job["task"] == BATCH:
        return _("A batch is retried on its own page.")
    if not access.may_steer(user, owner_id) or not access.may_launch_again(user, job["task"]):
        return _("You may not retry this job.")
    return in_words(not_kept(job["args"] or {})) or None


def _launch(user: Any, task: str, jobs: Sequence[JobDict], outcome: Outcome) -> None:
    rows = list(jobs)
    while rows:
        try:
            if len(rows) == 1:
                outcome.launched.append(retry(rows[0], user=user))
            else:
                outcome.launched.append(batch.retry_jobs(task, rows, user=user))
            outcome.done += len(rows)
            return
        except batch.BadRows as error:
            refused = error.errors
        except BadArguments as error:
            refused = {0: error.errors}
        # The task has changed since: those that no longer fit it stay behind.
        for number, faults in refused.items():
            outcome.refused.append((rows[number], in_words(faults)))
        rows = [row for number, row in enumerate(rows) if number not in refused]


def found(user: Any, ids: Iterable[str]) -> tuple[list[JobDict], dict[str, Any]]:
    """Those of the jobs that `user` may see, as they are now, with the owner's key of each."""
    rows = list(access.jobs_for(user).filter(pk__in=list(ids)[:MOST]).select_related("owner").defer("message"))
    return [whole_job(job) for job in queries.live(rows)], {str(row.pk): row.owner_id for row in rows}
