"""Saving what is in a launch form under a name, and what becomes of it later."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dashboard import access
from dashboard.forms import typed
from dashboard.launching import carried, saved
from dashboard.launching.saved import NameForm
from tasks import catalog
from tasks.catalog import LaunchableTask

#: What the button of the launch form asks for.
SAVE = "save"


def save(request: HttpRequest, task: LaunchableTask, form: Any, when: Any) -> HttpResponse:
    """Ask for a name, then keep what is in the `form`. Both steps are posted to the form's own address, with all that
    was typed."""
    own = next((one.row for one in saved.listed(request, task) if one.is_chosen and one.may_change), None)
    names: dict[str, Any] = {"owner": request.user, "task": task.name, "row": own, "is_copy": True}
    values = saved.values_of(form)
    if "saved-name" not in request.POST:
        return _ask(request, task, form, NameForm(**names), values)
    name_form = NameForm(request.POST, **names)
    if not name_form.is_valid():
        return _ask(request, task, form, name_form, values, status=422)
    found = saved.save(request.user, task, name_form, values)
    messages.success(request, _("Saved as “{name}”.").format(name=found.name))
    # What is not saved stays in the form, but for secrets.
    others = {one.name: one.values for one in typed.beside(when, request.POST) if one.values != [one.field.initial]}
    files = {name: list(carried.files(form, name)) for name, field in form.fields.items() if carried.is_file(field)}
    return redirect(f"{saved.address(found)}&{urlencode({**files, **others}, doseq=True)}".rstrip("&"))


def _ask(
    request: HttpRequest,
    task: LaunchableTask,
    form: Any,
    name_form: NameForm,
    values: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    context = {
        "task": task,
        "form": name_form,
        "values": {name: ", ".join(texts) for name, texts in values.items()},
        "carried": carried.fields(form, request.POST, secrets=False, without=f"{NameForm.prefix}-"),
    }
    return render(request, "dashboard/saved_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename saved inputs, share them with another group, or delete them."""
    row = access.get_saved_or_404(request.user, pk)
    if not access.may_change_saved(request.user, row):
        raise PermissionDenied(_("Only who saved these inputs changes them."))
    if "delete" in request.POST:
        row.delete()
        messages.success(request, _("“{name}” is deleted.").format(name=row.name))
        return redirect("taskcast:task_form", row.task)
    form = NameForm(request.POST or None, owner=request.user, task=row.task, row=row)
    if request.method == "POST" and form.is_valid():
        saved.rename(row, form)
        messages.success(request, _("The change is saved."))
        return redirect(saved.address(row))
    # Where the owner has left it, its members do not see them any more.
    group = row.group if row.group in request.user.groups.all() else None
    context = {"row": row, "group": group, "task": catalog.get(row.task), "form": form, "address": saved.address(row)}
    return render(request, "dashboard/saved_change.html", context, status=422 if request.method == "POST" else 200)
