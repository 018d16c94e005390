"""The HTTP API, contract section 5: one file for each subject, one serializer for jobs, errors as problems."""

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser

from dashboard import scopes
from dashboard.api import batches, files, jobs, problems, tasks, uploads, workers
from dashboard.api.auth import by, limited
from dashboard.api.docs import ReadableDocs, finished


class StrictParser(Parser):
    """JSON only, without the NaN and Infinity that Python would take."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body's value; raises ValueError for what is not JSON."""
        return json.loads(request.body, parse_constant=_refuse)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class _Schema(OpenAPISchema):
    def operation_security(self, operation: Operation) -> Any:
        """Ninja's, with the scopes that a token needs."""
        found = super().operation_security(operation)
        for one, auth in zip(found or (), operation.auth_callbacks, strict=True):
            for name in one:
                one[name] = list(getattr(auth, "scopes", ()))
        return found


class TaskcastAPI(NinjaAPI):
    """Ninja's, with OpenAPI that tells the truth about scopes and errors."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The OpenAPI document."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        return finished(_Schema(self, prefix))


api = TaskcastAPI(
    title="Taskcast",
    version="1",
    urls_namespace="taskcast:api",
    description="Launch Celery tasks, follow their jobs. Times are UTC with offset; errors are problem documents.",
    # Of a call that names no scope: all, so that none is forgotten.
    auth=by(*scopes.ALL),
    parser=StrictParser(),
    docs=ReadableDocs(),
    docs_decorator=limited,
)
for router in (tasks.router, jobs.router, batches.router, files.router, uploads.router, workers.router):
    api.add_router("", router)
problems.install(api)
