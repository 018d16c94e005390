"""The pages. Each first fetches through `access`, then acts; what lives on a page is brought by the socket."""

import re
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import access, family, file_names, job_page, listing, queries, tree
from dashboard.forms.form import form_class
from dashboard.launching import (
    asked,
    asked_views,
    carried,
    confirming,
    form_views,
    judging,
    kept,
    misfits,
    relaunch,
    saved,
    saved_views,
    signed_out,
)
from dashboard.launching import page as launch_page
from dashboard.launching.when import WhenForm
from tasks.catalog import LaunchableTask
from tasks.events import JobDict

_NAMED = 50  # jobs asked about at once
_CHILDREN = 50  # of a job, on its page
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@require_http_methods(["GET", "HEAD", "POST"])
def task_form(request: HttpRequest, name: str) -> HttpResponse:
    """The form of a task; `?parameter=value` fills it in, `?.saved=ID` with saved inputs. A launch leads to the page of
    its job, or, where the task asks for that, first to a question."""
    if not request.user.is_authenticated and (answer := _signed_out(request, name)):
        return answer
    task = access.get_task_or_404(request.user, name)
    if asked.IN_ADDRESS & request.GET.keys() and (request.method != "POST" or confirming.SURE in request.POST):
        return asked_views.task_form(request, task)
    if request.method != "POST":
        return _filled_in(request, task)
    given, is_asked = form_views.given(request)
    form, when = launch_page.forms_of(request, task, given)
    if is_asked and request.POST[form_views.DO] == judging.CHECK:
        return judging.answer(form, when)
    if is_asked:
        form.show_again()
        kept.keep_sent(form, request.user)
        return _asked_for(request, task, form, when)
    if not all([when.is_valid(), form.is_valid()]):
        kept.keep_sent(form, request.user)
        return launch_page.form_page(request, task, form, when, status=422)
    if confirming.is_needed(request, task):
        return asked.ask(request, task, carried.fields(form, given))
    return launch_page.launched(request, task, form, when)


def _filled_in(request: HttpRequest, task: LaunchableTask) -> HttpResponse:
    chosen = saved.chosen(request, task)
    query = saved.query(chosen, relaunch.query(request, task.name))
    form = form_class(task)(user=request.user, query=query)
    if chosen:
        misfits.say(form, chosen.values, query)
    kept.offer_uploads(form, request.user, query)
    words = _("Not all that was saved fits any more")
    return launch_page.form_page(request, task, form, WhenForm(query=request.GET), heading=words if chosen else "")


def _asked_for(request: HttpRequest, task: LaunchableTask, form: Any, when: WhenForm) -> HttpResponse:
    """What a button of the form asks for, which launches nothing."""
    match request.POST[form_views.DO]:
        case saved_views.SAVE:
            saved.refuse_what_cannot_be_kept(form)
            if form.errors:
                return launch_page.form_page(request, task, form, when, status=422)
            return saved_views.save(request, task, form, when)
        case kept.LINK:
            return JsonResponse(kept.link(request, task))
        case _:
            return launch_page.form_page(request, task, form, when)


def _signed_out(request: HttpRequest, name: str) -> HttpResponse | None:
    """Have the reader sign in, and come back to the form with what was typed; None where he just has."""
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    address, is_all = kept.form_address(request, reverse("taskcast:task_form", args=[name]), name, WhenForm)
    return signed_out.answer(request, address, is_all, kept.posted(request, name))


def is_id(text: str) -> bool:
    """Whether this is a job's id as addresses and forms have it."""
    return bool(_UUID.fullmatch(text))


@require_safe
@login_required
def file_names_of_jobs(request: HttpRequest) -> HttpResponse:
    """`?job=ID&job=ID`: what the files in these jobs' arguments are called, by id; for rows that come by the socket."""
    ids = [text for text in request.GET.getlist("job") if is_id(text)][:_NAMED]
    rows = access.jobs_for(request.user).filter(pk__in=ids).select_related("owner").defer("message")
    return JsonResponse(file_names.of(row.as_dict() for row in rows))


@require_safe
@login_required
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """One job, whole before any script runs; `data` is where the script goes on from."""
    found = access.get_job_or_404(request.user, job_id)
    children = _children(request, found)
    context = {
        **job_page.context(request.user, found),
        "children": children,
        "more": sum((found.job["children"] or {}).values()) - len(children),
        "names": file_names.of([found.job, *children]),
        "priority": found.priority,
        "edit_url": relaunch.address(found.job) if access.may_launch_again(request.user, found.job["task"]) else "",
        "may_retry": access.may_retry(request.user, found),
        "may_steer": access.may_steer(request.user, found.owner_id),
        **family.page(access.jobs_for(request.user), found.job),
        "may_share": access.may_share(request.user, found.owner_id),
    }
    return render(request, "dashboard/job.html", context)


def _children(request: HttpRequest, found: queries.Found) -> list[JobDict]:
    if not found.job["children"]:
        return []
    of_it = listing.Filters(parent=UUID(found.id), is_oldest_first=True)
    return listing.jobs(access.jobs_for(request.user), of_it, limit=_CHILDREN).jobs


@require_safe
@login_required
def job_tree(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """What the job set off, as a tree."""
    found = access.get_job_or_404(request.user, job_id)
    return render(request, "dashboard/tree.html", {"top": tree.of(found.job, access.jobs_for(request.user))})
