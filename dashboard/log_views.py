"""The log of a job's page: its lines by their numbers, those that are searched for, and all of it as a text."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard import access, queries
from dashboard.loglines import LEVELS, Line, Log, Wanted
from dashboard.terminal.visible import visible_lines
from tasks.ansi import plain
from tasks.events import dumps
from tasks.models import task_of

_MOST_LINES = 1000
_MOST_NUMBER = 10**12
_LONGEST_WORDS = 200
# Of what a search finds so many lines come along with their numbers.
_KEPT = 200


class BadParameter(ValueError):
    """A parameter of the address means nothing here."""


@require_safe
@login_required
def download(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """As `download_of`, to whoever may see the job."""
    return download_of(request, access.get_job_or_404(request.user, job_id))


def download_of(request: HttpRequest, found: queries.Found) -> HttpResponseBase:
    """The whole log as a text, a line of the log after the other; written while it is read."""
    pieces = (_text(lines) for lines in Log(found.id).pieces())
    name = f"{task_of(found.job)}-{found.id}.log"
    headers = {
        "Content-Disposition": str(content_disposition_header(True, name)),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    # Django reads a plain iterator whole into memory when it is served by ASGI, and warns the other way round.
    content = _async_pieces(pieces) if isinstance(request, ASGIRequest) else pieces
    return StreamingHttpResponse(content, content_type="text/plain; charset=utf-8", headers=headers)


@require_safe
@login_required
def lines(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """As `lines_of`, to whoever may see the job."""
    return lines_of(request, access.get_job_or_404(request.user, job_id))


def lines_of(request: HttpRequest, found: queries.Found) -> HttpResponse:
    """Lines from a number on, of a level or all; with how many there are up to which event."""
    try:
        first = _number(request, "from", 1, _MOST_NUMBER)
        count = _number(request, "count", 200, _MOST_LINES, least=0)
        level = _level(request)
    except BadParameter as error:
        return _json({"detail": str(error)}, status=400)
    log = Log(found.id)
    read = log.lines(first, count, Wanted(level=level)) if count else []
    return _json({"seq": log.seq, "total": log.total, "lines": _wire(read)})


@require_safe
@login_required
def search(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """As `search_of`, to whoever may see the job."""
    return search_of(request, access.get_job_or_404(request.user, job_id))


def search_of(request: HttpRequest, found: queries.Found) -> HttpResponse:
    """Where lines that fit are, from a number on: runs of numbers, some of the lines, and the number to go on from."""
    try:
        first = _number(request, "from", 1, _MOST_NUMBER)
        words = request.GET.get("q", "")
        if len(words) > _LONGEST_WORDS:
            raise BadParameter(_("q: at most {most} characters.").format(most=_LONGEST_WORDS))
        wanted = Wanted(words, _level(request))
    except BadParameter as error:
        return _json({"detail": str(error)}, status=400)
    log = Log(found.id)
    hits = log.search(wanted, first, _KEPT)
    return _json({"total": log.total, "runs": hits.runs, "lines": _wire(hits.lines), "next": hits.next})


def _number(request: HttpRequest, name: str, otherwise: int, most: int, *, least: int = 1) -> int:
    text = request.GET.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and len(text) < 16 and least <= int(text) <= most):
        words = _("{name}: a whole number from {least} to {most}.")
        raise BadParameter(words.format(name=name, least=least, most=most))
    return int(text)


def _level(request: HttpRequest) -> str:
    level = request.GET.get("level", "")
    if level and level not in LEVELS:
        raise BadParameter(_("level: one of {levels}.").format(levels=", ".join(LEVELS)))
    return level


def _wire(read: list[Line]) -> list[tuple[int, str, str, str]]:
    return [(line.number, line.time, line.level, line.text) for line in read]


def _json(value: object, status: int = 200) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(dumps(value), content_type="application/json", status=status, headers=headers)


def _text(read: list[Line]) -> str:
    # What a task says must not pass for a line of its own: the further lines of a text are set in.
    return "".join(
        f"{line.time} {line.level.upper():<8} {visible_lines(plain(line.text)).replace(chr(10), chr(10) + '    ')}\n"
        for line in read
    )


async def _async_pieces(pieces: Iterator[str]) -> AsyncIterator[str]:
    following = sync_to_async(partial(next, pieces, None))
    while (piece := await following()) is not None:
        yield piece
