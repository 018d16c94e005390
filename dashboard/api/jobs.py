"""`jobs`: launch, list, look at, stop, retry."""

from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router

from dashboard import access, listing, queries, scopes
from dashboard.api import idempotency, schemas
from dashboard.api.auth import Call, by
from dashboard.api.batches import bad_rows
from dashboard.api.problems import answer, problem
from tasks import control
from tasks.batch import BadRows, NothingToRetry, once_more
from tasks.events import whole_job
from tasks.launching import launch
from tasks.models import Job, task_of

router = Router(tags=["jobs"])

_NO_JOB = {404: schemas.Problem}
_LAUNCHED = {201: schemas.Job, **dict.fromkeys((403, 404, 409, 503), schemas.Problem)}


@router.post(
    "/jobs",
    auth=by(scopes.LAUNCH),
    response=_LAUNCHED,
    operation_id="launch_job",
    summary="Launch a task",
)
def launch_job(
    request: Call,
    body: schemas.Launch,
    key: idempotency.Key = None,
) -> HttpResponse:
    """Answers as soon as the job is durable, also while the broker is away: `reason` then says so.

    With `Idempotency-Key`, the same key and body give the same job for 24 hours; another body with it is refused.
    A task that asks people to be confirmed is launched unasked: a call is meant as it is.
    """
    if body.eta and body.countdown is not None:
        message = _("Give either eta or countdown.")
        return problem(422, message, errors=[{"loc": ["body", "countdown"], "msg": message}])
    task = access.get_task_or_404(request.auth, body.task)

    def start(job_id: UUID | None = None) -> Job:
        return launch(
            task.name,
            body.args,
            user=request.auth,
            eta=body.eta,
            countdown=body.countdown,
            queue=body.queue,
            priority=body.priority,
            notify=None if body.notify == "default" else body.notify,
            job_id=job_id,
            json_types=True,
        )

    return idempotency.launched(request, key, start)


@router.get(
    "/jobs",
    auth=by(scopes.READ),
    response={200: schemas.Jobs},
    operation_id="list_jobs",
    summary="Jobs, newest first",
)
def list_jobs(request: Call, filters: Query[schemas.Filters]) -> HttpResponse:
    """The jobs that the caller may see, newest first, as they are now."""
    page = listing.jobs(
        access.jobs_for(request.auth), filters.listing(), cursor=filters.cursor or "", limit=filters.limit
    )
    return answer({"jobs": page.jobs, "next": page.next})


@router.get(
    "/jobs/{uuid:job_id}",
    auth=by(scopes.READ),
    response={200: schemas.Job, **_NO_JOB},
    operation_id="get_job",
    summary="One job",
)
def get_job(request: Call, job_id: UUID) -> HttpResponse:
    """The job as it is now."""
    return answer(access.get_job_or_404(request.auth, job_id).job)


@router.get(
    "/jobs/{uuid:job_id}/events",
    auth=by(scopes.READ),
    response={200: schemas.Events, **_NO_JOB},
    operation_id="list_events",
    summary="What happened to a job",
)
def list_events(
    request: Call,
    job_id: UUID,
    after: Annotated[int, Query(ge=0, le=2**53, description="Events with a higher seq")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> HttpResponse:
    """Events after a cursor, in order. Of archived ones only superseded progress may be missing."""
    found = queries.events(access.get_job_or_404(request.auth, job_id), after, limit)
    return answer({"events": found.events, "seq": found.seq, "archived": found.archived})


@router.post(
    "/jobs/{uuid:job_id}/cancel",
    auth=by(scopes.STEER),
    response={202: schemas.Job, 404: schemas.Problem, 409: schemas.Problem, 503: schemas.Problem},
    operation_id="cancel_job",
    summary="Stop a job",
)
def cancel_job(request: Call, job_id: UUID, body: schemas.Cancel | None = None) -> HttpResponse:
    """A waiting job ends at once; a started one is asked to stop, and with `force` its process is ended."""
    found = access.get_job_or_404(request.auth, job_id)
    if not access.may_steer(request.auth, found.owner_id):
        return problem(403, _("You may not stop this job."))
    control.cancel(found.id, force=bool(body and body.force), user=request.auth)
    return answer(access.get_job_or_404(request.auth, job_id).job, 202)


@router.post(
    "/jobs/{uuid:job_id}/retry",
    auth=by(scopes.STEER),
    response=_LAUNCHED,
    operation_id="retry_job",
    summary="Launch a job once more",
)
def retry_job(request: Call, job_id: UUID, body: schemas.Retry | None = None) -> HttpResponse:
    """A new job with the arguments of one that has ended; those in `args` take the place of the old ones.

    Of a batch, those of its jobs that did not succeed, as a new batch. Secrets are not kept, so a job that had some
    needs them again.
    """
    found = access.get_job_or_404(request.auth, job_id)
    access.get_task_or_404(request.auth, task_of(found.job))
    if not access.may_retry(request.auth, found):
        return problem(403, _("You may not retry this job."))
    try:
        new = once_more(found.job, user=request.auth, args=body.args if body else None)
    except NothingToRetry as error:
        return problem(409, str(error))
    except BadRows as error:
        return bad_rows(error)
    return answer(whole_job(new.as_dict()), 201)
