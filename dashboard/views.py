"""The pages. Each first fetches through `access`, then acts; what lives on a page is brought by the socket."""

import json
import re
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from pydantic import ValidationError as BadFilters

from dashboard import access, file_names, listing, queries, task_names, tree
from dashboard.api.schemas import Filters
from dashboard.forms.form import form_class
from dashboard.launching import (
    asked,
    asked_views,
    carried,
    confirming,
    form_views,
    kept,
    misfits,
    relaunch,
    saved,
    saved_views,
    signed_out,
)
from dashboard.launching import page as launch_page
from dashboard.launching.when import WhenForm
from tasks import catalog, redis_state
from tasks.catalog import LaunchableTask, UnknownTask
from tasks.eventlog import LogUnavailable
from tasks.events import STATES, UNFINISHED, JobDict
from tasks.models import BATCH, task_of

# Jobs of a kind on the overview.
_RUNNING, _WAITING, _FAILED = 20, 10, 10
_NAMED = 50  # jobs asked about at once
_CHILDREN = 50  # of a job, on its page
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """What runs, what waits, what failed lately."""
    visible = access.jobs_for(request.user)
    unfinished = listing.jobs(visible, listing.Filters(states=UNFINISHED), limit=100).jobs
    failed = listing.jobs(visible, listing.Filters(states=("failed", "lost")), limit=_FAILED).jobs
    context = {
        "running": [job for job in unfinished if job["state"] == "started"][:_RUNNING],
        "waiting": [job for job in unfinished if job["state"] != "started"][:_WAITING],
        "failed": failed,
        "trouble": _trouble() if access.may_see_metrics(request.user) else None,
        "names": file_names.of([*unfinished, *failed]),
        "may_launch": access.may_launch_anything(request.user),
    }
    return render(request, "dashboard/index.html", context)


def _trouble() -> str | None:
    try:
        return redis_state.trouble()
    except LogUnavailable:
        return None  # that the log is away, the socket says


@require_safe
@login_required
def tasks(request: HttpRequest) -> HttpResponse:
    """The catalogue: what the reader may launch, by the module that it stands in."""
    offered = sorted(access.tasks_for(request.user), key=lambda task: (_group(task), task.name))
    groups = [
        {"title": title, "tasks": [_card(task) for task in members]} for title, members in groupby(offered, _group)
    ]
    return render(request, "dashboard/tasks.html", {"groups": groups})


def _group(task: LaunchableTask) -> str:
    return str(task.group)


def _card(task: LaunchableTask) -> dict[str, Any]:
    return {
        "name": task.name,
        "title": task.title,
        "description": task.description,
        "url": reverse("taskcast:task_form", args=[task.name]),
    }


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


@require_safe
@login_required
def jobs(request: HttpRequest) -> HttpResponse:
    """The list of jobs, narrowed by the same parameters as the API's; of a task's name a part is enough."""
    try:
        filters, named = narrowed(request)
        page = listing.jobs(
            access.jobs_for(request.user),
            filters.listing(tasks=named),
            cursor=filters.cursor or "",
            limit=filters.limit,
        )
    except BadFilters as error:
        return _without(request, [str(fault["loc"][0]) for fault in error.errors()])
    known = task_names.known_to(request.user)
    context = {
        "jobs": page.jobs,
        "query": request.GET.urlencode(),
        "next": page.next,
        "filters": {**filters.model_dump(), "state": " ".join(filters.state)},
        "is_oldest_first": filters.order == "oldest",
        "states": STATES,
        "tasks": json.dumps(named),
        "known_tasks": known,
        "is_unknown_task": bool(named) and not set(named) & set(known) and not page.jobs,
        "names": file_names.of(page.jobs),
    }
    return render(request, "dashboard/jobs.html", context)


def narrowed(request: HttpRequest) -> tuple[Filters, list[str]]:
    """What a list is narrowed to, and the tasks that are meant. Raises pydantic.ValidationError."""
    filters = Filters.model_validate({**request.GET.dict(), "state": request.GET.getlist("state")})
    known = task_names.known_to(request.user) if filters.task else []
    return filters, task_names.meant_by(filters.task, known) if filters.task else []


def is_id(text: str) -> bool:
    """Whether this is a job's id as addresses and forms have it."""
    return bool(_UUID.fullmatch(text))


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
    tail = queries.tail(found)
    children = _children(request, found)
    context = {
        "job": found.job,
        "title": _title(found.job),
        "children": children,
        "more": sum((found.job["children"] or {}).values()) - len(children),
        "data": {"job": found.job, "epoch": found.epoch, "seq": found.job["seq"], "events": tail.events},
        "lines": tail.lines,
        "names": file_names.of([found.job, *children]),
        "priority": found.priority,
        "edit_url": relaunch.address(found.job) if access.may_launch_again(request.user, found.job["task"]) else "",
        "may_retry": access.may_retry(request.user, found),
        "may_steer": access.may_steer(request.user, found.owner_id),
    }
    return render(request, "dashboard/job.html", context)


def _title(job: JobDict) -> Any:
    title = _title_of(task_of(job))
    return f"{title} × {job['args']['rows']:,}" if job["task"] == BATCH else title


def _title_of(task: str) -> Any:
    try:
        return catalog.get(task).title
    except UnknownTask:
        return task


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
