"""The pages of schedules. Each first fetches through `access`, then acts."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard import access, file_names, queries
from dashboard.forms.form import form_class
from dashboard.launching import confirming, form_views, kept, signed_out
from dashboard.schedules import forms as schedule_forms
from dashboard.schedules import runs as schedule_runs
from dashboard.schedules import store
from dashboard.schedules.forms import ScheduledArguments, TimingForm
from dashboard.schedules.store import Scheduled
from dashboard.schedules.times import next_runs
from dashboard.schedules.words import words, zone_of
from tasks.catalog import BadArguments, LaunchableTask
from tasks.models import Job

# Past jobs on a schedule's page.
_PAST = 50


@require_safe
@login_required
def schedules(request: HttpRequest) -> HttpResponse:
    """What runs when: the reader's schedules; for staff, everybody's."""
    found = access.schedules_for(request.user)
    context = {
        "rows": [_row(request, one) for one in found],
        "tasks": [task for task in access.tasks_for(request.user) if not schedule_forms.why_never(task)],
        "sees_all": access.sees_all(request.user),
    }
    return render(request, "dashboard/schedules.html", context)


def _row(request: HttpRequest, found: Scheduled) -> dict[str, Any]:
    trouble = schedule_runs.trouble(found)
    runs = [] if trouble else next_runs(found.periodic, 1)
    last = _jobs(request, found, 1)
    return {
        "schedule": found,
        "words": words(found.periodic),
        "trouble": trouble,
        "next": runs[0].isoformat() if runs else None,
        "last": last[0] if last else None,
    }


def _jobs(request: HttpRequest, found: Scheduled, most: int) -> list[Any]:
    rows = access.jobs_for(request.user).filter(schedule=found.name).select_related("owner").defer("message")
    return queries.live(rows.order_by("-created_at", "-id")[:most])


@require_safe
@login_required
def schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """One schedule: when it runs, what with, and what came of it."""
    found = access.get_schedule_or_404(request.user, pk)
    jobs = _jobs(request, found, _PAST)
    zone = zone_of(found.periodic)
    runs = [] if schedule_runs.trouble(found) else next_runs(found.periodic)
    may_run = access.may_run_schedule(request.user, found)
    context = {
        **_row(request, found),
        "runs": [{"at": at.isoformat(), "there": _in_its_zone(found, at) if zone else ""} for at in runs],
        "zone": zone,
        "jobs": jobs,
        "names": file_names.of(jobs),
        "may_run": may_run,
        "may_change": may_run and found.own is not None,
    }
    return render(request, "dashboard/schedule.html", context)


def _in_its_zone(found: Scheduled, at: Any) -> str:
    return f"{timezone.localtime(at, found.periodic.crontab.timezone):%Y-%m-%d %H:%M}"


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_new(request: HttpRequest) -> HttpResponse:
    """The form of a new schedule of `?task=NAME`; what else stands in the address fills it in."""
    name = request.GET.get("task", "")
    if not request.user.is_authenticated and (answer := _signed_out(request)):
        return answer
    task = access.get_task_or_404(request.user, name)
    if why := schedule_forms.why_never(task):
        context = {"task": task, "why_never": why}
        return render(request, "dashboard/schedule_form.html", context, status=422 if request.method == "POST" else 200)
    form_of_task = form_class(task, ScheduledArguments)
    if request.method != "POST":
        arguments = form_of_task(user=request.user, query=request.GET)
        return _form_page(request, task, TimingForm(query=request.GET), arguments)
    given, is_asked = form_views.given(request)
    timing, arguments = TimingForm(given), form_of_task(given, request.FILES, user=request.user)
    if is_asked:
        arguments.show_again()
        return _form_page(request, task, timing, arguments)
    if (plan := _planned(timing, arguments)) is None:
        return _form_page(request, task, timing, arguments, status=422)
    made = store.make(task, plan, request.user)
    messages.success(request, _("The schedule is made."))
    return redirect("taskcast:schedule", made.periodic.pk)


def _signed_out(request: HttpRequest) -> HttpResponse | None:
    """Have the reader sign in, and come back to the form with what was typed (whose task is told by the form, not by
    us); None where he just has."""
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    task = request.GET.get("task", "")
    address, is_all = kept.form_address(request, f"{request.path}?{urlencode({'task': task})}", task, TimingForm)
    return signed_out.answer(request, address, is_all, kept.posted(request, task), schedule=True)


def _planned(timing: TimingForm, arguments: Any) -> store.Plan | None:
    """What the forms say, None where something is wrong, which then stands beside its field."""
    if not all([timing.is_valid(), arguments.is_valid()]):
        return None
    try:
        return schedule_forms.plan(timing, arguments)
    except BadArguments as error:
        for fault in error.errors:
            arguments.say_fault(fault)
        return None


def _form_page(
    request: HttpRequest, task: LaunchableTask, timing: TimingForm, arguments: Any, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"task": task, "timing": timing, "form": arguments, **more}
    return render(request, "dashboard/schedule_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_change(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a schedule that was made here."""
    if not request.user.is_authenticated and (answer := _signed_out(request)):
        return answer
    found, task = _changeable(request, pk)
    form_of_task, user = form_class(task, ScheduledArguments), found.owner or request.user
    if request.method != "POST":
        timing = TimingForm(initial=schedule_forms.timing_of(found), query=request.GET)
        arguments = form_of_task(user=user, query=request.GET, stored=found.arguments)
        return _form_page(request, task, timing, arguments, schedule=found)
    given, is_asked = form_views.given(request)
    timing, arguments = TimingForm(given), form_of_task(given, request.FILES, user=user)
    if is_asked:
        arguments.show_again()
        return _form_page(request, task, timing, arguments, schedule=found)
    if (plan := _planned(timing, arguments)) is None:
        return _form_page(request, task, timing, arguments, status=422, schedule=found)
    store.change(found, plan, request.user)
    messages.success(request, _("The schedule is changed."))
    return redirect("taskcast:schedule", pk)


def _changeable(request: HttpRequest, pk: int) -> tuple[Scheduled, LaunchableTask]:
    found = access.get_schedule_or_404(request.user, pk)
    if found.own is None:
        raise Http404(_("This schedule was made elsewhere, and is changed there."))
    if found.task is None or not access.may_run_schedule(request.user, found):
        raise PermissionDenied(_("You may not launch this task."))
    return found, found.task


def _button(act: Callable[[HttpRequest, Scheduled], HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that is only posted to. Who has to sign in first comes back to the schedule: its own address opens not."""

    @require_POST
    @wraps(act)
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("taskcast:schedule", args=[pk]))
        return act(request, access.get_schedule_or_404(request.user, pk))

    return view


@_button
def schedule_pause(request: HttpRequest, found: Scheduled) -> HttpResponse:
    """Stop it until it is resumed."""
    store.pause(found)
    messages.success(request, _("The schedule is paused."))
    return redirect("taskcast:schedule", found.periodic.pk)


@_button
def schedule_resume(request: HttpRequest, found: Scheduled) -> HttpResponse:
    """Let it run again; not what was for once, and is past."""
    if found.is_over:
        messages.error(request, _("Its time is past: change it to another."))
    else:
        store.resume(found)
        messages.success(request, _("The schedule runs again."))
    return redirect("taskcast:schedule", found.periodic.pk)


@_button
def schedule_run(request: HttpRequest, found: Scheduled) -> HttpResponse:
    """Run it now, as it would run by itself: the job is the owner's."""
    if not access.may_run_schedule(request.user, found):
        raise PermissionDenied(_("You may not launch this task."))
    if found.task and confirming.is_needed(request, found.task):
        question = confirming.Question(found.task, args=found.shown_arguments, names={})
        return confirming.page(request, [question], back=reverse("taskcast:schedule", args=[found.periodic.pk]))
    try:
        job: Job = schedule_runs.run(found, user=request.user)
    except schedule_runs.Refused as error:
        messages.error(request, str(error))
        return redirect("taskcast:schedule", found.periodic.pk)
    return redirect("taskcast:job", job.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def schedule_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete. The past jobs stay."""
    found = access.get_schedule_or_404(request.user, pk)
    if request.method != "POST":
        return render(request, "dashboard/schedule_delete.html", {"schedule": found, "words": words(found.periodic)})
    store.delete(found)
    messages.success(request, _("The schedule is deleted."))
    return redirect("taskcast:schedules")
