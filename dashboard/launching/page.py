"""The launch form's page: its forms, its look, and the launch of what is in them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dashboard.forms.form import form_class
from dashboard.launching import kept, recent, saved
from dashboard.launching.when import WhenForm
from dashboard.templatetags.taskcast import when as when_it_is
from tasks.catalog import BadArguments, LaunchableTask
from tasks.launching import launch


def forms_of(request: HttpRequest, task: LaunchableTask, given: QueryDict) -> tuple[Any, WhenForm]:
    """The forms of arguments and of the time, with what was typed into them."""
    form = form_class(task)(given, request.FILES, user=request.user)
    kept.offer_uploads(form, request.user, given)
    return form, WhenForm(given)


def launched(
    request: HttpRequest, task: LaunchableTask, form: Any, when: WhenForm, job_id: UUID | None = None
) -> HttpResponse:
    """Launch what is in valid forms, and go to the job; IntegrityError where there is one with this id."""
    try:
        job = launch(task.name, form.arguments(), user=request.user, job_id=job_id, **when.launch_options())
    except BadArguments as error:
        # What only the launch could know, such as an upload that is gone meanwhile.
        for fault in error.errors:
            form.say_fault(fault)
        return form_page(request, task, form, when, status=422)
    if when.eta:
        messages.success(request, _("It will be launched at {time}.").format(time=when_it_is(when.eta.isoformat())))
    return redirect("taskcast:job", job.pk)


def form_page(
    request: HttpRequest, task: LaunchableTask, form: Any, when: WhenForm, *, status: int = 200, heading: str = ""
) -> HttpResponse:
    """The page of the launch form."""
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
