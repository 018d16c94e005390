"""`thumbnails`: small versions of all pictures in a ZIP archive, seen while they are made."""

import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from celery import shared_task
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pydantic import Field

from tasks import FileRules, UploadedFile, launchable, publish, track
from tasks.launchable import BadArgument
from tasks.output_kinds import LARGEST
from tasks.samples.image_archive import Refused, entries, thumbnail

Kind = Literal["jpeg", "png", "webp"]
# Pictures that are shown one by one; the last one always is.
_SHOWN = 12


def check_thumbnails(file: UploadedFile) -> None:
    """Look at the archive's table of contents before a job exists. Raises BadArgument."""
    try:
        with file.open() as source, zipfile.ZipFile(source) as archive:
            if not entries(archive):
                raise BadArgument("file", _("There is no file in this archive."))
    except zipfile.BadZipFile as error:
        raise BadArgument("file", _("This is not a ZIP archive.")) from error
    except ValueError as error:
        raise error if isinstance(error, BadArgument) else BadArgument("file", str(error)) from error


@shared_task
@launchable(
    title=gettext_noop("Make thumbnails"),
    description=gettext_noop("Small versions of all pictures in a ZIP archive, as a ZIP archive."),
    check=check_thumbnails,
)
def thumbnails(
    file: Annotated[
        UploadedFile,
        FileRules(types=["application/zip"]),
        Field(
            title=gettext_noop("Archive"),
            description=gettext_noop("A ZIP archive with JPEG, PNG, GIF or WebP pictures."),
        ),
    ],
    size: Annotated[
        int, Field(title=gettext_noop("Size"), description=gettext_noop("Longest side, in pixels."), ge=16, le=2048)
    ] = 256,
    format: Annotated[Kind, Field(title=gettext_noop("Format"))] = "jpeg",
) -> dict[str, Any]:
    """Make them; a file that is no picture, or a damaged one, is listed and stops nothing.

    Publishes `thumbnails.zip`, the first pictures and `latest` while they are made, and the table `refused`. Raises
    ValueError where all of them take more than an output may.
    """
    refused: list[dict[str, str]] = []
    taken: set[str] = set()
    bytes_made = 0
    with (
        file.open() as source,
        zipfile.ZipFile(source) as archive,
        tempfile.TemporaryDirectory(prefix="taskcast-thumbnails-") as folder,
    ):
        path = Path(folder) / "thumbnails.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as out:  # pictures are compressed already
            for info in track(entries(archive), "Pictures"):
                try:
                    small = thumbnail(archive, info, size, format)
                except Refused as error:
                    refused.append({"file": info.filename, "why": str(error)})
                    publish(refused, name="refused")
                    continue
                bytes_made += len(small)
                if bytes_made > LARGEST * 0.95:
                    raise ValueError(f"the thumbnails take more than {LARGEST // 2**20} MiB: choose a smaller size")
                name = _free_name(info.filename, format, taken)
                out.writestr(name, small)
                publish(small, name=PurePosixPath(name).name if len(taken) <= _SHOWN else "latest")
        if taken:
            publish(path, name="thumbnails.zip")
    return {"made": len(taken), "refused": len(refused)}


def _free_name(name: str, kind: str, taken: set[str]) -> str:
    """Where the picture lies in the new archive: as in the old one, below its top, under a name of its own."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    path = PurePosixPath(*parts[:-1], PurePosixPath(parts[-1] if parts else "picture").stem)
    ending = "jpg" if kind == "jpeg" else kind
    free, number = f"{path}.{ending}", 2
    while free.casefold() in taken:
        free, number = f"{path}-{number}.{ending}", number + 1
    taken.add(free.casefold())
    return free
