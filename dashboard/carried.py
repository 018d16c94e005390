"""What was posted to a launch form, for the hidden fields of a page that comes before it is acted on."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import QueryDict

from dashboard import typed
from dashboard.confirming import SURE
from dashboard.form_views import DO
from dashboard.forms import ArgumentsForm
from dashboard.forms_parts import every_part

# Of the page's own, not of what was typed.
_OWN = ("csrfmiddlewaretoken", DO, SURE)


def fields(form: ArgumentsForm, given: QueryDict, *, secrets: bool = True, without: str = "") -> list[tuple[str, str]]:
    """Names and values of what was `given`: files, which are kept by now, by their uploads' ids.

    No `secrets` where they are not needed any more; nor what begins with `without`.
    """
    by_html_name = {form.add_prefix(name): (name, field) for name, field in form.fields.items()}
    instead = {} if secrets else dict(_without_secrets(form))
    found: list[tuple[str, str]] = []
    for html_name, values in given.lists():
        name, field = by_html_name.get(html_name, ("", None))
        if html_name in _OWN or (without and html_name.startswith(without)) or is_file(field):
            continue
        found += [(html_name, value) for value in instead.get(html_name, values)]
    for html_name, (name, field) in by_html_name.items():
        found += [(html_name, number) for number in files(form, name)] if is_file(field) else []
    return found


def _without_secrets(form: ArgumentsForm) -> Iterator[tuple[str, list[str]]]:
    """The names in HTML of fields that hold a secret, or could, and what of their values is none."""
    for one in typed.arguments(form):
        # A field of parts may have come as JSON text; else its parts are looked at below.
        if not one.is_whole and getattr(form[one.name], "text", "") is not None:
            yield form.add_prefix(one.name), one.values
    for part in every_part(form):
        yield from ((bound.html_name, []) for bound in part if isinstance(bound.field.widget, forms.PasswordInput))


def is_file(field: forms.Field | None) -> bool:
    """Whether the field takes files."""
    return field is not None and isinstance(field.widget, forms.FileInput)


def files(form: ArgumentsForm, name: str) -> Iterator[str]:
    """The ids of the uploads that a file field holds: those that are launched with, else those that were kept."""
    taken = form.arguments().get(name)
    held: Any = form.fields[name]
    numbers = taken if isinstance(taken, list) else [taken] if taken else [file.id for file in held.kept]
    return map(str, numbers)
