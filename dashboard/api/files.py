"""`jobs/{id}/files/{name}`: results and outputs to download. What a task wrote never runs as the reader."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from ninja import Router

from dashboard import access, scopes
from dashboard.api import schemas
from dashboard.api.auth import Call, by
from dashboard.queries import Found
from tasks import outputs, result_files
from tasks.events import JobDict, dumps

router = Router(tags=["jobs"])

_CHUNK = 256 * 1024  # bytes
# Bitmaps, which cannot do anything. All else is for saving: an SVG or a page could run scripts as the reader.
_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

# Fields whose value may be too large for a frame, besides the result.
_FIELDS = frozenset({"args", "error", "outputs", "progress"})


@router.get(
    "/jobs/{uuid:job_id}/files/{path:name}",
    auth=by(scopes.READ),
    response={200: Any, 404: schemas.Problem},
    operation_id="get_file",
    summary="A file of a job",
    openapi_extra={"responses": {200: {"content": {"*/*": {"schema": {}}}}}},
)
def get_file(request: Call, job_id: UUID, name: str) -> HttpResponseBase:
    """The result (`result`), an output, or a field that frames cut: a file, or, where it stands in the job, JSON."""
    return file_of(request, access.get_job_or_404(request.auth, job_id), name)


def file_of(request: HttpRequest, found: Found, name: str) -> HttpResponseBase:
    """The answer with a file of this job, which the caller may see. Raises Http404."""
    inline = _inline(found.job, name)
    if inline is not None:
        content, media_type, download_name = inline
        headers = _headers(media_type, download_name, len(content))
        return HttpResponse(content, content_type=media_type, headers=headers)
    try:
        file, media_type, download_name = outputs.open_file(found.id, name)
    except FileNotFoundError:
        raise Http404(_("This job has no such file.")) from None
    # Django reads a plain iterator whole into memory when it is served by ASGI, and warns the other way round.
    chunks = _async_chunks(file) if isinstance(request, ASGIRequest) else _chunks(file)
    response = StreamingHttpResponse(
        chunks, content_type=media_type, headers=_headers(media_type, download_name, file.size)
    )
    # Also for a reader who goes before the first chunk, when nothing of the generator has run.
    response._resource_closers.append(file.close)  # type: ignore[attr-defined]
    return response


def _inline(job: JobDict, name: str) -> tuple[bytes, str, str] | None:
    """A value that stands in the job itself: its bytes, media type and name to download; None where it is a file."""
    if name == result_files.RESULT:
        if job["state"] != "succeeded" or name in job.get("truncated", ()):
            return None
        kind, value = "json", job["result"]
    else:
        output = next((one for one in job["outputs"] or () if one["name"] == name), None)
        if output is None and job.get(name) is not None and name in _FIELDS:
            kind, value = "json", job[name]
        elif output is None or "value" not in output:
            return None
        else:
            kind, value = output["kind"], output["value"]
    text = value if kind == "markdown" and isinstance(value, str) else dumps(value)
    return text.encode("utf-8", "replace"), *result_files.described(name, kind)


def _headers(media_type: str, download_name: str, size: int) -> dict[str, str]:
    return {
        "Content-Length": str(size),
        "Content-Disposition": str(content_disposition_header(media_type not in _INLINE, download_name)),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }


def _chunks(file: Any) -> Iterator[bytes]:
    with file:
        yield from iter(partial(file.read, _CHUNK), b"")


async def _async_chunks(file: Any) -> AsyncIterator[bytes]:
    read = sync_to_async(file.read, thread_sensitive=False)
    while chunk := await read(_CHUNK):
        yield chunk
