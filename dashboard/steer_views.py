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
from tasks.events import JobDict

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
    found, more = _fitting(request.user, narrowed)
    jobs = found[: listing.MOST]
    context = {
        "jobs": jobs,
        "count": len(found),
        "more": more,
        "beyond": len(found) > len(jobs),
        "most": steering.MOST,
        "names": file_names.of(jobs),
        "query": request.GET.urlencode(),
    }
    return render(request, "dashboard/several.html", context)


def _done(request: HttpRequest, narrowed: listing.Filters) -> HttpResponse:
    is_all = "all" in request.POST
    ids = [job["id"] for job in _fitting(request.user, narrowed)[0]] if is_all else request.POST.getlist("job")
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


def _fitting(user: Any, narrowed: listing.Filters) -> tuple[list[JobDict], bool]:
    """The newest jobs that fit, at most `steering.MOST`, and whether there are more."""
    jobs: list[JobDict] = []
    cursor = ""
    visible = access.jobs_for(user)
    while len(jobs) < steering.MOST:
        page = listing.jobs(visible, narrowed, cursor=cursor, limit=min(listing.MOST, steering.MOST - len(jobs)))
        jobs += page.jobs
        if not page.next:
            return jobs, False
        cursor = page.next
    return jobs, True
