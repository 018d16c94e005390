"""The launch form's address with the arguments of a job: no secrets; what is too long for an address the job has."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from dashboard import access
from dashboard.forms.build import field_for
from dashboard.forms.nested import PartsField
from dashboard.forms.times import MomentInput
from dashboard.launching.addresses import filled_in
from tasks import catalog
from tasks.again import is_cut
from tasks.catalog import MASK
from tasks.catalog_errors import fault, in_words
from tasks.catalog_signature import Parameter

#: `?.job=ID` fills the form in with what a job was given; no parameter is called so.
OF_JOB = ".job"


def address(job: Mapping[str, Any]) -> str:
    """Empty where the task's name is none that an address can have."""
    try:
        url = reverse("taskcast:task_form", args=[job["task"]])
    except NoReverseMatch:
        return ""
    url, is_all = filled_in(url, _values(job).items())
    if is_all and not any(map(is_cut, (job["args"] or {}).values())):
        return url
    return f"{url}{'&' if '?' in url else '?'}{OF_JOB}={job['id']}"


def query(request: HttpRequest, task: str) -> QueryDict:
    """What fills the form in: what the address says, and below it what its job was given. Raises Http404 where that is
    none of this task, or not for the reader."""
    if OF_JOB not in request.GET:
        return request.GET
    try:
        job = access.get_job_or_404(request.user, UUID(request.GET[OF_JOB])).job
    except ValueError:
        raise Http404(_("There is no such job.")) from None
    if job["task"] != task:
        raise Http404(_("There is no such job."))
    for name, value in (job["args"] or {}).items():
        if is_cut(value):
            messages.warning(request, in_words([fault([name], "long_not_kept")]))
    found = QueryDict(urlencode(_values(job), doseq=True), mutable=True)
    for name, values in request.GET.lists():
        found.setlist(name, values)
    return found


def _values(job: Mapping[str, Any]) -> dict[str, Any]:
    typed = {name: _as_typed(job["task"], name, value) for name, value in (job["args"] or {}).items()}
    return {name: value for name, value in typed.items() if _is_said(value) and not is_cut(value)}


def _as_typed(task: str, name: str, value: Any) -> Any:
    """What one would type; None for what cannot be typed, or need not."""
    try:
        parameter = catalog.get(task).by_name[name]
    except (catalog.UnknownTask, KeyError):
        return _for_nobody(value)
    field: Any = field_for(parameter)
    if isinstance(field, PartsField) and value is not None:
        return json.dumps(without_secrets(value), ensure_ascii=False)
    if MASK in json.dumps(value, ensure_ascii=False):
        return None
    if isinstance(field.widget, forms.FileInput | MomentInput):
        return value  # ids; the form itself shows a moment in the reader's zone
    return _nothing(parameter, field) if value is None else field.shown(value)


def _nothing(parameter: Parameter, field: Any) -> str | None:
    """None is what an empty field means; that has to be said where it is not so from the beginning."""
    return "" if field.nullable and not parameter.required and parameter.default is not None else None


def without_secrets(value: Any) -> Any:
    """A masked value without what is masked in it."""
    if isinstance(value, dict):
        return {name: without_secrets(item) for name, item in value.items() if item != MASK}
    return [without_secrets(item) for item in value] if isinstance(value, list) else value


def _for_nobody(value: Any) -> Any:
    """For a task that is not known any more: objects, and lists of more than words and numbers, as JSON."""
    is_plain = not isinstance(value, dict) and not (isinstance(value, list) and any(map(_is_nested, value)))
    return value if is_plain or MASK in str(value) else json.dumps(value, ensure_ascii=False)


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict | list) or value is None


def _is_said(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_is_said, value))
    return isinstance(value, str | int | float) and value != MASK
