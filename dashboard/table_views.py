"""Many jobs of a task at once: a table is pasted or chosen as a file, and becomes one batch."""

import csv
import uuid
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import access, confirming, form_views, kept, table_text
from dashboard.forms import form_class
from dashboard.table_rows import BadTable, check, launch_table
from tasks.catalog import LaunchableTask
from tasks.file_rules import in_words

#: Bytes: what is sent back to be corrected in the page has to fit into a form once more.
LARGEST = 4 * 1024 * 1024
# Faults that are shown at once.
_SHOWN = 100


class TableForm(forms.Form):
    """After `is_valid`, `text` is the table, from the file where one was chosen."""

    # No CharField, which would refuse by itself what the task's validation tells at its cell.
    table = forms.Field(
        required=False,
        label=gettext_lazy("Table"),
        help_text=gettext_lazy("Copied from a spreadsheet, or as CSV; the first row has the names."),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "wrap": "off"}),
    )
    file = forms.FileField(
        required=False,
        allow_empty_file=True,
        label=gettext_lazy("Or a CSV file"),
        help_text=gettext_lazy("In UTF-8; it takes the place of the table above."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
    )
    # Not filled in by a browser: a page that is loaded anew is another one.
    once = forms.UUIDField(required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}))

    def __init__(self, data: Any = None, files: Any = None, **options: Any) -> None:
        super().__init__(data, files, label_suffix="", **options)
        self.text = ""

    def clean(self) -> dict[str, Any]:
        """Read the file; and let its text stand in the page from now on, where it can be corrected."""
        file = self.cleaned_data.get("file")
        self.text = self.cleaned_data.get("table") or ""
        if file and file.size > LARGEST:
            self.add_error("file", _("The file is larger than {limit}.").format(limit=in_words(LARGEST)))
        elif file:
            try:
                self.text = table_text.decoded(file.read())
            except ValidationError as error:
                self.add_error("file", error)
            self.data = {**self.data, "table": self.text}
        return self.cleaned_data

    def job_id(self, user: Any, task: LaunchableTask) -> uuid.UUID:
        """The batch's id. The same page, sent again with the same table, means the same batch."""
        page = self.cleaned_data.get("once") or uuid.uuid4()
        return uuid.uuid5(page, f"{user.pk} {task.name} {self.text}")


@require_http_methods(["GET", "HEAD", "POST"])
def task_batch(request: HttpRequest, name: str) -> HttpResponse:
    """A table of arguments, a job for each row: all are launched, or every bad row is named."""
    if not request.user.is_authenticated:
        if request.method != "POST":
            return redirect_to_login(request.get_full_path())
        address = reverse("taskcast:task_batch", args=[name])
        return kept.to_sign_in(request, *kept.table_address(request, address, name))
    task = access.get_task_or_404(request.user, name)
    if request.method != "POST":
        form = TableForm(initial={"once": uuid.uuid4(), "table": request.GET.get("table", "")})
        return _page(request, task, form)
    form = TableForm(request.POST.dict(), request.FILES)
    if not form.is_valid():
        return _page(request, task, form, status=422)
    job_id = form.job_id(request.user, task)
    if form_views.DO in request.POST:  # who was asked whether to launch does not want to
        return _page(request, task, form)
    if not _is_launched(request, job_id):
        try:
            if confirming.is_needed(request, task):
                return _ask(request, task, form)
            launch_table(task, form.text, user=request.user, job_id=job_id)
        except BadTable as error:
            return _page(request, task, form, error, status=422)
        except IntegrityError:
            if not _is_launched(request, job_id):  # else the same form was sent twice, and the other one was first
                raise
    return redirect("taskcast:job", job_id)


def _ask(request: HttpRequest, task: LaunchableTask, form: TableForm) -> HttpResponse:
    question = confirming.Question(task, jobs=check(task, form.text, user=request.user))
    carried = [("table", form.text), ("once", str(form.cleaned_data["once"] or ""))]
    return confirming.page(request, [question], carried=carried)


def _is_launched(request: HttpRequest, job_id: uuid.UUID) -> bool:
    return access.jobs_for(request.user).filter(pk=job_id).exists()


def _page(
    request: HttpRequest, task: LaunchableTask, form: TableForm, wrong: BadTable | None = None, status: int = 200
) -> HttpResponse:
    cells = wrong.cells if wrong else []
    for problem in wrong.problems if wrong else ():
        form.add_error("table", problem)
    if cells:
        count = len({cell.row for cell in cells})
        words = ngettext("{n} row is wrong.", "{n} rows are wrong.", count)
        form.add_error("table", words.format(n=f"{count:,}"))
    context = {
        "task": task,
        "form": form,
        "columns": form_class(task)(),
        "cells": cells[:_SHOWN],
        "more": len(cells) - _SHOWN,
    }
    return render(request, "dashboard/task_batch.html", context, status=status)


@require_safe
@login_required
def task_batch_template(request: HttpRequest, name: str) -> HttpResponse:
    """A CSV file with the names of the parameters, to be filled in."""
    task = access.get_task_or_404(request.user, name)
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")  # without the mark Excel takes it for ANSI
    answer.headers["Content-Disposition"] = content_disposition_header(True, f"{task.name}.csv") or ""
    csv.writer(answer).writerow(parameter.name for parameter in task.parameters)
    return answer
