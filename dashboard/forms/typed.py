"""What stands in a form as it was typed, right or wrong: what an address, or the database, has to say so that it comes
back as it was. Never a secret.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from dashboard.forms.fields import OMITTED, read_json
from dashboard.forms.form import ArgumentsForm
from dashboard.forms.nested import BoundParts, PartsField
from dashboard.forms.times import MomentInput
from dashboard.launching.beside import BesideForm
from dashboard.launching.relaunch import without_secrets
from tasks.catalog import MASK


@dataclass(frozen=True)
class Typed:
    """One field: `values` as an address repeats them, `is_whole` unless a secret was left out."""

    name: str
    field: forms.Field
    values: list[str]
    is_whole: bool = True


def arguments(form: ArgumentsForm) -> Iterator[Typed]:
    """The fields of a bound launch form, by their parameters' names; files by their uploads' ids."""
    data: Any = form.data
    for name, field in form.fields.items():
        bound: Any = form[name]
        if isinstance(field, PartsField):
            yield Typed(name, field, *_parts(form, bound))
        else:
            posted = data.getlist(bound.html_name)
            if isinstance(field.widget, MomentInput) and posted:
                posted = [bound.data]  # with the offset that was chosen beside it
            values = _values(field, posted)
            is_secret = isinstance(field.widget, forms.PasswordInput) or _may_hide(form, name, bound)
            yield Typed(name, field, [] if is_secret else values, not (is_secret and values))


def beside(form: BesideForm, posted: QueryDict) -> Iterator[Typed]:
    """The fields of a form that stands beside the arguments."""
    for name, field in form.fields.items():
        html_name = form.add_prefix(name)
        yield Typed(html_name, field, _values(field, posted.getlist(html_name)))


def _parts(form: ArgumentsForm, bound: BoundParts) -> tuple[list[str], bool]:
    if not bound.is_sent:
        return [], True
    is_secret = bound.field.is_secret
    try:
        value = read_json(bound.text or "null") if bound.is_text else bound.as_typed()
    except ValidationError:
        return ([], False) if is_secret else ([bound.text or ""], True)
    shown = without_secrets(form.task.masked({bound.name: value})[bound.name])
    if shown == MASK:
        return [], False
    return [json.dumps(shown, ensure_ascii=False)], not is_secret


def _may_hide(form: ArgumentsForm, name: str, bound: Any) -> bool:
    """Whether a text holds a secret, or could: JSON with passwords in it."""
    if form.task.by_name[name].mask is None:
        return False
    try:
        value = bound.field.clean(bound.data)
    except ValidationError:
        return True
    return value is not OMITTED and form.task.masked({name: value})[name] != value


def _values(field: forms.Field, posted: list[str]) -> list[str]:
    if isinstance(field.widget, forms.CheckboxInput):
        return posted or ["false"]  # a box that is not ticked is not sent
    if isinstance(field.widget, forms.CheckboxSelectMultiple):
        return posted or ([""] if field.initial else [])
    values = [text for text in posted if text]
    # A default that was taken out must not come back.
    return values or ([""] if field.initial and posted else [])
