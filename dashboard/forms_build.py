"""From a task's parameter to the form field that fits it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, get_args

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard import forms_fields as read
from dashboard.forms_choices import choices_of, key_of
from dashboard.forms_fields import OMITTED, ArgumentField, LinesField
from dashboard.forms_files import UploadInput, UploadsInput, read_file
from dashboard.forms_help import help_for
from dashboard.forms_kinds import Kind, kind_of
from tasks.catalog_signature import NOTHING, Parameter
from tasks.catalog_words import in_readers_language_lazy

# Texts longer than this are written into a larger box.
_LINE = 200


def field_for(parameter: Parameter) -> forms.Field:
    """The field of `parameter`; never fails: what nothing else fits is JSON."""
    kind = kind_of(parameter)
    field = _BUILDERS[kind.name](parameter, kind)
    field.label = in_readers_language_lazy(parameter.title)
    field.help_text = help_for(parameter, kind, field)
    example = _example(kind)
    if example and isinstance(field.widget, forms.TextInput | forms.Textarea | forms.NumberInput):
        field.widget.attrs.setdefault("placeholder", example)
    return field


def _options(parameter: Parameter, kind: Kind, show: Callable[[Any], Any]) -> dict[str, Any]:
    """What every field is told: whether it is required, what it holds at first, what an empty one means."""
    default = parameter.default_for_wire()
    return {
        "required": parameter.required and not kind.nullable,
        "initial": None if default is NOTHING or default is None else show(default),
        "empty": None if kind.nullable and (parameter.required or parameter.default is not None) else OMITTED,
    }


def _untyped(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(read=read.read_loosely, **_options(parameter, kind, read.show_loosely))


def _yes_no(parameter: Parameter, kind: Kind) -> forms.Field:
    if kind.nullable:
        choices = [("", "---------"), ("true", _("Yes")), ("false", _("No"))]
        options = _options(parameter, kind, read.show_json)
        return ArgumentField(read=read.read_yes_no, widget=forms.Select(choices=choices), **options)
    # A box that is not ticked is not sent at all, which means no.
    return ArgumentField(
        read=read.read_yes_no,
        widget=forms.CheckboxInput(),
        required=False,
        empty=False,
        initial=parameter.default_for_wire() is True,
    )


def _choice(parameter: Parameter, kind: Kind) -> forms.Field:
    values = choices_of(kind.of)
    options = _options(parameter, kind, lambda value: key_of(value, values))
    without = options["required"] or options["initial"] is None or kind.nullable
    choices = [
        *([("", "---------")] if without else []),
        *((key, label) for key, (_v, label) in values.items()),
    ]
    return ArgumentField(
        read=lambda key: values[key][0] if key in values else key,
        widget=forms.Select(choices=choices),
        **options,
    )


def _choices(parameter: Parameter, kind: Kind) -> forms.Field:
    values = choices_of(kind.of)
    options = _options(parameter, kind, lambda chosen: [key_of(value, values) for value in chosen])
    if not options["required"] and not kind.nullable:
        options["empty"] = []
    return ArgumentField(
        read=lambda keys: [values[key][0] if key in values else key for key in keys],
        widget=forms.SelectMultiple(choices=[(key, label) for key, (_v, label) in values.items()]),
        **options,
    )


def _secret(parameter: Parameter, kind: Kind) -> forms.Field:
    options = _options(parameter, kind, str) | {"initial": None, "empty": OMITTED}
    if kind.nullable and parameter.required:
        options["empty"] = None
    widget = forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=False)
    return ArgumentField(read=str, widget=widget, **options)


def _file(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(read=read_file, widget=UploadInput(kind.file_schema), **_options(parameter, kind, str))


def _files(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(
        read=lambda files: [read_file(file) for file in files],
        widget=UploadsInput(kind.file_schema),
        **_options(parameter, kind, str) | {"initial": None},
    )


def _number(parameter: Parameter, kind: Kind) -> forms.Field:
    several = kind.of not in (int,) and bool(get_args(kind.of))
    whole = kind.schema.get("type") == "integer" and not several
    widget = forms.NumberInput(attrs=_bounds(kind.schema, whole=whole))
    reader = read.read_numberish if several else str.strip
    return ArgumentField(read=reader, widget=widget, **_options(parameter, kind, read.show_text))


def _bounds(schema: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    step = 1 if whole else 0
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + step
    if high is None and "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - step
    attrs = {"min": low, "max": high, "step": "1" if whole else "any"}
    # A browser counts steps from `min`, the task counts from 0.
    multiple = schema.get("multipleOf")
    if multiple and (low is None or low % multiple == 0):
        attrs["step"] = multiple
    return {name: value for name, value in attrs.items() if value is not None}


def _text(parameter: Parameter, kind: Kind) -> forms.Field:
    options = _options(parameter, kind, str)
    if kind.of is str and not kind.nullable and not options["required"]:
        options["empty"] = ""  # the default stood in the field and was taken out
    schema, initial = kind.schema, options["initial"] or ""
    if schema.get("format") == "textarea" or "\n" in initial or len(initial) > _LINE:
        return ArgumentField(read=read.read_text, widget=forms.Textarea(attrs={"rows": 6}), **options)
    pattern = schema.get("pattern", "")
    # No maxlength: a browser would cut what is pasted without a word.
    attrs = {"pattern": pattern[1:-1]} if pattern[:1] == "^" and pattern[-1:] == "$" else {}
    return ArgumentField(read=read.read_text, widget=forms.TextInput(attrs=attrs), **options)


def _date(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(read=str.strip, widget=_input("date"), **_options(parameter, kind, str))


def _time(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(read=str.strip, widget=_input("time", step="any"), **_options(parameter, kind, str))


def _datetime(parameter: Parameter, kind: Kind) -> forms.Field:
    options = _options(parameter, kind, str)
    if options["initial"]:  # Django calls this when the form is shown: in the zone of whoever reads it
        options["initial"] = partial(read.show_datetime, options["initial"])
    widget = _input("datetime-local", step="any")
    return ArgumentField(read=read.read_datetime(kind.of), widget=widget, **options)


def _duration(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(
        read=read.read_duration,
        widget=forms.TextInput(attrs={"placeholder": "1:30:00"}),
        **_options(parameter, kind, read.show_duration),
    )


def _input(kind: str, **attrs: Any) -> forms.Widget:
    widget = forms.TextInput(attrs=attrs)
    widget.input_type = kind
    return widget


def _lines(parameter: Parameter, kind: Kind) -> forms.Field:
    item = read.read_numberish if get_args(kind.of) else str
    options = _options(parameter, kind, read.show_lines(item))
    if not options["required"] and not kind.nullable and not parameter.is_args:
        options["empty"] = []
    return LinesField(read=read.read_lines(item), widget=forms.Textarea(attrs={"rows": 4}), **options)


def _scalar(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(read=read.read_loosely, **_options(parameter, kind, read.show_loosely))


def _json(parameter: Parameter, kind: Kind) -> forms.Field:
    reader, show = (read.read_loosely, read.show_loosely) if kind.takes_text else (read.read_json, read.show_json)
    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})
    return ArgumentField(read=reader, widget=widget, **_options(parameter, kind, show))


_BUILDERS: dict[str, Callable[[Parameter, Kind], forms.Field]] = {
    "untyped": _untyped,
    "yes_no": _yes_no,
    "choice": _choice,
    "choices": _choices,
    "secret": _secret,
    "file": _file,
    "files": _files,
    "number": _number,
    "text": _text,
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "duration": _duration,
    "lines": _lines,
    "scalar": _scalar,
    "json": _json,
}


def _example(kind: Kind) -> Any:
    examples = kind.schema.get("examples")
    if kind.name == "secret" or not isinstance(examples, list) or not examples:
        return ""
    return in_readers_language_lazy(read.show_text(examples[0]))
