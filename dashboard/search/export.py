"""The jobs that fit a search as a file: CSV for spreadsheets, JSON as the API has them.

Sent while they are read, page by page: `MOST` of them at most, and, where each job has to be looked at, of so many at
most. What is left out the end of the file says.
"""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from pydantic import ValidationError as BadParameters

from dashboard import listing
from dashboard.search import asked, finding
from tasks.events import JobDict, dumps

MOST = 10_000
# Pages of a search for which each job is looked at: a page may find nothing.
_MOST_PAGES = 60
COLUMNS = (
    "id",
    "task",
    "state",
    "owner",
    "created_at",
    "started_at",
    "finished_at",
    "seconds",
    "args",
    "error",
    "reason",
    "worker",
    "attempt",
    "parent",
    "retry_of",
)
# A spreadsheet takes a cell that begins so for a formula, which may call programs.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

Write = Callable[[list[JobDict], bool], str]


@require_safe
@login_required
def jobs(request: HttpRequest, kind: str) -> HttpResponseBase:
    """`export.csv` and `export.json` of what the list shows, from its first job on."""
    if kind not in _KINDS:
        raise Http404
    try:
        wanted = asked.read(request)
    except BadParameters as error:
        return HttpResponse(error.errors()[0]["msg"], status=400, content_type="text/plain; charset=utf-8")
    media_type, write, end = _KINDS[kind]
    words = translation.get_language()  # which the threads that read do not know
    parts = _parts(request.user, wanted.plan(request.user), write, end, words)
    # Django reads a plain iterator whole into memory when it is served by ASGI, and warns the other way round.
    chunks = _on_the_loop(parts) if isinstance(request, ASGIRequest) else parts
    headers = {"Content-Disposition": f'attachment; filename="jobs.{kind}"'}
    return StreamingHttpResponse(chunks, content_type=media_type, headers=headers)


def _parts(
    user: Any, plan: finding.Plan, write: Write, end: Callable[[str], str], language: str | None
) -> Iterator[str]:
    """The file, a page of jobs at a time."""
    cursor, number = "", 0
    for count in range(_MOST_PAGES):
        page = finding.page(user, plan, cursor=cursor, limit=min(listing.MOST, MOST - number))
        number += len(page.jobs)
        yield write(page.jobs, count == 0)
        cursor = page.next or ""
        if not cursor or number >= MOST:
            break
    with translation.override(language):
        last = end(_cut(number, page.reached) if cursor else "")
    yield last


def _cut(number: int, reached: datetime | None) -> str:
    if reached and number < MOST:
        return _("Cut: {n} jobs were found until {time}, and older ones were not looked at.").format(
            n=number, time=timezone.localtime(reached).isoformat()
        )
    return _("Cut: there are more than these {n} jobs.").format(n=number)


async def _on_the_loop(parts: Iterator[str]) -> AsyncIterator[str]:
    def read() -> str | None:
        return next(parts, None)

    # In the thread of the request, whose connection is given back at its end.
    while (part := await sync_to_async(read, thread_sensitive=True)()) is not None:
        yield part


def _csv(jobs: list[JobDict], is_first: bool) -> str:
    out = io.StringIO()
    rows = csv.writer(out)
    if is_first:
        out.write("\ufeff")  # or a spreadsheet takes it for something else than UTF-8
        rows.writerow(COLUMNS)
    rows.writerows([_cell(value) for value in _values(job)] for job in jobs)
    return out.getvalue()


def _values(job: JobDict) -> Iterator[Any]:
    for name in COLUMNS:
        value: Any = _seconds(job) if name == "seconds" else job[name]
        if name == "error" and value:
            value = f"{value['type']}: {value['message']}"
        yield dumps(value) if isinstance(value, dict | list) else value


def _seconds(job: JobDict) -> float | None:
    if not job["started_at"] or not job["finished_at"]:
        return None
    return (datetime.fromisoformat(job["finished_at"]) - datetime.fromisoformat(job["started_at"])).total_seconds()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _csv_end(cut: str) -> str:
    out = io.StringIO()
    if cut:
        csv.writer(out).writerow([cut])
    return out.getvalue()


def _json(jobs: list[JobDict], is_first: bool) -> str:
    begin = '{"jobs": [' if is_first else ""
    between = ",\n" if jobs and not is_first else "\n" if jobs else ""
    return begin + between + ",\n".join(json.dumps(job, ensure_ascii=False) for job in jobs)


def _json_end(cut: str) -> str:
    return f'\n], "cut": {json.dumps(cut or None, ensure_ascii=False)}}}\n'


_KINDS: dict[str, tuple[str, Write, Callable[[str], str]]] = {
    "csv": ("text/csv; charset=utf-8", _csv, _csv_end),
    "json": ("application/json; charset=utf-8", _json, _json_end),
}
