"""The launch form's address with the arguments of a job: no secrets, no more than an address bears."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import NoReverseMatch, reverse

from dashboard.forms_build import field_for
from dashboard.forms_nested import PartsField
from dashboard.forms_times import MomentInput
from tasks import catalog
from tasks.catalog import MASK
from tasks.catalog_signature import Parameter

# Characters: of one value, and of the address.
_LONGEST, _ALL = 2_000, 5_000


def address(job: Mapping[str, Any]) -> str:
    """Empty where the task's name is none that an address can have."""
    try:
        url = reverse("taskcast:task_form", args=[job["task"]])
    except NoReverseMatch:
        return ""
    for name, value in (job["args"] or {}).items():
        typed = _as_typed(job["task"], name, value)
        more = ("&" if "?" in url else "?") + urlencode({name: typed}, doseq=True)
        if _fits(typed) and len(url + more) < _ALL:
            url += more
    return url


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


def _fits(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_fits, value))
    return isinstance(value, str | int | float) and value != MASK and len(str(value)) < _LONGEST
