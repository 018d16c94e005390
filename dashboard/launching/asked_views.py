"""The question whether to launch, and the form that one goes back to from it or from the job."""

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from dashboard.launching import asked, carried, confirming
from dashboard.launching import page as launch_page
from tasks.catalog import LaunchableTask


def task_form(request: HttpRequest, task: LaunchableTask) -> HttpResponse:
    """`?.asked=ID` asks, and launches once, after a yes; `?.typed=ID` is the form as it was typed."""
    found = asked.typed(request, task)
    if found is None:
        return redirect("taskcast:task_form", task.name)
    row, given = found
    form, when = launch_page.forms_of(request, task, given)
    is_launched = asked.is_launched(request, row.pk)
    if request.method == "POST" and is_launched:
        return redirect("taskcast:job", row.pk)
    if is_launched or asked.TYPED in request.GET:
        form.show_again()
        if is_launched:
            asked.say_launched(request)
        return launch_page.form_page(request, task, form, when)
    if not all([when.is_valid(), form.is_valid()]):
        return launch_page.form_page(request, task, form, when, status=422)
    if request.method != "POST":
        return confirming.page(request, [confirming.of_form(form, when)], back=asked.back(request))
    try:
        answer = launch_page.launched(request, task, form, when, job_id=row.pk)
    except IntegrityError:
        if not asked.is_launched(request, row.pk):  # else the yes was sent twice, and the other one was first
            raise
        return redirect("taskcast:job", row.pk)
    if asked.is_launched(request, row.pk):
        # The form is gone back to without them.
        asked.replace(row, carried.fields(form, given, secrets=False))
    return answer
