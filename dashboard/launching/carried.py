"""What was posted to a launch form, for the hidden fields of a page that comes before it is acted on."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import QueryDict

from dashboard.forms import typed
from dashboard.forms.form import ArgumentsForm
from dashboard.forms.parts import every_part
from dashboard.launching.confirming import SURE
from dashboard.launching.form_views import DO

#: How the names begin of what one signs in with in the same form.
SIGN_IN = ".sign-in-"
# Of the page's own, not of what was typed.
_OWN = ("csrfmiddlewaretoken", DO, SURE)


def fields(form: ArgumentsForm, given: QueryDict, *, secrets: bool = True, without: str = "") -> list[tuple[str, str]]:
    """Names and values of what was `given`: files, which are kept by now, by their uploads' ids.

    No `secrets` where they are not needed any more; nor what begins with `without`.
    """
    held = {form.add_prefix(name): name for name, field in form.fields.items() if is_file(field)}
    found = [
        (html_name, value)
        for html_name, value in posted(form, given, secrets=secrets)
        if html_name not in held and not (without and html_name.startswith(without))
    ]
    for html_name, name in held.items():
        found += [(html_name, number) for number in files(form, name)]
    return found


def posted(form: ArgumentsForm, given: QueryDict, *, secrets: bool = True) -> list[tuple[str, str]]:
    """As `fields`, but of files only the ids that were posted."""
    instead = {} if secrets else dict(_without_secrets(form))
    return [
        (html_name, value)
        for html_name, values in given.lists()
        if html_name not in _OWN and not html_name.startswith(SIGN_IN)
        for value in instead.get(html_name, values)
    ]


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
