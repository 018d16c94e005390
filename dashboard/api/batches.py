"""`batches`: many jobs of one task at once."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from dashboard import access, scopes
from dashboard.api import idempotency, schemas
from dashboard.api.auth import Call, by
from dashboard.api.problems import problem
from tasks.batch import BadRows, launch_batch
from tasks.catalog_errors import in_words
from tasks.models import Job

router = Router(tags=["jobs"])


@router.post(
    "/batches",
    auth=by(scopes.LAUNCH),
    response={201: schemas.Job, **dict.fromkeys((403, 404, 409, 503), schemas.Problem)},
    operation_id="launch_batch",
    summary="Launch a task many times",
)
def launch_many(request: Call, body: schemas.Batch, key: idempotency.Key = None) -> HttpResponse:
    """A job for each row, all or none, and their parent: a job whose progress and `children` are theirs.

    With `Idempotency-Key`, the same key and body give the same batch for 24 hours; another body with it is refused.
    """
    task = access.get_task_or_404(request.auth, body.task)

    def start(job_id: UUID | None = None) -> Job:
        return launch_batch(
            task.name,
            body.rows,
            user=request.auth,
            eta=body.eta,
            queue=body.queue,
            priority=body.priority,
            notify=None if body.notify == "default" else body.notify,
            job_id=job_id,
            json_types=True,
        )

    try:
        return idempotency.launched(request, key, start)
    except BadRows as error:
        return bad_rows(error)


def bad_rows(error: BadRows) -> HttpResponse:
    """The answer that names every bad row."""
    return problem(422, _summary(error), errors=list(_faults(error)))


def _summary(error: BadRows) -> str:
    number, faults = next(iter(error.errors.items()))
    return f"{error}; row {number}: {in_words(faults[:1])}"


def _faults(error: BadRows) -> list[dict[str, Any]]:
    return [
        {"loc": ["body", "rows", number, *fault["loc"]], "msg": fault["msg"]}
        for number, faults in error.errors.items()
        for fault in faults
    ]
