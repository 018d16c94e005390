"""Many jobs of a task at once: a table is pasted or chosen as a file, and becomes one batch."""

import csv
import uuid
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.forms.boundfield import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import access
from dashboard.forms.asked import BoundAsked
from dashboard.forms.choices import NO_ITEMS
from dashboard.forms.form import form_class
from dashboard.launching import asked, confirming, form_views, kept, signed_out
from dashboard.tables import text as table_text
from dashboard.tables.rows import BadTable, check, launch_table
from tasks.catalog import LaunchableTask
from tasks.file_rules import in_words

#: Bytes: what is sent back to be corrected in the page has to fit into a form once more.
LARGEST = 4 * 1024 * 1024
# Faults that are shown at once, and allowed values of a column.
_SHOWN, _VALUES = 100, 30


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
    if not request.user.is_authenticated and (answer := _signed_out(request, name)):
        return answer
    task = access.get_task_or_404(request.user, name)
    if asked.IN_ADDRESS & request.GET.keys() and (request.method != "POST" or confirming.SURE in request.POST):
        return _asked(request, task)
    if request.method != "POST":
        return _page(request, task, _new_form(request.GET.get("table", "")))
    form = TableForm(request.POST.dict(), request.FILES)
    if not form.is_valid():
        return _page(request, task, form, status=422)
    if form_views.DO in request.POST:  # who has signed in just now looks at it first
        return _page(request, task, form)
    return _launched(request, task, form)


def _signed_out(request: HttpRequest, name: str) -> HttpResponse | None:
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    form = TableForm(request.POST.dict(), request.FILES)
    form.is_valid()
    fields = [("table", form.text), ("once", request.POST.get("once", ""))]
    address = reverse("taskcast:task_batch", args=[name])
    return signed_out.answer(request, *kept.table_address(request, address, name), fields)


def _new_form(text: str) -> TableForm:
    return TableForm(initial={"once": uuid.uuid4(), "table": text})


def _asked(request: HttpRequest, task: LaunchableTask) -> HttpResponse:
    """`?.asked=ID` asks, and launches once, after a yes; `?.typed=ID` is the table as it was."""
    found = asked.typed(request, task)
    if found is None:
        return redirect("taskcast:task_batch", task.name)
    form = TableForm(found[1].dict())
    form.is_valid()
    if request.method == "POST":
        return _launched(request, task, form)
    if asked.is_launched(request, form.job_id(request.user, task)):
        asked.say_launched(request)
        return _page(request, task, _new_form(form.text))
    if asked.TYPED in request.GET:
        return _page(request, task, form)
    try:
        question = confirming.Question(task, jobs=check(task, form.text, user=request.user))
    except BadTable as error:
        return _page(request, task, form, error, status=422)
    return confirming.page(request, [question], back=asked.back(request))


def _launched(request: HttpRequest, task: LaunchableTask, form: TableForm) -> HttpResponse:
    """Launch what is in a valid form, or ask first; a form that is sent twice leads to the same jobs."""
    job_id = form.job_id(request.user, task)
    if not asked.is_launched(request, job_id):
        try:
            if confirming.is_needed(request, task):
                check(task, form.text, user=request.user)
                fields = [("table", form.text), ("once", str(form.cleaned_data["once"] or uuid.uuid4()))]
                return asked.ask(request, task, fields)
            launch_table(task, form.text, user=request.user, job_id=job_id)
        except BadTable as error:
            return _page(request, task, form, error, status=422)
        except IntegrityError:
            if not asked.is_launched(request, job_id):  # else the same form was sent twice, and the other one was first
                raise
    return redirect("taskcast:job", job_id)


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
        "columns": [_column(bound) for bound in form_class(task)(user=request.user)],
        "cells": cells[:_SHOWN],
        "more": len(cells) - _SHOWN,
    }
    return render(request, "dashboard/task_batch.html", context, status=status)


def _column(bound: BoundField) -> dict[str, Any]:
    """What the page says of a parameter: what a cell of it may hold, where that is one of a few."""
    values = _allowed(bound)
    return {"field": bound, "values": values[:_VALUES], "more": len(values) - _VALUES}


def _allowed(bound: Any) -> list[str]:
    """As a cell has them; empty where there are others, or they depend on another column."""
    widget = bound.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return ["true", "false"]
    if isinstance(bound, BoundAsked):
        return [key for key, _label in bound.offered[0]]
    # What stands for no choice is an empty cell here, and an empty list is JSON.
    return [key for key, _label in getattr(widget, "choices", ()) if key and key != NO_ITEMS]


@require_safe
@login_required
def task_batch_template(request: HttpRequest, name: str) -> HttpResponse:
    """A CSV file with the names of the parameters, to be filled in."""
    task = access.get_task_or_404(request.user, name)
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")  # without the mark Excel takes it for ANSI
    answer.headers["Content-Disposition"] = content_disposition_header(True, f"{task.name}.csv") or ""
    csv.writer(answer).writerow(parameter.name for parameter in task.parameters)
    return answer
