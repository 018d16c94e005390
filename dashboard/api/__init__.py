"""The HTTP API, contract section 5: one file for each subject, one serializer for jobs, errors as problems."""

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from dashboard.api import batches, files, jobs, problems, tasks, uploads
from dashboard.api.auth import CREDENTIALS
from dashboard.api.docs import ReadableDocs, finished


class StrictParser(Parser):
    """JSON only, without the NaN and Infinity that Python would take."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body's value; raises ValueError for what is not JSON."""
        return json.loads(request.body, parse_constant=_refuse)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class TaskcastAPI(NinjaAPI):
    """Ninja's, with OpenAPI that tells the truth about errors."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """The OpenAPI document."""
        return finished(super().get_openapi_schema(**kwargs))


api = TaskcastAPI(
    title="Taskcast",
    version="1",
    urls_namespace="api",
    description="Launch Celery tasks, follow their jobs. Times are UTC with offset; errors are problem documents.",
    auth=CREDENTIALS,
    parser=StrictParser(),
    docs=ReadableDocs(),
)
for router in (tasks.router, jobs.router, batches.router, files.router, uploads.router):
    api.add_router("", router)
problems.install(api)
