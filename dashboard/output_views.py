"""What a job put out, made to be read elsewhere than in JSON: Markdown as HTML, a table as CSV."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard import access, markdown, queries
from tasks import outputs, result_files
from tasks.events import JobDict

# Bytes that are read into memory at once.
_LARGEST = 50 * 1024 * 1024
_LARGEST_TEXT = 2_000_000
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_safe
@login_required
def text(request: HttpRequest, job_id: UUID, name: str) -> HttpResponse:
    """As `text_of`, to whoever may see the job."""
    found = access.get_job_or_404(request.user, job_id)
    return text_of(found, name, address_of_files(found.id))


def text_of(found: queries.Found, name: str, files: str) -> HttpResponse:
    """A Markdown output as HTML, a piece of the job's page; the job's files are at `files`."""
    output = _output(found.job, name, "markdown")
    value = output.get("value")
    if value is None:
        value = _file(found.id, name, _LARGEST_TEXT).decode("utf-8", "replace")
    return HttpResponse(html(found.job, str(value), files))


def html(job: JobDict, value: str, files: str) -> SafeString:
    """Markdown of the job's as HTML; its pictures are the job's images, which are at `files`."""
    images = {one["name"] for one in job["outputs"] or () if one["kind"] == "image"}

    def locate(name: str) -> str | None:
        return f"{files}{name}" if unquote(name) in images else None

    return markdown.render(value, locate)


def address_of_files(job_id: str, share: str | None = None) -> str:
    """Where a job's files are; `share` is the token of the link by which it is shown."""
    where = f"shared/{share}" if share else f"api/v1/jobs/{job_id}"
    return f"{reverse('taskcast:index')}{where}/files/"


@require_safe
@login_required
def as_csv(request: HttpRequest, job_id: UUID, name: str) -> HttpResponse:
    """As `csv_of`, to whoever may see the job."""
    return csv_of(access.get_job_or_404(request.user, job_id), name)


def csv_of(found: queries.Found, name: str) -> HttpResponse:
    """A table, or a result that is one, as CSV."""
    rows = _rows(found.job, name)
    if not is_table(rows):
        raise Http404(_("This job has no such table."))
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows(_lines(rows))
    # With a mark of its encoding, which spreadsheets want.
    response = HttpResponse(b"\xef\xbb\xbf" + out.getvalue().encode(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.csv")
    return response


def is_table(value: Any) -> bool:
    """Whether it is a list of objects, of which the page makes a table."""
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _rows(job: JobDict, name: str) -> Any:
    if name == result_files.RESULT and job["state"] == "succeeded":
        value = job["result"]
    else:
        value = _output(job, name, "table").get("value")
    return json.loads(_file(str(job["id"]), name, _LARGEST)) if value is None else value


def _output(job: JobDict, name: str, kind: str) -> dict[str, Any]:
    for output in job["outputs"] or ():
        if output["name"] == name and output["kind"] == kind:
            return dict(output)
    raise Http404(_("This job has no such file."))


def _file(job_id: str, name: str, largest: int) -> bytes:
    try:
        file, _media_type, _name = outputs.open_file(job_id, name)
    except FileNotFoundError:
        raise Http404(_("This job has no such file.")) from None
    with file:
        if file.size > largest:
            raise Http404(_("Too large to show here."))
        return bytes(file.read())


def _lines(rows: list[dict[str, Any]]) -> Iterator[list[Any]]:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    yield [_cell(column) for column in columns]
    for row in rows:
        yield [_cell(row.get(column)) for column in columns]


def _cell(item: Any) -> Any:
    if item is None:
        return ""
    if isinstance(item, bool | dict | list):
        return json.dumps(item, ensure_ascii=False)
    if isinstance(item, str) and item.startswith(_FORMULA):
        return f"'{item}"
    return item
