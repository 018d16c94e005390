"""`uploads`: a file that comes in pieces, and can go on where it was cut off. Seen by its owner alone."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router

from dashboard import access, scopes
from dashboard.api import schemas
from dashboard.api.auth import Call, by
from dashboard.api.problems import answer, problem
from tasks import uploads, uploads_pieces
from tasks.models import Upload
from tasks.uploads_pieces import PIECE_BYTES

router = Router(tags=["uploads"])

_MIB = 1024**2
_GIB = 1024**3
_RAW = {"required": False, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@router.post(
    "/uploads",
    auth=by(scopes.LAUNCH),
    response={201: schemas.Upload, 403: schemas.Problem, 409: schemas.Problem, 507: schemas.Problem},
    operation_id="begin_upload",
    summary="Begin an upload",
)
def begin_upload(request: Call, body: schemas.NewUpload) -> HttpResponse:
    """Then send the file in pieces. It has two days to be complete and given to a launch; then it is removed."""
    access.require_uploading(request.auth)
    try:
        upload = uploads_pieces.begin(body.name, body.size, request.auth)
    except uploads_pieces.TooManyWaiting:
        words = _("At most {files} files and {size} GiB may wait for a launch. Launch with some, or delete some.")
        files, size = uploads_pieces.WAITING_FILES, uploads_pieces.WAITING_BYTES // _GIB
        return problem(409, words.format(files=files, size=size))
    except uploads_pieces.DiskFull:
        return _disk_full()
    return answer(_shown(upload), 201)


@router.get(
    "/uploads/{uuid:upload_id}",
    auth=by(scopes.LAUNCH),
    response={200: schemas.Upload, 404: schemas.Problem},
    operation_id="get_upload",
    summary="How far an upload is",
)
def get_upload(request: Call, upload_id: UUID) -> HttpResponse:
    """`received` is where the next piece begins; where that is `size`, the upload is complete."""
    return answer(_shown(access.get_upload_or_404(request.auth, upload_id)))


@router.put(
    "/uploads/{uuid:upload_id}",
    auth=by(scopes.LAUNCH),
    response={
        200: schemas.Upload,
        **dict.fromkeys((403, 404, 409, 413, 415, 507), schemas.Problem),
    },
    operation_id="continue_upload",
    summary="Send a piece of an upload",
    openapi_extra={"requestBody": _RAW},
)
def continue_upload(
    request: Call,
    upload_id: UUID,
    offset: Annotated[int, Query(ge=0, le=2**53, description="Where in the file the piece begins: `received`")],
) -> HttpResponse:
    """The body is the bytes themselves, at most 4 MiB, of any type but multipart.

    409 where `offset` is not where the upload goes on, and nothing is changed; also for a piece that came before, its
    answer lost. The problem's `received` says where to go on. 507 leaves what is there: send the piece again later.
    """
    upload = access.get_upload_or_404(request.auth, upload_id)
    access.require_uploading(request.auth)
    if (request.content_type or "").startswith("multipart/"):
        return problem(415, _("Send the bytes themselves, not a form: as application/octet-stream."))
    # Not `body`, whose limit is a setting that a project may have lower. One byte more tells what is too large.
    piece = request.read(PIECE_BYTES + 1)
    if len(piece) > PIECE_BYTES:
        return problem(413, _("A piece has at most {n} MiB.").format(n=PIECE_BYTES // _MIB))
    return _append(upload, offset, piece)


def _append(upload: Upload, offset: int, piece: bytes) -> HttpResponse:
    try:
        uploads_pieces.append(upload, offset, piece)
    except uploads_pieces.NoUpload:
        return problem(404, _("There is no such upload."))
    except uploads_pieces.Busy as busy:
        words = _("Another piece of this upload is being written. Ask how far it is, then go on.")
        return problem(409, words, received=busy.received)
    except uploads_pieces.Misplaced as misplaced:
        words = _("The upload goes on at {received}, not at {offset}.")
        words = words.format(received=misplaced.received, offset=offset)
        return problem(409, words, received=misplaced.received)
    except uploads_pieces.TooLong:
        words = _("The upload was announced with {size} bytes, and this piece would end at {end}.")
        words = words.format(size=upload.size, end=offset + len(piece))
        return problem(409, words)
    except uploads_pieces.DiskFull:
        return _disk_full()
    return answer(_shown(upload))


@router.delete(
    "/uploads/{uuid:upload_id}",
    auth=by(scopes.LAUNCH),
    response={204: None, 404: schemas.Problem, 409: schemas.Problem},
    operation_id="delete_upload",
    summary="Remove an upload",
)
def delete_upload(request: Call, upload_id: UUID) -> HttpResponse:
    """Complete or not, as long as no launch has used it."""
    upload = access.get_upload_or_404(request.auth, upload_id)
    if upload.used_at is not None:
        return problem(409, _("A launch has used this file: it stays as long as its job."))
    uploads.discard(upload)
    return HttpResponse(status=204)


def _disk_full() -> HttpResponse:
    return problem(507, _("There is no room for this file on the server's disk. What has arrived is kept."))


def _shown(upload: Upload) -> dict[str, Any]:
    return {"id": str(upload.pk), "name": upload.name, "size": upload.size, "received": upload.received}
