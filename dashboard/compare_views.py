"""The page on which two runs of a task stand side by side."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard import access, compare, file_names, queries
from dashboard.reasons import reason_words
from dashboard.templatetags.taskcast import count, error_parts, span, state_word, when
from dashboard.templatetags.taskcast_value import argument, value
from tasks import catalog
from tasks.events import JobDict
from tasks.models import Job, task_of

# The last jobs of the task that are looked at, and how many of those that the reader sees are offered.
_LOOKED_AT, _OFFERED = 200, 20
Show = Callable[[Any], Any]


@require_safe
@login_required
def job_compare(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """`?with=ID`: the job beside another run of its task; without it, beside the run before."""
    one = access.get_job_or_404(request.user, job_id)
    runs = _runs(request.user, one)
    other = _other(request, one, runs)
    if other and other.job["task"] != one.job["task"]:
        messages.warning(request, _("These two jobs are not of the same task: nothing to compare."))
        return redirect("taskcast:job_compare", job_id)
    sections = _sections(one.job, other.job) if other else []
    context = {
        "one": one.job,
        "other": other.job if other else None,
        "title": _title(task_of(one.job)),
        "runs": runs,
        "sections": sections,
    }
    return render(request, "dashboard/compare.html", context)


def _title(task: str) -> Any:
    try:
        return catalog.get(task).title
    except catalog.UnknownTask:
        return task


def _runs(user: access.User, one: queries.Found) -> list[dict[str, Any]]:
    """The last runs of the task that `user` sees, newest first, without this one."""
    lately = Job.objects.filter(task=one.job["task"]).order_by("-created_at", "-id")[:_LOOKED_AT]
    seen = [
        {"id": str(pk), "state": state, "created_at": created.isoformat()}
        for pk, state, owner_id, created in lately.values_list("id", "state", "owner_id", "created_at")
        if access.may_see(user, owner_id) and str(pk) != one.id
    ]
    return seen[:_OFFERED]


def _other(request: HttpRequest, one: queries.Found, runs: list[dict[str, Any]]) -> queries.Found | None:
    asked = request.GET.get("with", "").strip()
    if asked:
        return access.get_job_or_404(request.user, asked)
    before = [run for run in runs if run["created_at"] <= (one.job["created_at"] or "")]
    chosen = next(iter(before or runs), None)
    return access.get_job_or_404(request.user, chosen["id"]) if chosen else None


def _sections(one: JobDict, other: JobDict) -> list[dict[str, Any]]:
    names = file_names.of([one, other])
    steps = compare.pairs(compare.steps(one), compare.steps(other))
    given = compare.pairs(compare.results(one), compare.results(other))
    found = [
        {"title": _("The run"), "rows": _run(one, other)},
        {
            "title": _("Arguments"),
            "rows": _rows(compare.pairs(one["args"] or {}, other["args"] or {}), lambda v: argument(v, names)),
        },
        {"title": _("Steps"), "rows": _rows(steps, _span, is_time=True)},
        {"title": _("Results"), "rows": _rows(given, lambda v: value(v, 1))},
        {"title": _("Error"), "rows": _rows(compare.pairs(_error(one), _error(other)), str)},
    ]
    return [section for section in found if section["rows"]]


def _run(one: JobDict, other: JobDict) -> list[dict[str, Any]]:
    def rows(
        name: str, read: Callable[[JobDict], Any], show: Show = str, is_time: bool = False
    ) -> list[dict[str, Any]]:
        found = compare.pair(name, read(one), read(other))
        return _rows([found] if found.one is not None or found.other is not None else [], show, is_time)

    return [
        *rows(_("State"), lambda job: job["state"], state_word),
        *rows(_("Reason"), lambda job: job["reason"], reason_words),
        *({**row, "mark": "same", "words": ""} for row in rows(_("Created"), lambda job: job["created_at"], when)),
        *rows(_("Owner"), lambda job: job["owner"]),
        *rows(_("Waited"), lambda job: _seconds(job["created_at"], job["started_at"]), _span, is_time=True),
        *rows(_("Ran"), lambda job: _seconds(job["started_at"], job["finished_at"]), _span, is_time=True),
        *rows(_("Attempt"), lambda job: job["attempt"] or None, count),
        *rows(_("Worker"), lambda job: job["worker"]),
    ]


def _seconds(start: str | None, end: str | None) -> float | None:
    if not start or not end:
        return None
    return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())


def _span(seconds: float | None) -> str:
    return "–" if seconds is None else span(seconds)


def _error(job: JobDict) -> Mapping[str, str]:
    if not job["error"]:
        return {}
    kind, message = error_parts(job["error"])
    return {_("Type"): kind, _("Message"): message}


def _rows(pairs: list[compare.Pair], show: Show, is_time: bool = False) -> list[dict[str, Any]]:
    return [
        {
            "name": pair.name or _("Result"),
            "one": "–" if pair.one is None else show(pair.one),
            "other": "–" if pair.other is None else show(pair.other),
            "mark": pair.mark,
            "words": _words(pair, is_time),
        }
        for pair in pairs
    ]


def _words(pair: compare.Pair, is_time: bool) -> str:
    match pair.mark:
        case "same":
            return _("same")
        case "only one":
            return _("only in this run")
        case "only other":
            return _("only in the other run")
    if pair.change is None:
        return _("differs")
    # From the other run, the earlier one, to this one.
    more = -pair.change
    size = span(abs(more)) if is_time else count(round(abs(more), 6))
    share = f" ({100 * more / pair.other:+.0f} %)" if pair.other else ""
    return f"{'+' if more > 0 else '−'}{size}{share}"
