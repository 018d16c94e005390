"""`profile_csv`: what is in a CSV file, column by column, watched while it is found out."""

import json
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Literal

from celery import shared_task
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pydantic import Field

from tasks import FileRules, UploadedFile, launchable, log, progress, publish
from tasks.launchable import BadArgument
from tasks.samples import data_folder
from tasks.samples.csv_dialect import DELIMITERS, NotATable, encoding_of
from tasks.samples.csv_profile import Profile, as_table
from tasks.samples.csv_stream import CsvStream, listed, open_csv
from tasks.steps import Step

Delimiter = Literal["auto", "comma", "semicolon", "tab", "pipe"]
Encoding = Literal["auto", "utf-8", "cp949", "utf-16", "latin-1", "cp1250"]
# The choices that are words, for `makemessages`.
WORDS = [
    gettext_noop("auto"),
    gettext_noop("comma"),
    gettext_noop("semicolon"),
    gettext_noop("tab"),
    gettext_noop("pipe"),
]


def check_profile_csv(
    file: UploadedFile | None = None,
    path: str | None = None,
    columns: list[str] | None = None,
    delimiter: Delimiter = "auto",
    encoding: Encoding = "auto",
    header: bool = True,
) -> None:
    """Look at the file's first 64 KiB before a job exists. Raises BadArgument with the field that is
    wrong."""
    field = "path" if path else "file"
    try:
        with _opened(file, path) as (_name, source):
            stream = _stream(source, "" if encoding == "auto" else encoding, delimiter, header)
    except NotATable as error:
        raise BadArgument(field, str(error)) from error
    _check_columns(stream, columns or [])


@shared_task
@launchable(
    title=gettext_noop("Profile a CSV file"),
    description=gettext_noop(
        "Type, empty cells, distinct values, range, mean and most frequent values of every column."
    ),
    check=check_profile_csv,
)
def profile_csv(
    file: Annotated[
        UploadedFile | None,
        FileRules(types=["text/csv", "text/tab-separated-values", "text/plain"]),
        Field(title=gettext_noop("File"), description=gettext_noop("A CSV file from your machine.")),
    ] = None,
    path: Annotated[
        str | None,
        Field(
            title=gettext_noop("Path"),
            description=gettext_noop("Or where the file is below the data folder on the worker's machine."),
            examples=["sales/2024.csv"],
            max_length=4096,
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        Field(title=gettext_noop("Columns"), description=gettext_noop("Only these; all where nothing is given.")),
    ] = None,
    delimiter: Annotated[Delimiter, Field(title=gettext_noop("Delimiter"))] = "auto",
    encoding: Annotated[Encoding, Field(title=gettext_noop("Encoding"))] = "auto",
    header: Annotated[bool, Field(title=gettext_noop("The first row holds the column names"))] = True,
) -> dict[str, Any]:
    """Profile a CSV file of any size; it is read as a stream."""
    with _opened(file, path) as (name, source):
        size = source.seek(0, 2)
        with progress(total=size, description=f"Reading {name}") as bar:
            stream = _stream(source, _encoding(source, size, encoding, bar), delimiter, header)
            _check_columns(stream, columns or [])
            log(f"{name}: {len(stream.names)} columns, {stream.encoding}, separated by {stream.delimiter!r}")
            profile = Profile(stream.names, columns or [])
            refresh = _Refresh()
            for rows in stream.blocks():
                profile.add(rows)
                bar.update(current=stream.position, description=f"{profile.rows:,} rows")
                refresh.when_due(profile)
            bar.update(current=size)
    log(f"{profile.rows:,} rows read")
    report = _report(name, size, stream, profile)
    publish(as_table(report["columns"]), name="columns")
    publish(json.dumps(report, ensure_ascii=False, indent=2).encode("utf-8", "replace"), name="profile.json")
    return report


@contextmanager
def _opened(file: UploadedFile | None, path: str | None) -> Iterator[tuple[str, IO[bytes]]]:
    """The name and the bytes of the one file that was named. Raises BadArgument."""
    if file is not None and path:
        raise BadArgument("path", _("Give a file or a path, not both."))
    if file is not None:
        with file.open("rb") as source:
            yield file.name, source
        return
    if not path:
        raise BadArgument("file", _("Choose a file, or give the path of one in the data folder."))
    try:
        found: Path = data_folder.find(path)
        opened = found.open("rb")
    except data_folder.NotInDataFolder as error:
        raise BadArgument("path", str(error)) from error
    except OSError as error:
        raise BadArgument("path", _("The file cannot be read: {reason}.").format(reason=error.strerror)) from error
    with opened as source:
        yield found.name, source


def _encoding(source: IO[bytes], size: int, encoding: Encoding, bar: Step) -> str:
    """No step of its own, which would stay in view for ever after: most files take an instant."""
    if encoding != "auto":
        return encoding
    source.seek(0)
    return encoding_of(source, lambda read: bar.update(description=f"Looking for the encoding: {100 * read // size} %"))


def _stream(source: IO[bytes], encoding: str, delimiter: Delimiter, header: bool) -> CsvStream:
    return open_csv(source, encoding=encoding, delimiter=DELIMITERS.get(delimiter, ""), header=header)


def _check_columns(stream: CsvStream, columns: Collection[str]) -> None:
    missing = [name for name in columns if name not in stream.names]
    if missing:
        message = _("The file has no column {column}; it has {columns}.")
        raise BadArgument("columns", message.format(column=", ".join(missing), columns=listed(stream.names)))


class _Refresh:
    """Publishes the table as far as it is known, about once a second, and never for more than a twentieth
    of the time: a table of a thousand columns is slow to make."""

    def __init__(self) -> None:
        self._next = time.monotonic() + 0.2

    def when_due(self, profile: Profile) -> None:
        began = time.monotonic()
        if began < self._next:
            return
        publish(as_table(profile.columns()), name="columns")
        took = time.monotonic() - began
        self._next = began + max(1.0, 20 * took)


def _report(name: str, size: int, stream: CsvStream, profile: Profile) -> dict[str, Any]:
    if profile.ragged:
        log(
            f"{profile.ragged} rows have too few or too many fields: {'; '.join(profile.ragged_examples)} …",
            "warning",
        )
    if stream.unclosed is not None:
        lines = stream.lines - stream.unclosed + 1
        log(
            f"A quote in the row that begins in line {stream.unclosed} is never closed: "
            f"the last {lines} lines were read as one row",
            "warning",
        )
    if stream.undecodable:
        log(f"{stream.undecodable} signs are not {stream.encoding}; they are read as �", "warning")
    return {
        "file": name,
        "bytes": size,
        "encoding": stream.encoding,
        "delimiter": stream.delimiter,
        "lines": stream.lines,
        "rows": profile.rows,
        "ragged_rows": profile.ragged,
        "undecodable": stream.undecodable,
        "columns": profile.columns(),
    }
