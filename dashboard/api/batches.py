"""`batches`: many jobs of one task at once."""

from typing import Any

from django.http import HttpResponse
from ninja import Router

from dashboard import access, scopes
from dashboard.api import schemas
from dashboard.api.auth import Call, by
from dashboard.api.problems import answer, problem
from tasks.batch import BadRows, launch_batch
from tasks.catalog_errors import in_words
from tasks.events import whole_job

router = Router(tags=["jobs"])


@router.post(
    "/batches",
    auth=by(scopes.LAUNCH),
    response={201: schemas.Job, 403: schemas.Problem, 404: schemas.Problem, 503: schemas.Problem},
    operation_id="launch_batch",
    summary="Launch a task many times",
)
def launch_many(request: Call, body: schemas.Batch) -> HttpResponse:
    """A job for each row, all or none, and their parent: a job whose progress and `children` are theirs."""
    task = access.get_task_or_404(request.auth, body.task)
    try:
        batch = launch_batch(
            task.name,
            body.rows,
            user=request.auth,
            eta=body.eta,
            queue=body.queue,
            priority=body.priority,
            notify=None if body.notify == "default" else body.notify,
            json_types=True,
        )
    except BadRows as error:
        return problem(422, _summary(error), errors=list(_faults(error)))
    return answer(whole_job(batch.as_dict()), 201)


def _summary(error: BadRows) -> str:
    number, faults = next(iter(error.errors.items()))
    return f"{error}; row {number}: {in_words(faults[:1])}"


def _faults(error: BadRows) -> list[dict[str, Any]]:
    return [
        {"loc": ["body", "rows", number, *fault["loc"]], "msg": fault["msg"]}
        for number, faults in error.errors.items()
        for fault in faults
    ]
