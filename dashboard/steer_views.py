"""Pages that steer: several jobs at once, by tick or by filter, after a look at them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from pydantic import ValidationError as BadFilters

from dashboard import access, file_names, listing, steering, views
from tasks.eventlog import LogUnavailable

_ACTIONS = {"cancel": steering.cancel, "retry": steering.run_again}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def several(request: HttpRequest) -> HttpResponse:
    """The newest jobs that the list's filters let through, each to be ticked, and how many there are in all.

    What is posted is done to those that are ticked, or to all up to `steering.MOST`; then the page says what was done
    and, of each job to which it was not, why.
    """
    try:
        filters, named = views.asked(request)
    except BadFilters:
        return redirect("jobs")
    narrowed = filters.listing(tasks=named)
    if request.method == "POST" and request.POST.get("action") in _ACTIONS:
        return _done(request, narrowed)
    ids, more = _ids(request.user, narrowed, steering.MOST)
    jobs, owners = steering.found(request.user, ids[: listing.MOST])
    jobs.sort(key=lambda job: (job["created_at"], job["id"]), reverse=True)
    context = {
        "jobs": jobs,
        "may": {key: access.may_steer(request.user, owner) for key, owner in owners.items()},
        "count": len(ids),
        "more": more,
        "beyond": len(ids) > len(jobs),
        "most": steering.MOST,
        "names": file_names.of(jobs),
        "query": request.GET.urlencode(),
    }
    return render(request, "dashboard/several.html", context)


def _done(request: HttpRequest, narrowed: listing.Filters) -> HttpResponse:
    is_all = "all" in request.POST
    ids = _ids(request.user, narrowed, steering.MOST)[0] if is_all else request.POST.getlist("job")
    jobs, owners = steering.found(request.user, [text for text in ids if views.is_id(text)])
    if not jobs:
        messages.warning(request, _("Nothing was done: tick at least one job."))
        return redirect(f"{reverse('jobs_several')}?{request.GET.urlencode()}")
    action = request.POST["action"]
    try:
        outcome = _ACTIONS[action](request.user, jobs, owners)
    except LogUnavailable:
        messages.error(request, _("Redis does not answer; try again."))
        return redirect(f"{reverse('jobs_several')}?{request.GET.urlencode()}")
    context: dict[str, Any] = {
        "outcome": outcome,
        "action": action,
        "names": file_names.of(jobs),
        "query": request.GET.urlencode(),
    }
    return render(request, "dashboard/several_done.html", context)


def _ids(user: Any, narrowed: listing.Filters, most: int) -> tuple[list[str], bool]:
    """The newest jobs that fit, at most so many, and whether there are more."""
    ids: list[str] = []
    cursor = ""
    visible = access.jobs_for(user)
    while len(ids) < most:
        page = listing.jobs(visible, narrowed, cursor=cursor, limit=min(listing.MOST, most - len(ids)))
        ids += [job["id"] for job in page.jobs]
        if not page.next:
            return ids, False
        cursor = page.next
    return ids, True
