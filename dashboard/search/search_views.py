"""The list of jobs: its page, what comes when one reads on, and the words that its search box offers."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from pydantic import ValidationError as BadParameters

from dashboard import file_names
from dashboard.search import asked, finding, live, misread, ordered, searches, suggestions
from dashboard.search.asked import Asked


@require_safe
@login_required
def jobs(request: HttpRequest) -> HttpResponse:
    """The jobs that fit the search, whole before any script runs."""
    try:
        wanted = asked.read(request)
    except BadParameters as error:
        return _without(request, [str(fault["loc"][0]) for fault in error.errors()])
    plan = wanted.plan(request.user)
    page = finding.page(request.user, plan, cursor=wanted.cursor, limit=wanted.limit)
    found = ordered.ordered(page.jobs, wanted.order)
    context = {
        "asked": wanted,
        "jobs": found,
        "next": page.next,
        "reached": page.reached and page.reached.isoformat(),
        "misread": [misread.words(one) for one in wanted.search.misread],
        "unknown_tasks": [part for part in wanted.search.tasks if not found and not _is_known(part, plan)],
        "is_by_name": bool(plan.filters.q),
        "tasks": json.dumps(plan.tasks),
        "owner": plan.filters.owner,
        "live": live.spec(plan),
        "is_fixed": live.is_fixed(wanted),
        "query": wanted.query(),
        "first_query": wanted.query() if wanted.cursor else "",
        "next_query": wanted.query(cursor=page.next) if page.next else "",
        "heads": ordered.heads(wanted),
        "orders": ordered.orders(wanted),
        "searches": searches.listed(request.user, wanted),
        "help": suggestions.examples(),
        "names": file_names.of(found),
    }
    return render(request, "dashboard/jobs.html", context)


def _is_known(part: str, plan: finding.Plan) -> bool:
    return any(part.casefold() in name.casefold() for name in plan.known)


def _without(request: HttpRequest, parameters: list[str]) -> HttpResponse:
    """A link that was cut or edited: the list without what was not understood, which is said."""
    query = request.GET.copy()
    for name in dict.fromkeys(parameters):
        values = " ".join("".join(filter(str.isprintable, text))[:40] for text in query.pop(name, []))
        words = _("“{asked}” means nothing here; the list is shown without it.")
        messages.warning(request, words.format(asked=f"{name}={values}"))
    return redirect(f"{reverse('taskcast:jobs')}?{query.urlencode()}" if query else "taskcast:jobs")


@require_safe
@login_required
def more(request: HttpRequest) -> HttpResponse:
    """The page after `cursor`, for the script that reads on: what the list would show, as JSON."""
    try:
        wanted: Asked = asked.read(request)
    except BadParameters as error:
        return JsonResponse({"detail": error.errors()[0]["msg"]}, status=400)
    page = finding.page(request.user, wanted.plan(request.user), cursor=wanted.cursor, limit=asked.SIZE)
    answer: dict[str, Any] = {"jobs": page.jobs, "next": page.next, "reached": page.reached}
    return JsonResponse(answer)


@require_safe
@login_required
def words(request: HttpRequest) -> HttpResponse:
    """What the search box offers while one types: qualifiers, and the values of each that the reader may know."""
    return JsonResponse(suggestions.of(request.user))
