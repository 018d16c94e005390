"""The overview, and the same once more for its script, which brings what has changed since."""

from itertools import chain, islice
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from dashboard import access, file_names, glance, listing
from dashboard.overview import charts, failures, tiles, waiting
from tasks import redis_state
from tasks.eventlog import LogUnavailable
from tasks.events import UNFINISHED
from tasks.models import Job

# Jobs of a kind.
_RUNNING, _WAITING, _FAILED = 20, 5, 10
_WAIT = ("queued", "scheduled", "retrying")
# The task with which everybody begins.
_FIRST = "tasks.samples.arithmetic.add"
# What the script replaces, by the name of its place in the page: its template.
_PARTS = {name: f"dashboard/_overview_{name}.html" for name in ("start", "tiles", "why", "failed", "table")}


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """What runs, what waits and why, what failed lately, and how the last hour or day went."""
    visible = access.jobs_for(request.user)
    unfinished = listing.jobs(visible, listing.Filters(states=UNFINISHED), limit=100).jobs
    context = _context(request)
    context |= {
        "running": [job for job in unfinished if job["state"] == "started"][:_RUNNING],
        "waiting": [job for job in unfinished if job["state"] != "started"][:_WAITING],
        "trouble": _trouble() if access.may_see_metrics(request.user) else None,
        "names": context["names"] | file_names.of(unfinished),
    }
    return render(request, "dashboard/index.html", context)


@require_safe
@login_required
def parts(request: HttpRequest) -> HttpResponse:
    """What of the overview changes and no socket brings: pieces of the page by their names, and the charts."""
    context = _context(request)
    pieces = {name: render_to_string(template, context, request) for name, template in _PARTS.items()}
    return JsonResponse({"parts": pieces, "plots": context["plots"], "new": context["is_new"]})


def _context(request: HttpRequest) -> dict[str, Any]:
    visible = access.jobs_for(request.user)
    over = charts.RANGES.get(request.GET.get("range", ""), charts.HOUR)
    figures = charts.figures(access.tallies_for(request.user), over)
    wait = _waiting(visible)
    now = _glance(request, wait)
    why = waiting.why(wait[: tiles.MOST], _served(now))
    failed = failures.failures(visible, _FAILED)
    return {
        "over": over.name,
        "plots": figures.plots,
        "rows": figures.rows,
        "tiles": tiles.tiles(visible, charts.ended_words(figures, over), len(wait), why, failed, now),
        "why": why,
        "is_cut": len(wait) > tiles.MOST,
        "most": tiles.MOST,
        "failed": failed,
        "names": file_names.of(line.job for line in failed),
        "is_new": not figures.ended and not visible.exists(),
        "may_launch": access.may_launch_anything(request.user),
        "first": _first(request),
        "is_staff": access.sees_all(request.user),
    }


def _waiting(visible: QuerySet[Job]) -> list[waiting.Waiting]:
    """Those that wait; one more than are counted where there are more."""
    columns = ("state", "reason", "queue", "eta", "published_at")
    # State by state, in the order of one index: it gives the first of each at once.
    of_states = [
        visible.filter(state=state).order_by("-created_at", "-id").values_list(*columns)[: tiles.MOST + 1]
        for state in _WAIT
    ]
    rows = islice(chain.from_iterable(of_states), tiles.MOST + 1)
    return [waiting.Waiting(state, reason, queue, eta, sent is not None) for state, reason, queue, eta, sent in rows]


def _glance(request: HttpRequest, wait: list[waiting.Waiting]) -> glance.Glance | None:
    if not access.may_see_workers(request.user):
        return None
    try:
        return glance.glance(waiting.names(wait))
    except LogUnavailable:
        return None


def _served(now: glance.Glance | None) -> waiting.Served:
    if now is None:
        return waiting.Served(paused=(), listening=None, free=())
    return waiting.Served(now.paused, now.listening, now.free)


def _first(request: HttpRequest) -> str:
    """The name of the task to begin with; empty where there is none, or the reader may not launch it."""
    return _FIRST if access.may_launch_again(request.user, _FIRST) else ""


def _trouble() -> str | None:
    try:
        return redis_state.trouble()
    except LogUnavailable:
        return None  # that the log is away, the socket says
