"""Files that people bring for a task: rows say whose they are, bytes are below `TASKCAST_HOME/uploads`."""

import re
import unicodedata
import uuid
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage

from tasks import conf
from tasks.models import Upload
from tasks.uploaded import UploadedFile, find_for_worker, path_of

#: What the form without script takes, in bytes (contract, section 5).
FORM_BYTES = 10 * 1024 * 1024

_LONGEST_NAME = 200
_NO_PART_OF_A_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def save(name: str, file: File, owner: Any, *, upload_id: uuid.UUID | None = None) -> Upload:
    """Keep `file` (Django's, or anything with `chunks()` in a `File`) as a complete upload of `owner`.

    Raises what the storage raises (OSError on a full disk), with nothing left behind.
    """
    upload = Upload(id=upload_id or uuid.uuid4(), name=clean_name(name), size=file.size, owner=owner)
    _create(upload, file)
    upload.received = upload.size
    upload.save(update_fields=["received"])
    return upload


def announce(name: str, size: int, owner: Any) -> Upload:
    """An upload of `owner` of which nothing is there yet: its bytes come in pieces (uploads_pieces.py).

    Raises what the storage raises, with nothing left behind.
    """
    upload = Upload(name=clean_name(name), size=size, owner=owner)
    _create(upload, ContentFile(b""))
    return upload


def _create(upload: Upload, file: File) -> None:
    """The row comes first, incomplete: a crash in the middle leaves nothing that a task could be given."""
    upload.save(force_insert=True)
    try:
        storage().save(_name_in_storage(upload), file)
    except BaseException:
        discard(upload)
        raise


def open_upload(upload_id: uuid.UUID) -> UploadedFile:
    """The complete upload with this id, whoever's it is. Raises LookupError."""
    file = find_for_worker(upload_id)
    if file is None:
        raise LookupError(f"There is no complete upload {upload_id}")
    return file


def discard(upload: Upload) -> None:
    """Remove the file, then the row."""
    storage().delete(_name_in_storage(upload))
    Upload.objects.filter(id=upload.id).delete()


def storage() -> FileSystemStorage:
    """Where the bytes are; readable by this system user alone."""
    return FileSystemStorage(
        location=conf.home() / "uploads", file_permissions_mode=0o600, directory_permissions_mode=0o700
    )


def clean_name(name: str) -> str:
    """A file's name for people to read, as it was: no folders, no control or direction characters, 200 at most."""
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    last = " ".join(_NO_PART_OF_A_NAME.sub("", last).split()).strip(". ")
    stem, suffix = Path(last).stem, Path(last).suffix
    return (stem[: _LONGEST_NAME - len(suffix)] + suffix)[:_LONGEST_NAME] or "file"


def _name_in_storage(upload: Upload) -> str:
    return str(path_of(upload.id, upload.name).relative_to(conf.home() / "uploads"))
