"""Resumable uploads: a file that comes in pieces, each at the place where the one before has ended.

The row says how many bytes are there for good. What the file has beyond them was left by a piece that was cut off,
and the next piece is written over it; `received` moves once the piece is on the disk. A piece is written by whoever
holds the file's lock, and taken by the database where `received` still is its offset: of two writers one wins, and
the other changes nothing.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.core.files import locks
from django.db.models import Count, Sum

from tasks import conf, uploads
from tasks.models import Upload
from tasks.uploaded import path_of

#: The largest piece, in bytes (contract, section 5).
PIECE_BYTES = 4 * 1024**2
#: What one user may have brought for launches that are still to come: bytes in sum, and files.
WAITING_BYTES = 64 * 1024**3
WAITING_FILES = 1000
# What uploads leave free: the database and Redis, often on the same disk, break without a word when it is full.
_RESERVE_BYTES = 256 * 1024**2

_FULL = (errno.ENOSPC, errno.EDQUOT)


class NoUpload(LookupError):
    """There is no such upload."""


class TooManyWaiting(Exception):
    """This user has brought as much as may wait for a launch."""


class DiskFull(Exception):
    """There is no room on the disk."""


class Misplaced(Exception):
    """The piece does not begin where the upload goes on: at `received`."""

    def __init__(self, received: int) -> None:
        super().__init__(self.__doc__)
        self.received = received


class Busy(Misplaced):
    """Another piece of this upload is being written at this moment."""


class TooLong(Exception):
    """The piece goes beyond the size that was announced."""


def begin(name: str, size: int, owner: Any) -> Upload:
    """A new upload of `size` bytes by `owner`; one of size 0 is complete. Raises TooManyWaiting, DiskFull."""
    waiting = Upload.objects.filter(owner=owner, used_at=None).aggregate(files=Count("pk"), bytes=Sum("size"))
    if waiting["files"] >= WAITING_FILES or (waiting["bytes"] or 0) + size > WAITING_BYTES:
        raise TooManyWaiting
    with _full_disk_told():
        _need_room(size)
        return uploads.announce(name, size, owner)


def append(upload: Upload, offset: int, piece: bytes) -> None:
    """Add `piece` at `offset` and bring `upload` up to date.

    Raises Misplaced (Busy) with nothing changed where `offset` is not what has been received, also for a piece that is
    there already; TooLong, DiskFull, and NoUpload for one that is gone meanwhile.
    """
    with _full_disk_told(), _locked(upload) as file:
        received = Upload.objects.filter(pk=upload.pk).values_list("received", flat=True).first()
        if received is None:
            raise NoUpload
        upload.received = received
        if offset != received:
            raise Misplaced(received)
        if offset + len(piece) > upload.size:
            raise TooLong
        _need_room(len(piece))
        _write(file, offset, piece)
        if not Upload.objects.filter(pk=upload.pk, received=offset).update(received=offset + len(piece)):
            upload.refresh_from_db(fields=["received"])
            raise Misplaced(upload.received)
        upload.received = offset + len(piece)


@contextmanager
def _locked(upload: Upload) -> Iterator[IO[bytes]]:
    """The upload's file, for this writer alone. The lock ends with its holder, however that ends."""
    try:
        file = path_of(upload.pk, upload.name).open("r+b", buffering=0)
    except FileNotFoundError:
        raise NoUpload from None
    with file:
        if not locks.lock(file, locks.LOCK_EX | locks.LOCK_NB):
            upload.refresh_from_db(fields=["received"])
            raise Busy(upload.received)
        yield file


def _write(file: IO[bytes], offset: int, piece: bytes) -> None:
    file.seek(offset)
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]
    # Before the row: it must not know of bytes that a power cut takes back.
    os.fsync(file.fileno())


def _need_room(size: int) -> None:
    if shutil.disk_usage(conf.home()).free - size < _RESERVE_BYTES:
        raise DiskFull


@contextmanager
def _full_disk_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull from error
        raise
