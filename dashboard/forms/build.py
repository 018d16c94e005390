"""From a task's parameter to the form field that fits it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, get_args

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from dashboard.forms import build_choices as choice
from dashboard.forms import fields as read
from dashboard.forms import times
from dashboard.forms.fields import OMITTED, ArgumentField, LinesField
from dashboard.forms.files import UploadInput, UploadsInput, read_file
from dashboard.forms.help import help_for
from dashboard.forms.kinds import Kind, kind_of
from dashboard.forms.nested import ModelField, PartsField, RowsField
from dashboard.forms.options import options_for
from dashboard.forms.widgets import BLANK, OneOfFew, OneOfMany
from tasks.catalog_members import members
from tasks.catalog_signature import NOTHING, Parameter

# Texts longer than this are written into a larger box.
_LINE = 200


# Models inside of models have fields of their own down to here; what is deeper is JSON.
_DEEPEST = 2


def field_for(parameter: Parameter, depth: int = 0) -> forms.Field:
    """The field of `parameter`; never fails: what nothing else fits is JSON."""
    kind = kind_of(parameter)
    if kind.name in _OF_PARTS and (depth >= _DEEPEST or _holds_files(parameter)):
        kind = replace(kind, name="json")
    if kind.name in _OF_PARTS:
        field: forms.Field = _of_parts(parameter, kind, depth)
    else:
        field = _BUILDERS[kind.name](parameter, kind)
    unit = parameter.unit
    field.label = format_lazy("{} ({})", parameter.title, parameter.words(unit)) if unit else parameter.title
    field.help_text = help_for(parameter, kind, field)
    example = _example(parameter, kind)
    if example and isinstance(field.widget, forms.TextInput | forms.Textarea | forms.NumberInput):
        field.widget.attrs.setdefault("placeholder", example)
    return field


def _untyped(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(read=read.read_loosely, **options_for(parameter, kind, read.show_loosely))


def _yes_no(parameter: Parameter, kind: Kind) -> forms.Field:
    if kind.nullable:
        choices = [("", "---------"), ("true", _("Yes")), ("false", _("No"))]
        options = options_for(parameter, kind, read.show_json)
        return ArgumentField(read=read.read_yes_no, widget=forms.Select(choices=choices), **options)
    # A box that is not ticked is not sent at all, which means no.
    return ArgumentField(
        read=read.read_yes_no,
        show=read.only_yes_no,
        widget=forms.CheckboxInput(),
        required=False,
        empty=False,
        initial=parameter.default_for_wire() is True,
    )


def _secret(parameter: Parameter, kind: Kind) -> forms.Field:
    options = options_for(parameter, kind, _nothing) | {"initial": None, "empty": OMITTED}
    if kind.nullable and parameter.required:
        options["empty"] = None
    widget = forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=False)
    return ArgumentField(read=str, widget=widget, **options)


def _nothing(_secret: Any) -> str:
    return ""


def _file(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(read=read_file, widget=UploadInput(kind.file_schema), **options_for(parameter, kind, str))


def _files(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(
        read=lambda files: [read_file(file) for file in files],
        widget=UploadsInput(kind.file_schema),
        **options_for(parameter, kind, str) | {"initial": None},
    )


def _number(parameter: Parameter, kind: Kind) -> forms.Field:
    several = bool(get_args(kind.of))
    whole = kind.schema.get("type") == "integer" and not several
    widget = forms.NumberInput(attrs=_bounds(kind.schema, whole=whole))
    # A `Decimal` keeps its digits as a text.
    reader = str.strip if kind.of is Decimal else read.read_numberish
    return ArgumentField(read=reader, widget=widget, **options_for(parameter, kind, read.show_text))


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
    reader, show = read.read_text, read.only_text
    if kind.nullable:
        reader, show = read.read_optional_text, read.show_optional_text
    options = options_for(parameter, kind, show)
    if kind.of is str and not kind.nullable and not options["required"]:
        options["empty"] = ""  # the default stood in the field and was taken out
    schema, initial = kind.schema, options["initial"] or ""
    if schema.get("format") == "textarea" or "\n" in initial or len(initial) > _LINE:
        return ArgumentField(read=reader, widget=forms.Textarea(attrs={"rows": 6}), **options)
    pattern = schema.get("pattern", "")
    # No maxlength: a browser would cut what is pasted without a word.
    attrs = {"pattern": pattern[1:-1]} if pattern[:1] == "^" and pattern[-1:] == "$" else {}
    return ArgumentField(read=reader, widget=forms.TextInput(attrs=attrs), **options)


def _date(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(read=str.strip, widget=_input("date"), **options_for(parameter, kind, str))


def _time(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(read=str.strip, widget=_input("time", step="any"), **options_for(parameter, kind, str))


def _datetime(parameter: Parameter, kind: Kind) -> forms.Field:
    options = options_for(parameter, kind, str) | {"show": times.show_datetime}
    if options["initial"]:  # Django calls this when the form is shown: in the zone of whoever reads it
        options["initial"] = partial(times.show_datetime, options["initial"])
    return ArgumentField(read=times.read_datetime(kind.of), widget=times.MomentInput(attrs={"step": "any"}), **options)


def _duration(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(
        read=times.read_duration,
        widget=forms.TextInput(attrs={"placeholder": "1h 30m"}),
        **options_for(parameter, kind, times.show_duration),
    )


def _input(kind: str, **attrs: Any) -> forms.Widget:
    widget = forms.TextInput(attrs=attrs)
    widget.input_type = kind
    return widget


def _lines(parameter: Parameter, kind: Kind) -> forms.Field:
    item = read.read_numberish if get_args(kind.of) else str
    options = options_for(parameter, kind, read.show_lines(item, is_empty_none=kind.nullable))
    if not options["required"] and not kind.nullable and not parameter.is_args:
        options["empty"] = []
    return LinesField(read=read.read_lines(item), widget=forms.Textarea(attrs={"rows": 4}), **options)


def _scalar(parameter: Parameter, kind: Kind) -> forms.Field:
    return ArgumentField(read=read.read_loosely, **options_for(parameter, kind, read.show_loosely))


def _json(parameter: Parameter, kind: Kind) -> ArgumentField:
    reader, show = (read.read_loosely, read.show_loosely) if kind.takes_text else (read.read_json, read.show_json)
    # What has to be JSON is checked while it is typed (frontend/src/typing.ts).
    attrs = {} if kind.takes_text else {"data-json": _("Enter valid JSON.")}
    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false", **attrs})
    return ArgumentField(read=reader, widget=widget, **options_for(parameter, kind, show))


def _of_parts(parameter: Parameter, kind: Kind, depth: int) -> PartsField:
    found = members(kind.of) or {}
    # The cells of a table are simple.
    inner = _DEEPEST if kind.name == "rows" else depth + 1
    fields = {member.name: field_for(member, inner) for member in found.values()}
    if kind.name == "rows":
        fields = {name: _as_cell(field) for name, field in fields.items()}
    options = options_for(parameter, kind, read.as_it_is)
    del options["show"]
    own = not (parameter.required or parameter.is_args or parameter.is_kwargs)
    is_hidden = own and parameter.default_for_wire() is NOTHING
    if is_hidden:  # left alone, the task's own default holds
        options["empty"] = OMITTED
    return _OF_PARTS[kind.name](
        fields=fields,
        names={wire: member.name for wire, member in found.items()},
        whole=_json(parameter, kind),
        may_lack=kind.nullable or is_hidden,
        is_secret=parameter.mask is not None,
        **options,
    )


def _as_cell(field: Any) -> forms.Field:
    if isinstance(field.widget, OneOfFew):
        choices = [(key, label) for key, label in field.widget.choices if key]
        field.widget = OneOfMany(choices=[BLANK, *choices] if field.required or field.empty is None else choices)
    if isinstance(field.widget, forms.Textarea):
        field.widget.attrs["rows"] = 1
    field.column_help, field.help_text = field.help_text, ""  # said once, above the cells
    return field


def _holds_files(parameter: Parameter) -> bool:
    # Those stay what they are: ids of uploads in JSON.
    return parameter.adapter is not None and '"format": "upload"' in json.dumps(
        parameter.adapter.json_schema(), default=str
    )


_OF_PARTS: dict[str, type[PartsField]] = {"model": ModelField, "rows": RowsField}
_BUILDERS: dict[str, Callable[[Parameter, Kind], forms.Field]] = {
    "untyped": _untyped,
    "yes_no": _yes_no,
    "choice": choice.choice,
    "choices": choice.choices,
    "asked": choice.asked,
    "asked_several": choice.asked_several,
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


def _example(parameter: Parameter, kind: Kind) -> Any:
    examples = kind.schema.get("examples")
    if kind.name == "secret" or not isinstance(examples, list) or not examples:
        return ""
    return parameter.words(read.show_text(examples[0]))
