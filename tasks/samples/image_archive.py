"""The pictures of a ZIP archive, one after the other, none larger than is safe to open.

What an archive says of its entries may be a lie, and a picture of some kilobytes may unpack to gigabytes: both are
bounded here by what is really read, before it is.
"""

import io
import zipfile
from pathlib import PurePosixPath

from PIL import Image, ImageOps, UnidentifiedImageError

#: Entries of an archive; bytes of one picture's file; pixels of one picture (40 megapixels take 160 MB as RGBA).
MOST_ENTRIES = 10_000
MOST_BYTES = 100 * 1024 * 1024
MOST_PIXELS = 40_000_000


class Refused(ValueError):
    """This entry is no picture that can be opened; the text says why."""


def entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files in the archive, without what systems put beside them. Raises ValueError for more than MOST_ENTRIES."""
    found = [info for info in archive.infolist() if not info.is_dir() and not _is_clutter(info.filename)]
    if len(found) > MOST_ENTRIES:
        raise ValueError(f"the archive has {len(found)} files, more than {MOST_ENTRIES}")
    return found


def _is_clutter(name: str) -> bool:
    path = PurePosixPath(name)
    return path.parts[:1] == ("__MACOSX",) or path.name in (".DS_Store", "Thumbs.db")


def thumbnail(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int, kind: str) -> bytes:
    """The entry's picture, upright, within `size` × `size` pixels, in the format `kind`. Raises Refused."""
    with _opened(_read(archive, info)) as picture:
        try:
            picture.draft("RGB", (size, size))  # a JPEG is decoded no larger than is needed
            small = ImageOps.exif_transpose(picture)
            small.thumbnail((size, size))
            return _written(small, kind)
        except (OSError, ValueError, SyntaxError) as error:
            raise Refused(f"damaged: {error}") from error


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as file:
            content = file.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise Refused(f"cannot be unpacked: {error}") from error
    if len(content) > MOST_BYTES:
        raise Refused(f"larger than {MOST_BYTES // 2**20} MiB")
    return content


def _opened(content: bytes) -> Image.Image:
    try:
        # By its head alone: nothing is decoded yet.
        picture = Image.open(io.BytesIO(content))
    except UnidentifiedImageError as error:
        raise Refused("not a picture") from error
    except (Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise Refused(f"damaged: {error}") from error
    if picture.width * picture.height > MOST_PIXELS:
        raise Refused(f"{picture.width} × {picture.height} pixels, more than {MOST_PIXELS // 10**6} megapixels")
    return picture


def _written(picture: Image.Image, kind: str) -> bytes:
    if kind == "jpeg":
        picture = _on_white(picture)
    elif picture.mode not in ("RGB", "RGBA"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.convert("RGBA").getchannel("A"))
    return ground
