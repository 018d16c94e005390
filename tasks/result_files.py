"""Results and outputs that are files: how they are named, where they lie, what they may be served as.

They lie in the storage "results" of Django's STORAGES, or, where there is none, below
TASKCAST_HOME/results, as `JOB/NAME.KIND`. A reader sees the old version or the new one, never half of one.
"""

import functools
import os
import re
import shutil
import unicodedata
import uuid
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from tasks import conf

KINDS = ("json", "table", "markdown", "image", "file")
RESULT = "result"  # the file that a result too large for the job becomes; no output may have this name

# Only these are named to the browser; anything else (HTML, SVG, scripts) is bytes to download, never a page
# of ours.
_SAFE_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".log": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".pdf": "application/pdf",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}
_KIND_TYPES = {
    "json": "application/json",
    "table": "application/json",
    "markdown": "text/markdown; charset=utf-8",
}
_KIND_ENDINGS = {"json": ".json", "table": ".json", "markdown": ".md"}


class Readable(Protocol):
    """What bytes can be read from, piece by piece."""

    def read(self, size: int = -1, /) -> bytes: ...


def clean_name(name: object) -> str:
    """`name` as an output may be called: letters (of any script), digits, space, `.`, `_`, `-`; at most 100
    characters.

    >>> clean_name("../../etc/passwd"), clean_name("표 1.json"), clean_name("")
    ('_.._etc_passwd', '표 1.json', 'output')
    """
    text = re.sub(r"[^\w.\- ]+", "_", unicodedata.normalize("NFC", str(name))).strip(" .")[:100]
    while len(text.encode()) > 200:  # file systems count bytes: a Korean letter has three
        text = text[:-1]
    text = text.strip(" .") or "output"
    return "result_" if text.casefold() == RESULT else text


def save(job_id: str, name: str, kind: str, content: bytes | Path) -> None:
    """Store a version of a file; `content` is its bytes, or a file from `stage`, which this consumes."""
    staged = content if isinstance(content, Path) else stage(job_id, content)
    try:
        with staged.open("rb") as file:
            _storage().save(_path(job_id, name, kind), _Staged(file, staged))
    finally:
        staged.unlink(missing_ok=True)
    discard(job_id, name, but=kind)


def stage(job_id: str, content: bytes | Readable) -> Path:
    """Write `content` beside its final place, so that a rename can put it there whole."""
    folder = Path(conf.home()) / "results" / _job(job_id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f".staged-{uuid.uuid4().hex}"
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                shutil.copyfileobj(content, file, 1 << 20)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def discard(job_id: str, name: str, *, but: str | None = None) -> None:
    """Remove what an earlier version left under another kind."""
    storage = _storage()
    for kind in KINDS:
        if kind != but and storage.exists(_path(job_id, name, kind)):
            storage.delete(_path(job_id, name, kind))


def discard_all(job_id: str) -> None:
    """Remove all files of a job."""
    storage = _storage()
    try:
        names = storage.listdir(_job(job_id))[1]
    except FileNotFoundError:
        return
    for name in names:
        storage.delete(f"{_job(job_id)}/{name}")
    if isinstance(storage, FileSystemStorage):
        storage.delete(_job(job_id))  # the folder; other storages have none


def open_file(job_id: str, name: str) -> tuple[File, str, str]:
    """A stored result or output: the open file (the caller closes it), its media type, a name to download
    it as.

    Raises FileNotFoundError, also for names that no output can have.
    """
    if name != RESULT and name != clean_name(name):
        raise FileNotFoundError(name)
    storage = _storage()
    for kind in KINDS:
        path = _path(job_id, name, kind)
        try:
            file = storage.open(path)
        except FileNotFoundError:
            continue
        return file, _media_type(file, name, kind), _download_name(name, kind)
    raise FileNotFoundError(name)


def image_type(head: bytes) -> str | None:
    """The media type of an image that a browser may show, by its first bytes; None for everything else, SVG
    included."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return None


def described(name: str, kind: str) -> tuple[str, str]:
    """The media type of a value of this kind that stands in the job itself, and a name to download it as."""
    return _KIND_TYPES[kind], _download_name(name, kind)


def media_type(name: str) -> str:
    """What a file called `name` may be served as."""
    return _SAFE_TYPES.get(os.path.splitext(name)[1].lower(), "application/octet-stream")


def _media_type(file: File, name: str, kind: str) -> str:
    if kind == "image":
        head = file.read(16)
        file.seek(0)
        return image_type(head) or "application/octet-stream"
    return _KIND_TYPES.get(kind) or media_type(name)


def _download_name(name: str, kind: str) -> str:
    ending = _KIND_ENDINGS.get(kind, "")
    return name if name.lower().endswith(ending) else name + ending


def _path(job_id: str, name: str, kind: str) -> str:
    return f"{_job(job_id)}/{name}.{kind}"


def _job(job_id: str) -> str:
    # Also the guard against a job id that is a path.
    return str(uuid.UUID(str(job_id)))


def _storage() -> Storage:
    if "results" in getattr(settings, "STORAGES", {}):
        return storages["results"]
    return _folder(str(Path(conf.home()) / "results"))


@functools.cache
def _folder(location: str) -> Storage:
    return FileSystemStorage(
        location, file_permissions_mode=0o600, directory_permissions_mode=0o700, allow_overwrite=True
    )


class _Staged(File):
    """Tells Django's file storage that the file may be moved into place; other storages read it."""

    def __init__(self, file: Any, path: Path) -> None:
        super().__init__(file, name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)
