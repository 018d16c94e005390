"""What of saved inputs no longer fits their task: it is said beside its field, and quoted where that cannot show it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from dashboard.forms.fields import OMITTED
from dashboard.forms.form import ArgumentsForm
from dashboard.forms.nested import PartsField
from tasks.catalog import BadArguments

# Characters of a text that is quoted.
_QUOTED = 200


def say(form: ArgumentsForm, names: Iterable[str], query: QueryDict) -> None:
    """Judge what `query` has filled into an unbound form under these `names`, as the task would.

    Nothing is said of what is missing: secrets and files always are.
    """
    form.cleaned_data = {}
    texts = {name: _short(query.getlist(name)) for name in names if any(query.getlist(name))}
    for name in [name for name in texts if name not in form.fields]:
        words = _("The task has no “{field}” any more; saved for it is “{text}”.")
        form.add_error(None, words.format(field=name, text=texts[name]))
    given = _read(form, texts)
    try:
        form.task.validate(given, user=form.user, check=False)
    except BadArguments as error:
        for fault in error.errors:
            if fault["type"] != "missing" and fault["loc"] and (name := str(fault["loc"][0])) in given:
                form.say_fault({**fault, "msg": _quoting(form, name, texts[name], fault["msg"])})
    for name in given:
        bound: Any = form[name]
        if isinstance(bound.field, PartsField) and bound.field.is_secret and bound.is_text:
            # Its box stays empty, since what an address brings there may be a secret; what was saved is none.
            words = _("The fields do not hold what was saved: {text}")
            form.add_error(name, words.format(text=texts[name]))


def _read(form: ArgumentsForm, texts: Mapping[str, str]) -> dict[str, Any]:
    """The arguments; what cannot be read is said."""
    given: dict[str, Any] = {}
    for name in [name for name in form.fields if name in texts]:
        try:
            value = form.value_of(name)
        except ValidationError as error:
            for message in error.messages:
                form.add_error(name, _quoting(form, name, texts[name], message))
        else:
            if value is not OMITTED:
                given[name] = value
    return given


def _quoting(form: ArgumentsForm, name: str, text: str, message: str) -> str:
    """A control for numbers, times or choices does not show what is none of them."""
    field = form.fields[name]
    if isinstance(field.widget, forms.Textarea) or isinstance(field, PartsField):
        return message
    return _("“{text}” was saved here. {message}").format(text=text, message=message)


def _short(values: list[str]) -> str:
    text = ", ".join(values)
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
