"""`jobs/{id}/files/{name}`: results and outputs that are files. What a task wrote never runs as the reader."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from ninja import Router

from dashboard import access
from dashboard.api import schemas
from dashboard.api.auth import Call
from tasks import outputs

router = Router(tags=["jobs"])

_CHUNK = 256 * 1024  # bytes
# Bitmaps, which cannot do anything. All else is for saving: an SVG or a page could run scripts as the reader.
_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


@router.get(
    "/jobs/{uuid:job_id}/files/{path:name}",
    response={200: Any, 404: schemas.Problem},
    operation_id="get_file",
    summary="A file of a job",
    openapi_extra={"responses": {200: {"content": {"*/*": {"schema": {}}}}}},
)
def get_file(request: Call, job_id: UUID, name: str) -> HttpResponseBase:
    """A result or output that is a file, or that is too large to stand in the job (then it is JSON)."""
    found = access.get_job_or_404(request.auth, job_id)
    try:
        file, media_type, download_name = outputs.open_file(found.id, name)
    except FileNotFoundError:
        raise Http404(_("This job has no such file.")) from None
    # Django reads a plain iterator whole into memory when it is served by ASGI, and warns the other way round.
    chunks = _async_chunks(file) if isinstance(request, ASGIRequest) else _chunks(file)
    response = StreamingHttpResponse(
        chunks,
        content_type=media_type,
        headers={
            "Content-Length": str(file.size),
            "Content-Disposition": str(content_disposition_header(media_type not in _INLINE, download_name)),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )
    # Also for a reader who goes before the first chunk, when nothing of the generator has run.
    response._resource_closers.append(file.close)  # type: ignore[attr-defined]
    return response


def _chunks(file: Any) -> Iterator[bytes]:
    with file:
        yield from iter(partial(file.read, _CHUNK), b"")


async def _async_chunks(file: Any) -> AsyncIterator[bytes]:
    read = sync_to_async(file.read, thread_sensitive=False)
    while chunk := await read(_CHUNK):
        yield chunk
