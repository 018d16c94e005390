"""What the page of a job asks for about its children: the map's cells, and the failures by what was wrong."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import access, failures, family, file_names, listing, queries, steer_views, steering
from tasks.events import whole_job
from tasks.models import Job

# A change of a row is a number of at most so many digits.
_DIGITS = 18


@require_safe
@login_required
def children(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """All children in few bytes, as `family.cells` says; with `?since=CHANGE` those that have changed since."""
    found = access.get_job_or_404(request.user, job_id)
    text = request.GET.get("since", "")
    since = int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else None
    return JsonResponse(family.cells(access.jobs_for(request.user), UUID(found.id), since))


@require_safe
@login_required
def failed(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The failures by what was wrong, as they stand on the job's page: a piece of it."""
    found = access.get_job_or_404(request.user, job_id)
    context = {"job": found.job, "failures": failures.of(access.jobs_for(request.user), UUID(found.id))}
    return render(request, "dashboard/_failures.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def failed_alike(request: HttpRequest, job_id: UUID, key: str) -> HttpResponse:
    """The children that failed alike, each to be ticked; what is posted is done to those, as on the page of several."""
    found = access.get_job_or_404(request.user, job_id)
    visible = access.jobs_for(request.user)
    group = failures.alike(visible, UUID(found.id), key)
    if request.method == "POST" and request.POST.get("action") in steer_views.ACTIONS:
        all_of_them = group.jobs[: steering.MOST] if group and "all" in request.POST else []
        ids = [str(pk) for pk in all_of_them] or request.POST.getlist("job")
        return steer_views.done(request, ids, request.path)
    if group is None:
        messages.info(request, _("No child of this job fails like this any more."))
        return redirect("taskcast:job", job_id)
    rows = {row.pk: row for row in _rows(visible, group.jobs[: listing.MOST])}
    jobs = [whole_job(job) for job in queries.live(rows[pk] for pk in group.jobs if pk in rows)]
    context = {
        "jobs": jobs,
        "group": group,
        "parent": found.job,
        "count": min(group.count, steering.MOST),
        "more": group.count > steering.MOST,
        "beyond": group.count > len(jobs),
        "most": steering.MOST,
        "names": file_names.of(jobs),
        "back": reverse("taskcast:job", args=[job_id]),
    }
    return render(request, "dashboard/failed_alike.html", context)


def _rows(visible: QuerySet[Job], ids: list[UUID]) -> QuerySet[Job]:
    return visible.filter(pk__in=ids).select_related("owner").defer("message")
