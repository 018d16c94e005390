"""The fields of choices: those of a type, and those that an author's code knows."""

from functools import partial
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms import fields as read
from dashboard.forms.asked import AskedField
from dashboard.forms.choices import NO_ITEMS, choices_of, key_of, read_key
from dashboard.forms.fields import ArgumentField
from dashboard.forms.kinds import Kind
from dashboard.forms.options import options_for
from dashboard.forms.widgets import BLANK, FEW, OneOfFew, OneOfMany, SeveralOfMany
from tasks.catalog_signature import Parameter
from tasks.choices import Choices


def choice(parameter: Parameter, kind: Kind) -> forms.Field:
    """One of the members of an enumeration or a `Literal`."""
    values = choices_of(kind.of, parameter.words)
    options = options_for(parameter, kind, lambda value: key_of(value, values))
    offered = [(key, label) for key, (_v, label) in values.items()]
    widget: type[forms.RadioSelect | forms.Select] = OneOfMany
    without: list[tuple[str, Any]] = []
    if len(values) <= FEW:
        widget = OneOfFew
        if kind.nullable or not (options["required"] or options["initial"]):
            without = [("", _("No choice"))]
    elif kind.nullable or not options["initial"]:
        without = [BLANK]
    return ArgumentField(read=partial(read_key, values), widget=widget(choices=[*without, *offered]), **options)


def choices(parameter: Parameter, kind: Kind) -> forms.Field:
    """Several of them."""
    values = choices_of(kind.of, parameter.words)
    none = [NO_ITEMS] if kind.nullable else []
    options = options_for(parameter, kind, lambda chosen: [key_of(value, values) for value in chosen] or none)
    if not options["required"] and not kind.nullable:
        options["empty"] = []
    offered = [(key, label) for key, (_v, label) in values.items()]
    if kind.nullable:
        offered.append((NO_ITEMS, _("None of these: an empty list")))
    return ArgumentField(
        read=lambda keys: [read_key(values, key) for key in keys if key != NO_ITEMS],
        widget=SeveralOfMany(choices=offered),
        **options,
    )


def asked(parameter: Parameter, kind: Kind) -> forms.Field:
    """One of the choices that an author's code knows."""
    is_text = kind.of is str
    reader, show = (str, read.only_text) if is_text else (read.read_loosely, read.show_loosely)
    options = options_for(parameter, kind, show)
    return AskedField(
        choices=_known(parameter),
        say=parameter.words,
        is_text=is_text,
        read=reader,
        widget=OneOfMany(),
        **options,
    )


def asked_several(parameter: Parameter, kind: Kind) -> forms.Field:
    """Several of them."""
    is_text = kind.of is str
    reader, show = (str, read.only_text) if is_text else (read.read_loosely, read.show_loosely)
    options = options_for(parameter, kind, lambda chosen: [show(value) for value in chosen])
    if not options["required"] and not kind.nullable:
        options["empty"] = []
    return AskedField(
        choices=_known(parameter),
        say=parameter.words,
        is_text=is_text,
        read=lambda keys: [reader(key) for key in keys],
        widget=SeveralOfMany(),
        **options,
    )


def _known(parameter: Parameter) -> Choices:
    assert parameter.choices is not None
    return parameter.choices
