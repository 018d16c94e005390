"""Forms within forms: what a launch form and the parts of one of its values have in common."""

import copy
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.utils import ErrorDict

from dashboard.forms.fields import OMITTED, LinesField


class Composite(BoundField):
    """A field that is made of forms; `is_table` says that there may be several of them."""

    is_table = False

    @property
    def parts(self) -> "list[Part]":
        """The forms inside: one for a model, one for each row of a table."""
        raise NotImplementedError

    def say(self, steps: list[Any], message: str) -> bool:
        """Say a message at the part it is about; False where that is the field itself."""
        raise NotImplementedError

    def as_typed(self) -> Any:
        """What stands in the fields inside, right or wrong, but no secrets."""
        raise NotImplementedError


def parts_of(bound: BoundField) -> "list[Part]":
    """The forms inside of a field; none for a simple one."""
    return bound.parts if isinstance(bound, Composite) else []


def complaints(form: forms.BaseForm, label: str = "") -> Iterator[tuple[str, str, str]]:
    """Everything that is wrong with the fields of any form: the id of the control, what it is called, the message."""
    for name in form.fields:
        bound = form[name]
        called = f"{label}{bound.label}"
        place = str(bound.id_for_label or bound.auto_id)
        if isinstance(bound.field.widget, forms.RadioSelect):
            place += "_0"  # the first of several controls
        yield from ((place, called, str(message)) for message in bound.errors)
        if isinstance(bound, Composite):
            for number, part in enumerate(bound.parts, 1):
                yield from complaints(part, f"{called} {number}: " if bound.is_table else f"{called}: ")


class Fields(forms.Form):
    """What a launch form and the parts of one of its values have in common: messages find their place."""

    _errors: ErrorDict | None

    def clean(self) -> dict[str, Any]:
        """Whatever is wrong inside of a field is wrong with this form, without words of its own."""
        for name in self.fields:
            if any(part.errors for part in parts_of(self[name])):
                self._wrong(name)
        return self.cleaned_data

    @cached_property
    def misread(self) -> frozenset[str]:
        """The fields whose texts could not be read: more need not be said of them."""
        return frozenset(name for name, messages in self.errors.items() if messages)

    def say(self, name: str, steps: list[Any], message: str) -> None:
        """Put what is wrong at `steps` in the field `name` beside the field, or the part, that it is about."""
        if name in self.misread:
            return
        bound = self[name]
        if isinstance(bound, Composite) and bound.say(steps, message):
            self._wrong(name)
            return
        field, value = bound.field, self.cleaned_data.get(name, OMITTED)
        place = field.place(value, steps) if isinstance(field, LinesField) else in_words(steps)
        # add_error takes the value away, which the next message about the same field may still want.
        self.add_error(name, f"{place}: {message}" if place else message)
        self.cleaned_data[name] = value

    def _wrong(self, name: str) -> None:
        self.errors.setdefault(name, self.error_class())


def in_words(steps: list[Any]) -> str:
    """The place of a fault inside of a value; people count from 1."""
    return ".".join(step if isinstance(step, str) else json.dumps(step + 1) for step in steps)


class Part(Fields):
    """The fields of one model, inside of the form `within`; their names begin with `path`.

    `is_marked` says that there is a value even when nothing is filled in.
    """

    def __init__(
        self,
        fields: Mapping[str, forms.Field],
        names: Mapping[str, str],
        path: str,
        within: Fields,
        *,
        is_marked: bool,
        **values: Any,
    ) -> None:
        super().__init__(use_required_attribute=is_marked, **values)
        self.fields.update(copy.deepcopy(dict(fields)))
        self.names = names
        self.path = path
        self.top = within.top  # type: ignore[attr-defined]
        self.is_marked = is_marked
        if not self.is_bound:
            self.cleaned_data: dict[str, Any] = {}  # messages may be about values that came as JSON

    def add_prefix(self, field_name: str) -> str:
        """The field's name in HTML."""
        return f"{self.path}.{field_name}"

    @property
    def table_id(self) -> str:
        """The id of the table that this is a row of."""
        return f"id_{self.path.rpartition('.')[0]}"

    @property
    def cells(self) -> list[BoundField]:
        """The fields, for a template: one of them may be called `fields`, or `errors`."""
        return list(self)

    @cached_property
    def is_given(self) -> bool:
        """Whether this is a value: it is marked as one, or something was filled in."""
        return self.is_marked or (self.is_bound and self.has_changed())

    def full_clean(self) -> None:
        """As every form; nothing is wrong with what is no value."""
        if self.is_bound and not self.is_given:
            self._errors, self.cleaned_data = ErrorDict(), {}
        else:
            super().full_clean()

    def as_typed(self) -> dict[str, Any]:
        """What stands in the fields, right or wrong, but no secrets."""
        found: dict[str, Any] = {}
        for wire, name in self.names.items():
            bound: Any = self[name]
            if isinstance(bound, Composite):
                found[wire] = bound.as_typed()
            elif not isinstance(bound.field.widget, forms.PasswordInput) and bound.value() not in (None, ""):
                try:
                    found[wire] = bound.field.clean(bound.value())
                except forms.ValidationError:
                    found[wire] = bound.value()
        return {wire: value for wire, value in found.items() if value is not OMITTED}

    def values(self) -> dict[str, Any]:
        """What was filled in, by the names that the model takes."""
        by_name = self.cleaned_data if self.errors is not None else {}
        return {wire: by_name[name] for wire, name in self.names.items() if by_name.get(name, OMITTED) is not OMITTED}


def every_part(form: Fields) -> Iterator[Fields]:
    """The form, and all forms inside of it."""
    yield form
    for name in form.fields:
        for part in parts_of(form[name]):
            yield from every_part(part)
