"""What stands below a field: its author's words, what its type allows, and what holds where nobody says otherwise."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dashboard.forms.kinds import Kind
from dashboard.forms.nested import PartsField
from tasks.catalog_signature import Parameter
from tasks.file_rules import in_words

# A longer default, or one of several lines, stands in the field itself and is enough there.
_LINE = 60
_ENDS = (".", "!", "?", ":", "…", "。", "！", "？")
_CLOSING = ")]}\"'”’»」"

# Bounds by what JSON Schema calls them: the words, and those for just one.
_ITEMS = (
    ("minItems", _("At least {n} items."), _("At least {n} item.")),
    ("maxItems", _("At most {n} items."), _("At most {n} item.")),
)
_LIMITS: Mapping[str, tuple[tuple[str, Any, Any], ...]] = {
    "number": (
        ("minimum", _("At least {n}."), None),
        ("exclusiveMinimum", _("More than {n}."), None),
        ("maximum", _("At most {n}."), None),
        ("exclusiveMaximum", _("Less than {n}."), None),
        ("multipleOf", _("A multiple of {n}."), None),
    ),
    "text": (
        ("minLength", _("At least {n} characters."), _("At least {n} character.")),
        ("maxLength", _("At most {n} characters."), _("At most {n} character.")),
    ),
    **dict.fromkeys(("lines", "rows", "choices", "asked_several"), _ITEMS),
}
_WRITTEN = {
    "lines": _("One on each line."),
    "json": _("As JSON."),
    "duration": _("Like 1h 30m, 90 min or 1:30:00; a number alone is seconds."),
}


def help_for(parameter: Parameter, kind: Kind, field: forms.Field) -> Any:
    """The help text of `field`, in the language of whoever reads it."""
    # What a link fills in changes the field of one form; the default is that of the signature.
    choices = dict(field.widget.choices) if isinstance(field.widget, forms.widgets.ChoiceWidget) else None
    without = isinstance(field, PartsField) or isinstance(
        field.widget, forms.CheckboxInput | forms.FileInput | forms.PasswordInput
    )
    initial = None if field.required or without else field.initial
    may_be_emptied = getattr(field, "empty", None) == ""
    return _in_one_line(parameter.description, kind, initial, choices, may_be_emptied)


def _joined(description: Any, kind: Kind, initial: Any, choices: Any, may_be_emptied: bool) -> str:
    parts = [*_limits(kind, may_be_emptied), *_written(kind), *_default(initial, choices)]
    if description:
        parts.insert(0, _sentence(str(description)) if parts else str(description))
    # Django's templates mark help texts as safe; an author's `a < b` is text all the same.
    return format_html_join(" ", "{}", ((part,) for part in parts))


_in_one_line = lazy(_joined, str)


def _sentence(text: str) -> str:
    return text if text.rstrip(_CLOSING).endswith(_ENDS) else f"{text}."


def _limits(kind: Kind, may_be_emptied: bool) -> Iterator[str]:
    for name, several, one in _LIMITS.get(kind.name, ()):
        n = kind.schema.get(name)
        # That a field which has to be filled in takes one character at least, goes without saying.
        if n is None or (name == "minLength" and n <= (0 if may_be_emptied else 1)):
            continue
        n = int(n) if isinstance(n, float) and n.is_integer() else n
        yield str(one if one and n == 1 else several).format(n=n)


def _written(kind: Kind) -> Iterator[str]:
    most = kind.file_schema.get("maxBytes") if kind.name in ("file", "files") else None
    if most:
        yield gettext("At most {size}.").format(size=in_words(most))
    if kind.name in _WRITTEN:
        yield str(_WRITTEN[kind.name])


def _default(initial: Any, choices: Mapping[Any, Any] | None) -> Iterator[str]:
    value = initial() if callable(initial) else initial
    if choices is not None and value is not None:
        value = ", ".join(str(choices.get(key, key)) for key in (value if isinstance(value, list) else [value]))
    if value and "\n" not in value and len(value) <= _LINE:
        # No full stop: it would look like a part of the value.
        yield gettext("Default: {value}").format(value=value)
