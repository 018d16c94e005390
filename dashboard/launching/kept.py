"""What a launch form keeps: files brought before or with a refused form, and what was typed before a session ended."""

import uuid
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile as SentFile
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from dashboard.forms import typed
from dashboard.forms.form import ArgumentsForm, form_class
from dashboard.launching import carried
from dashboard.launching.addresses import filled_in
from dashboard.launching.beside import BesideForm
from tasks import UploadedFile, catalog, uploads
from tasks.uploaded import finder_for

#: What the button asks for that copies a link to what is in a form.
LINK = "link"


def offer_uploads(form: ArgumentsForm, user: Any, given: QueryDict) -> None:
    """Let the form's file fields hold the uploads of `user` that `given` names by id.

    A field's `kept` are those files, for a box each that sends the id again; `is_lost` says that it named others.
    A field that holds one need not be filled in again.
    """
    find = finder_for(user)
    for name, field in form.fields.items():
        if not isinstance(field.widget, forms.FileInput):
            continue
        numbers = [text for text in given.getlist(form.add_prefix(name)) if text]
        files = [file for number in map(_number, numbers) if number and (file := find(number))]
        _hold(field, files, is_lost=len(files) < len(numbers))


def keep_sent(form: ArgumentsForm, user: Any) -> None:
    """Keep the good files of a form that was refused for something else: a browser would want them chosen again."""
    for name, field in form.fields.items():
        value = form.cleaned_data.get(name)
        sent = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, SentFile)]
        if not sent or name in form.errors:
            continue
        rows = [uploads.save(file.name or "", file, user) for file in sent]
        files = [UploadedFile(row.id, row.name, row.size) for row in rows]
        held: Any = field
        _hold(field, [*held.kept, *files] if isinstance(value, list) else files, is_lost=held.is_lost)


def _hold(field: forms.Field, files: list[UploadedFile], *, is_lost: bool) -> None:
    shown: Any = field
    shown.kept, shown.is_lost = files, is_lost
    field.initial = [str(file.id) for file in files] or None


def _number(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def link(request: HttpRequest, task: catalog.LaunchableTask) -> dict[str, Any]:
    """The whole address of the form of `task` with what was posted to it, and whether that is all: for anybody who is
    given it, so without files, which are one person's own."""
    form = form_class(task)(request.POST)
    found = list(typed.arguments(form))
    plain = [one for one in found if not carried.is_file(one.field)]
    address, is_all = _filled_in(reverse("taskcast:task_form", args=[task.name]), plain)
    is_all = is_all and not any(one.values for one in found if one not in plain)
    return {"address": request.build_absolute_uri(address), "complete": is_all}


def form_address(request: HttpRequest, address: str, task: str, beside: type[BesideForm]) -> tuple[str, bool]:
    """The `address` of the form of `task` with one `beside` it, filled in with what was posted to it; and whether that
    is all of it.

    Secrets and files are left out, and what is too long for an address.
    """
    try:
        form = form_class(catalog.get(task))(request.POST)
    except catalog.UnknownTask:
        return address, False
    address, is_all = _filled_in(address, [*typed.arguments(form), *typed.beside(beside(), request.POST)])
    return address, is_all and not any(request.FILES.values())


def _filled_in(address: str, found: list[typed.Typed]) -> tuple[str, bool]:
    address, is_all = filled_in(address, ((one.name, one.values) for one in found))
    return address, is_all and all(one.is_whole for one in found)


def table_address(request: HttpRequest, address: str, task: str) -> tuple[str, bool]:
    """The `address` of the page of many jobs of `task` with the table that was posted to it; and whether that is all.

    A table that is too long for an address is left out, a file, and every table of a task that takes secrets.
    """
    text = request.POST.get("table", "")
    try:
        is_secret = any(parameter.mask for parameter in catalog.get(task).parameters)
    except catalog.UnknownTask:
        return address, False
    filled, is_all = filled_in(address, [("table", text)] if text and not is_secret else [])
    return filled, is_all and not is_secret and not any(request.FILES.values())


def posted(request: HttpRequest, task: str) -> list[tuple[str, str]]:
    """Names and values of what was posted to the form of `task`, without secrets."""
    try:
        form = form_class(catalog.get(task))(request.POST)
    except catalog.UnknownTask:
        return []
    return carried.posted(form, request.POST, secrets=False)
