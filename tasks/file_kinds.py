"""What a file is, told from its bytes: its name and what a browser says of it prove nothing.

Kinds with a signature are known by it (puremagic's list). Text has none: a file is text where its first 64 KiB hold
next to no control characters, whatever its encoding. So a CSV, JSON or source file is told from a picture or an
archive, and not from another text.
"""

import codecs
from functools import cache
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

SAMPLE_BYTES = 64 * 1024
BOMS = [  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
# Lazily: this module is imported with `tasks`, before there are settings.
_MAGIC = [
    (b"PK\x03\x04", gettext_lazy("an Excel workbook or another zip archive; save it as CSV first")),
    (b"\xd0\xcf\x11\xe0", gettext_lazy("an Excel workbook; save it as CSV first")),
    (b"\x1f\x8b", gettext_lazy("compressed (gzip); unpack it first")),
    (b"%PDF-", gettext_lazy("a PDF document")),
    (b"SQLite format 3", gettext_lazy("an SQLite database")),
    (b"PAR1", gettext_lazy("a Parquet file; save it as CSV first")),
]
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
# Kinds that are text beside `text/*`, `*+json` and `*+xml`.
_TEXTS = frozenset(
    f"application/{name}"
    for name in ("json", "x-ndjson", "jsonl", "xml", "yaml", "x-yaml", "toml", "javascript", "sql")
)


def no_text(head: bytes) -> str | None:
    """What a file that begins with `head` is instead of text, in the reader's language; None where it is text."""
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return str(what)
    if bom(head) is None and len(head) - len(head.translate(None, _CONTROL)) > len(head) // 100:
        return _("binary data")
    return None


def bom(head: bytes) -> str | None:
    """The encoding that the file's first bytes say."""
    return next((encoding for mark, encoding in BOMS if head.startswith(mark)), None)


def is_text_type(name: str) -> bool:
    """Whether files of this media type are text, which has no signature."""
    return name.startswith("text/") or name in _TEXTS or name.endswith(("+json", "+xml"))


def types_of(file: IO[bytes]) -> set[str]:
    """The media types whose signature the file bears; of several signatures the longest counts.

    More than one where they share it: all that is a zip archive begins alike.
    """
    import puremagic

    try:
        found = puremagic.magic_stream(file)
    except (puremagic.PureError, ValueError):  # none, or an empty file
        return set()
    longest = max((len(one.byte_match) for one in found), default=0)
    return {_plain(one.mime_type) for one in found if one.mime_type and len(one.byte_match) == longest}


def fits(found: str, wanted: str) -> bool:
    """Whether the media type `found` is `wanted`: `image/png`, or any of `image/*`."""
    wanted = _plain(wanted)
    return found.startswith(wanted[:-1]) if wanted.endswith("/*") else found == wanted


@cache
def is_known(wanted: str) -> bool:
    """Whether a file's bytes can tell that it is `wanted`."""
    import puremagic

    rows = [*puremagic.magic_header_array, *puremagic.magic_footer_array]
    return is_text_type(wanted) or any(fits(_plain(row.mime_type), wanted) for row in rows if row.mime_type)


def _plain(name: str) -> str:
    # `application/x-gzip` is what `application/gzip` was called before it had a name.
    return name.lower().replace("/x-", "/")


def head_of(path: Path) -> bytes:
    """The bytes by which text is told. Raises OSError."""
    with path.open("rb") as file:
        return file.read(SAMPLE_BYTES)
