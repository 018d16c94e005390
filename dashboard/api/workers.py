"""`workers`: who works, on what, and what waits."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from ninja import Router

from dashboard import access, scopes, workers
from dashboard.api import schemas
from dashboard.api.auth import Call, by
from dashboard.api.problems import answer

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
