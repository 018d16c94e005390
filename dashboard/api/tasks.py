"""`tasks`: what the caller may launch."""

from typing import Any

from django.http import HttpResponse
from ninja import Router

from dashboard import access, scopes
from dashboard.api import schemas
from dashboard.api.auth import Call, by
from dashboard.api.problems import answer
from tasks.catalog import LaunchableTask

router = Router(tags=["tasks"])


@router.get(
    "/tasks",
    auth=by(scopes.READ),
    response={200: schemas.Tasks},
    operation_id="list_tasks",
    summary="Tasks to launch",
)
def list_tasks(request: Call) -> HttpResponse:
    """What the caller may launch, with the JSON Schema of the arguments."""
    return answer({"tasks": [_shown(task) for task in access.tasks_for(request.auth)]})


@router.get(
    "/tasks/{name}",
    auth=by(scopes.READ),
    response={200: schemas.Task, 403: schemas.Problem, 404: schemas.Problem},
    operation_id="get_task",
    summary="One task",
)
def get_task(request: Call, name: str) -> HttpResponse:
    """One task that the caller may launch."""
    return answer(_shown(access.get_task_or_404(request.auth, name)))


def _shown(task: LaunchableTask) -> dict[str, Any]:
    return {
        "name": task.name,
        "title": str(task.title),
        "description": str(task.description),
        "arguments": task.schema(),
    }
