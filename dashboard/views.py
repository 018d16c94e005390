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

from dashboard import (
    access,
    carried,
    confirming,
    file_names,
    form_views,
    kept,
    listing,
    misfits,
    queries,
    recent,
    relaunch,
    saved,
    saved_views,
    task_names,
    tree,
)
from dashboard.api.schemas import Filters
from dashboard.forms import form_class
from dashboard.templatetags.taskcast import when as when_it_is
from dashboard.when import WhenForm
from tasks import catalog, redis_state
from tasks.catalog import BadArguments, LaunchableTask, UnknownTask
from tasks.eventlog import LogUnavailable
from tasks.events import STATES, UNFINISHED, JobDict
from tasks.launching import launch
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
    if not request.user.is_authenticated:
        return _signed_out(request, name)
    task = access.get_task_or_404(request.user, name)
    form_of_task = form_class(task)
    if request.method != "POST":
        return _filled_in(request, task, form_of_task)
    given, is_asked = form_views.given(request)
    form, when = form_of_task(given, request.FILES, user=request.user), WhenForm(given)
    kept.offer_uploads(form, request.user, given)
    if is_asked:
        form.show_again()
        kept.keep_sent(form, request.user)
        return _asked_for(request, task, form, when)
    if not all([when.is_valid(), form.is_valid()]):
        kept.keep_sent(form, request.user)
        return _form_page(request, task, form, when, status=422)
    if confirming.is_needed(request, task):
        return confirming.page(request, [confirming.of_form(form, when)], carried=carried.fields(form, given))
    try:
        job = launch(task.name, form.arguments(), user=request.user, **when.launch_options())
    except BadArguments as error:
        # What only the launch could know, such as an upload that is gone meanwhile.
        for fault in error.errors:
            form.say_fault(fault)
        return _form_page(request, task, form, when, status=422)
    if when.eta:
        messages.success(request, _("It will be launched at {time}.").format(time=when_it_is(when.eta.isoformat())))
    return redirect("taskcast:job", job.pk)


def _filled_in(request: HttpRequest, task: LaunchableTask, form_of_task: Any) -> HttpResponse:
    chosen = saved.chosen(request, task)
    query = saved.query(chosen, relaunch.query(request, task.name))
    form = form_of_task(user=request.user, query=query)
    if chosen:
        misfits.say(form, chosen.values, query)
    kept.offer_uploads(form, request.user, query)
    words = _("Not all that was saved fits any more")
    return _form_page(request, task, form, WhenForm(query=request.GET), heading=words if chosen else "")


def _asked_for(request: HttpRequest, task: LaunchableTask, form: Any, when: WhenForm) -> HttpResponse:
    """What a button of the form asks for, which launches nothing."""
    match request.POST[form_views.DO]:
        case saved_views.SAVE:
            return saved_views.save(request, task, form, when)
        case kept.LINK:
            return JsonResponse(kept.link(request, task))
        case _:
            return _form_page(request, task, form, when)


def _signed_out(request: HttpRequest, name: str) -> HttpResponse:
    """To the sign-in page, and back to the form with what was typed before the session had ended."""
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    return kept.to_sign_in(
        request, *kept.form_address(request, reverse("taskcast:task_form", args=[name]), name, WhenForm)
    )


def _form_page(
    request: HttpRequest, task: LaunchableTask, form: Any, when: WhenForm, *, status: int = 200, heading: str = ""
) -> HttpResponse:
    context = {
        "heading": heading,
        "task": task,
        "form": form,
        "when": when,
        "needs_multipart": form.is_multipart(),
        "saved": saved.listed(request, task),
        "recent": recent.inputs(request.user, task),
    }
    return render(request, "dashboard/task_form.html", context, status=status)


@require_safe
@login_required
def jobs(request: HttpRequest) -> HttpResponse:
    """The list of jobs, narrowed by the same parameters as the API's; of a task's name a part is enough."""
    try:
        filters, named = asked(request)
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


def asked(request: HttpRequest) -> tuple[Filters, list[str]]:
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
