"""What a published value is: a table, JSON, Markdown, an image or a file; and its bytes at this moment."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tasks import plain, result_files
from tasks.masking import masked, masked_json

CHARTS = ("line", "bars")
LARGEST = 50 * 1024 * 1024  # bytes of one output


class TooLarge(ValueError):
    """An output is at most 50 MiB."""


@dataclass(frozen=True)
class Encoded:
    """A published value, cut loose from the object it came from."""

    kind: str
    body: bytes | Path  # a Path is a staged copy
    size: int
    rows: int | None = None
    media_type: str | None = None
    not_finite: int = 0  # how many numbers became null
    chart: str | None = None

    def inline(self) -> Any:
        """The value as it may stand in the job itself; only for JSON, tables and Markdown."""
        assert isinstance(self.body, bytes)
        text = self.body.decode()
        return text if self.kind == "markdown" else json.loads(text)

    def masked(self, secrets: tuple[str, ...]) -> "Encoded":
        """The same without these secrets; bytes of images and files are what they are."""
        if not secrets or self.kind not in ("json", "table", "markdown") or not isinstance(self.body, bytes):
            return self
        mask = masked if self.kind == "markdown" else masked_json
        body = mask(self.body.decode(), secrets).encode()
        return replace(self, body=body, size=len(body))

    def drop(self) -> None:
        """Forget a version that a newer one overtook before it was stored."""
        if isinstance(self.body, Path):
            self.body.unlink(missing_ok=True)


def encode(job_id: str, name: str, value: Any) -> Encoded:
    """Decide what `value` is and take its bytes. Raises TooLarge, OSError for a file that cannot be read, and
    whatever an image's own `save` raises."""
    if isinstance(value, str):
        return _bytes("markdown", plain.mend_text(value).encode())
    if isinstance(value, bytes | bytearray | memoryview):
        return _content(name, bytes(value))
    if isinstance(value, Path):
        with value.open("rb") as file:
            return _file(job_id, name, file)
    if _is_upload(value):
        with value.open() as file:
            return _file(job_id, name, file)
    if callable(getattr(value, "savefig", None)):  # a matplotlib figure
        return _image(value.savefig, "png")
    if callable(getattr(value, "save", None)) and hasattr(value, "getbands"):  # a PIL image
        return _image(value.save, "PNG")
    if callable(getattr(value, "to_dict", None)) and hasattr(value, "columns"):  # a pandas or polars table
        value = value.to_dict(orient="records") if hasattr(value, "iloc") else value.to_dicts()
    return _json(value)


def chart_trouble(encoded: Encoded, chart: object) -> str:
    """Why it cannot be drawn as this chart; empty where it can, and where nothing is there yet to draw."""
    if chart is not None and chart not in CHARTS:
        return f"there is no chart {chart!r}; there are {' and '.join(CHARTS)}"
    if chart is not None and encoded.kind != "table" and encoded.body != b"[]":
        return "only a table, a list of dicts, can be drawn as a chart"
    return ""


def drawn(encoded: Encoded, chart: object) -> Encoded:
    """The same as a chart too, if it can be."""
    return replace(encoded, chart=str(chart)) if chart in CHARTS and encoded.kind == "table" else encoded


def _json(value: Any) -> Encoded:
    table = isinstance(value, list | tuple) and value and all(isinstance(row, Mapping) for row in value)
    text, not_finite = plain.dump([dict(row) for row in value] if table else value)
    return _bytes("table" if table else "json", text.encode(), len(value) if table else None, not_finite)


def _image(save: Any, format_name: str) -> Encoded:
    buffer = io.BytesIO()
    save(buffer, format=format_name)
    return _content("image", buffer.getvalue())


def _content(name: str, content: bytes) -> Encoded:
    image = result_files.image_type(content[:16])
    encoded = _bytes("image" if image else "file", content)
    return Encoded(encoded.kind, content, encoded.size, media_type=image or result_files.media_type(name))


def _bytes(kind: str, body: bytes, rows: int | None = None, not_finite: int = 0) -> Encoded:
    if len(body) > LARGEST:
        raise TooLarge(f"{len(body) / 2**20:.1f} MiB; {TooLarge.__doc__}")
    return Encoded(kind, body, len(body), rows=rows, not_finite=not_finite)


def _file(job_id: str, name: str, file: Any) -> Encoded:
    # Copied now: what a task publishes is often a temporary file that is gone, or another, a moment later.
    staged = result_files.stage(job_id, _Capped(file))
    with staged.open("rb") as copy:
        image = result_files.image_type(copy.read(16))
    kind, media_type = ("image", image) if image else ("file", result_files.media_type(name))
    return Encoded(kind, staged, staged.stat().st_size, media_type=media_type)


def _is_upload(value: Any) -> bool:
    """Whether `value` is an UploadedFile or one of Django's files."""
    return callable(getattr(value, "open", None)) and hasattr(value, "name") and hasattr(value, "size")


class _Capped:
    """Reads a file and raises TooLarge once it proves too long: its size may be unknown, or grow while it
    is read."""

    def __init__(self, file: Any) -> None:
        self._file, self._left = file, LARGEST

    def read(self, size: int = -1, /) -> bytes:
        piece: bytes = self._file.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise TooLarge(f"{TooLarge.__doc__}")
        return piece
