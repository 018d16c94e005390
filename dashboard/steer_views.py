"""What steers: stopping a job, launching it once more; several jobs at once, by tick or by filter, after a look."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import ValidationError as BadFilters

from dashboard import access, file_names, listing, steering, views
from dashboard.launching import confirming, relaunch
from dashboard.search import asked, finding
from tasks import catalog, control
from tasks.again import NotRetryable, not_kept
from tasks.batch import BadRows, NothingToRetry, once_more
from tasks.catalog import LaunchableTask
from tasks.catalog_errors import BadArguments, in_words
from tasks.eventlog import LogUnavailable
from tasks.events import FINAL, JobDict
from tasks.models import BATCH, task_of

#: What can be done to several jobs, by what a button posts.
ACTIONS = {"cancel": steering.cancel, "retry": steering.run_again}


@require_POST
def job_cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Ask the job to stop (with `force` end its process), and go back to its page, which shows how far that is."""
    if not request.user.is_authenticated:
        # Back to the page: the address of this button cannot be opened.
        return redirect_to_login(reverse("taskcast:job", args=[job_id]))
    found = access.get_job_or_404(request.user, job_id)
    if not access.may_steer(request.user, found.owner_id):
        raise PermissionDenied(_("You may not stop this job."))
    try:
        control.cancel(found.id, force="force" in request.POST, user=request.user)
    except control.NotCancellable:
        messages.info(request, _("The job has ended already."))
    except control.NotTerminable as error:
        messages.error(request, str(error))
    except LogUnavailable:
        messages.error(
            request,
            _("Redis does not answer: the job is asked to stop when it is back, and could not be ended by force."),
        )
    return redirect("taskcast:job", job_id)


@require_POST
def job_retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Launch the job once more with the same arguments, and go to the new one; where that can't be, to the form."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("taskcast:job", args=[job_id]))
    found = access.get_job_or_404(request.user, job_id)
    if not access.may_retry(request.user, found):
        raise PermissionDenied(_("You may not retry this job."))
    task = catalog.get(task_of(found.job))
    if confirming.is_needed(request, task) and _is_retryable(found.job):
        return confirming.page(request, [_question(task, [found.job])], back=reverse("taskcast:job", args=[job_id]))
    try:
        new = once_more(found.job, user=request.user)
    except NotRetryable:
        messages.info(request, _("The job has not ended yet."))
    except NothingToRetry:
        messages.info(request, _("All jobs of this batch have succeeded."))
    except BadRows as error:
        messages.warning(request, _why_not(error))
    except BadArguments as error:
        # What was not kept, such as a secret; or a task that has changed since.
        for fault in error.errors:
            messages.warning(request, in_words([fault]))
        return redirect(relaunch.address(found.job))
    else:
        return redirect("taskcast:job", new.pk)
    return redirect("taskcast:job", job_id)


def _is_retryable(job: JobDict) -> bool:
    """Whether there is something to ask about: it has ended, some of a batch failed, and its arguments are kept."""
    return job["state"] in FINAL and _size(job) > 0 and not any(not_kept(job["args"] or {}))


def _question(task: LaunchableTask, jobs: Sequence[JobDict]) -> confirming.Question:
    """Whether these jobs of the task are to be launched once more."""
    if len(jobs) > 1 or jobs[0]["task"] == BATCH:
        return confirming.Question(task, jobs=sum(_size(job) for job in jobs))
    return confirming.Question(task, args=jobs[0]["args"] or {}, names=file_names.of(jobs))


def _size(job: JobDict) -> int:
    """How many jobs are launched for it: of a batch those that did not succeed."""
    if job["task"] != BATCH:
        return 1
    return int(job["args"]["rows"]) - (job["children"] or {}).get("succeeded", 0)


def _why_not(error: BadRows) -> str:
    number, faults = next(iter(error.errors.items()))
    return f"{number + 1}: {in_words(faults[:1])}"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def several(request: HttpRequest) -> HttpResponse:
    """The newest jobs that the list's filters let through, each to be ticked, and how many there are in all.

    What is posted is done to those that are ticked, or to all up to `steering.MOST`; then the page says what was done
    and, of each job to which it was not, why.
    """
    try:
        narrowed = asked.read(request).plan(request.user)
    except BadFilters:
        return redirect("taskcast:jobs")
    if request.method == "POST" and request.POST.get("action") in ACTIONS:
        is_all = "all" in request.POST
        ids = [job["id"] for job in _fitting(request.user, narrowed)[0]] if is_all else request.POST.getlist("job")
        return done(request, ids, f"{reverse('taskcast:jobs_several')}?{request.GET.urlencode()}")
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


def done(request: HttpRequest, ids: Iterable[str], back: str) -> HttpResponse:
    """Do what was posted to the jobs with these `ids`, and say what was done; where nothing can be, go `back`."""
    jobs, owners = steering.found(request.user, [text for text in ids if views.is_id(text)])
    if not jobs:
        messages.warning(request, _("Nothing was done: tick at least one job."))
        return redirect(back)
    action = request.POST["action"]
    if action == "retry" and (questions := _questions(request, jobs, owners)):
        ticked = [("action", action), *(("job", job["id"]) for job in jobs)]
        return confirming.page(request, questions, carried=ticked, back=back)
    try:
        outcome = ACTIONS[action](request.user, jobs, owners)
    except LogUnavailable:
        messages.error(request, _("Redis does not answer; try again."))
        return redirect(back)
    context: dict[str, Any] = {
        "outcome": outcome,
        "action": action,
        "names": file_names.of(jobs),
        "query": request.GET.urlencode(),
    }
    return render(request, "dashboard/several_done.html", context)


def _questions(request: HttpRequest, jobs: Sequence[JobDict], owners: Mapping[str, Any]) -> list[confirming.Question]:
    """What is to be asked about those of the jobs whose tasks ask to be confirmed."""
    of_task: dict[str, list[JobDict]] = defaultdict(list)
    for job in jobs:
        if not steering.why_not_again(request.user, job, owners[job["id"]]):
            of_task[job["task"]].append(job)
    asked = ((catalog.get(name), some) for name, some in of_task.items())
    return [_question(task, some) for task, some in asked if confirming.is_needed(request, task)]


def _fitting(user: Any, narrowed: finding.Plan) -> tuple[list[JobDict], bool]:
    """The newest jobs that fit, at most `steering.MOST`, and whether there are more."""
    jobs: list[JobDict] = []
    cursor = ""
    while len(jobs) < steering.MOST:
        page = finding.page(user, narrowed, cursor=cursor, limit=min(listing.MOST, steering.MOST - len(jobs)))
        jobs += page.jobs
        if not page.next:
            return jobs, False
        if page.reached:  # so far back and no farther is looked for them
            break
        cursor = page.next
    return jobs, True
