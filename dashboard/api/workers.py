"""`workers`: who works, on what, and what waits."""

from typing import Annotated

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Path, Router

from dashboard import access, scopes, workers
from dashboard.api import schemas
from dashboard.api.auth import Call, by
from dashboard.api.problems import answer
from tasks import queues

router = Router(tags=["workers"])


@router.get(
    "/workers",
    auth=by(scopes.READ),
    response={200: schemas.Workers},
    operation_id="list_workers",
    summary="Workers and queues",
)
def list_workers(request: Call) -> HttpResponse:
    """Workers that are alive, and those killed within the hour; queues with their lengths. 503 while Redis is away."""
    if not access.may_see_workers(request.auth):
        raise PermissionDenied
    return answer(workers.overview(request.auth))


_Name = Annotated[str, Path(max_length=255, pattern=r"^[A-Za-z0-9_.-]+$")]


@router.post(
    "/queues/{name}/pause",
    auth=by(scopes.STEER),
    response={204: None, 403: schemas.Problem},
    operation_id="pause_queue",
    summary="Pause a queue",
)
def pause_queue(request: Call, name: _Name) -> HttpResponse:
    """Workers take nothing more from it, until it is resumed. What they have taken they still run."""
    _may_pause(request)
    queues.pause(name, user=request.auth)
    return HttpResponse(status=204)


@router.post(
    "/queues/{name}/resume",
    auth=by(scopes.STEER),
    response={204: None, 403: schemas.Problem},
    operation_id="resume_queue",
    summary="Resume a queue",
)
def resume_queue(request: Call, name: _Name) -> HttpResponse:
    """Workers take from it again."""
    _may_pause(request)
    queues.resume(name, user=request.auth)
    return HttpResponse(status=204)


def _may_pause(request: Call) -> None:
    if not access.may_pause_queues(request.auth):
        raise PermissionDenied(_("You may not pause queues."))
