"""Fields that are made of fields: a model is a fieldset, a list of models a table with a row for each.

What a part is called in HTML begins with the parameter's name: `login.user`, `people.0.name`. No parameter's name has
a dot. Under the parameter's own name stands JSON text, as an address or a program sends it; or "on" or "off", which say
that the parts were on the page, and whether there is a value even where nothing is filled in.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.template.loader import render_to_string

from dashboard.forms.fields import OMITTED, ArgumentField, as_it_is, read_json
from dashboard.forms.parts import Composite, Fields, Part

#: Rows that are there to be filled in by those who have no script.
SPARE = 3
_MARKS = ("on", "off")


class BoundParts(Composite):
    """A field of parts in one form."""

    field: "PartsField"
    form: Fields
    template: str

    @property
    def data(self) -> Any:
        """The field itself, which its `clean` asks for what was sent."""
        return self

    @cached_property
    def sent(self) -> str | None:
        """What was sent under the field's own name."""
        return self.form.data.get(self.html_name) if self.form.is_bound else None

    @cached_property
    def text(self) -> str | None:
        """The JSON text that stands for the whole, None where there are parts."""
        if self.form.is_bound:
            return None if self.sent in _MARKS else self.sent
        return self.initial if isinstance(self.initial, str) else None

    @cached_property
    def json_value(self) -> Any:
        """What came as JSON or is the default; OMITTED for nothing, or for what is no JSON."""
        if self.text is None:
            return OMITTED if self.form.is_bound or self.initial is None else self.initial
        try:
            return read_json(self.text)
        except ValidationError:
            return OMITTED

    @cached_property
    def is_text(self) -> bool:
        """Whether the whole is shown as JSON text, since its parts would not hold it."""
        return bool(self.text) and self.json_value is not None and self.field.shown(self.json_value) is None

    @cached_property
    def is_marked(self) -> bool:
        """Whether there is a value even where nothing is filled in."""
        if not self.field.may_lack:
            return True
        return self.sent == "on" if self.sent in _MARKS else self.json_value not in (OMITTED, None)

    @property
    def is_sent(self) -> bool:
        """Whether the form bears the value, or any part of it."""
        start = f"{self.html_name}."
        return self.sent is not None or any(key.startswith(start) for key in self.form.data)

    @cached_property
    def parts(self) -> list[Part]:
        """The forms inside: one for a model, one for each row of a table."""
        return [] if self.is_text else self._made()

    def _made(self) -> list[Part]:
        raise NotImplementedError

    def _part(self, path: str, *, is_marked: bool, **values: Any) -> Part:
        return Part(self.field.fields, self.field.names, path, self.form, is_marked=is_marked, **values)

    @property
    def _posted(self) -> dict[str, Any]:
        return {"data": self.form.data, "files": self.form.files}

    @property
    def id_for_label(self) -> str:
        """Where a message about the whole leads to."""
        return str(self.auto_id)

    def as_widget(self, widget: Any = None, attrs: Any = None, only_initial: bool = False) -> Any:
        """The fields inside, or the box for JSON text."""
        return self._whole() if self.is_text else render_to_string(self.template, {"field": self})

    def _whole(self) -> str:
        # A secret is not shown again.
        text = "" if self.field.is_secret else self.text
        attrs = {"id": self.auto_id, "aria-describedby": self.aria_describedby}
        return self.field.whole.widget.render(self.html_name, text, {k: v for k, v in attrs.items() if v})


class BoundModel(BoundParts):
    """A fieldset."""

    template = "dashboard/_model.html"

    def _made(self) -> list[Part]:
        value = self.initial if self.form.is_bound and self.text is None else self.json_value
        values: dict[str, Any] = {"initial": self.field.model_apart(value)}
        if not self.form.is_bound or self.text is not None:
            return [self._part(self.html_name, is_marked=self.is_marked, **values)]
        part = self._part(self.html_name, is_marked=self.is_marked, **values, **self._posted)
        if part.is_given and not self.is_marked:
            # A page that an address told of None shows empty parts rather than those of the default.
            part.is_given = self._part(self.html_name, is_marked=False, **self._posted).has_changed()
        return [part]

    def say(self, steps: list[Any], message: str) -> bool:
        """At the field of the model that is wrong."""
        name = self.field.names.get(str(steps[0])) if steps else None
        if not self.parts or name is None:
            return False
        self.parts[0].say(name, steps[1:], message)
        return True

    def as_typed(self) -> Any:
        """By the names that the model takes; None for no value."""
        return self.parts[0].as_typed() if self.parts and self.parts[0].is_given else None


class BoundRows(BoundParts):
    """A table."""

    template = "dashboard/_rows.html"
    is_table = True

    def _made(self) -> list[Part]:
        if self.form.is_bound and self.text is None:
            return [self._row(i, is_marked=self._marks(i), **self._default(i), **self._posted) for i in self._numbers]
        value = self.json_value if isinstance(self.json_value, list) else []
        rows = [self._row(i, is_marked=True, initial=self.field.model_apart(item)) for i, item in enumerate(value)]
        return rows + [self._row(len(rows) + i, is_marked=False) for i in range(SPARE)]

    def _row(self, number: int | str, *, is_marked: bool, **values: Any) -> Part:
        return self._part(f"{self.html_name}.{number}", is_marked=is_marked, **values)

    @property
    def _numbers(self) -> list[int]:
        # There are gaps where rows were removed.
        pattern = re.compile(rf"{re.escape(self.html_name)}\.(\d{{1,9}})(?:\.|$)", re.ASCII)
        return sorted({int(match[1]) for match in map(pattern.match, self.form.data) if match})

    def _marks(self, number: int) -> bool:
        return bool(self.form.data.get(f"{self.html_name}.{number}") == "on")

    def _default(self, number: int) -> dict[str, Any]:
        default = self.initial if isinstance(self.initial, list) else []
        return {"initial": self.field.model_apart(default[number])} if number < len(default) else {}

    @cached_property
    def given(self) -> list[Part]:
        """The rows that count."""
        return [row for row in self.parts if row.is_given]

    @property
    def blank(self) -> Part:
        """The row that a script adds; `__row__` stands for its number."""
        return self._row("__row__", is_marked=True)

    @property
    def columns(self) -> list[forms.Field]:
        """What stands above the cells."""
        return list(self.field.fields.values())

    def as_typed(self) -> Any:
        """One row after another; None for no value."""
        rows = [row.as_typed() for row in self.given]
        return rows if rows or self.is_marked else None

    def say(self, steps: list[Any], message: str) -> bool:
        """In the cell that is wrong."""
        if len(steps) < 2 or not isinstance(steps[0], int) or steps[0] >= len(self.given):
            return False
        name = self.field.names.get(str(steps[1]))
        if name is None:
            return False
        self.given[steps[0]].say(name, steps[2:], message)
        return True


class PartsWidget(forms.Widget):
    """Stands for the controls of the parts."""

    use_fieldset = True


class PartsField(ArgumentField):
    """A value made of fields.

    `fields` are those of a model, `names` their names by those that the model takes; `whole` is the field for JSON;
    `may_lack` says that there need not be a value: None is one too, or the default is not shown.
    """

    bound_class: type[BoundParts]

    def __init__(
        self,
        *,
        fields: Mapping[str, forms.Field],
        names: Mapping[str, str],
        whole: ArgumentField,
        may_lack: bool,
        is_secret: bool,
        **options: Any,
    ) -> None:
        super().__init__(read=read_json, show=as_it_is, widget=PartsWidget(), **options)
        self.fields, self.names, self.whole = fields, names, whole
        self.may_lack, self.is_secret = may_lack, is_secret

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        """The field in `form`, with its parts."""
        return self.bound_class(form, self, field_name)

    def clean(self, value: Any) -> Any:
        """The argument, or OMITTED. Raises ValidationError for JSON that is none."""
        bound: BoundParts = value
        if not bound.form.is_bound:
            return bound.json_value
        if not bound.is_sent:
            return super().clean(None)
        return self.whole.clean(bound.text) if bound.text is not None else self._taken(bound)

    def _taken(self, bound: Any) -> Any:
        raise NotImplementedError

    def model_apart(self, value: Any) -> dict[str, Any] | None:
        """What the fields of one model show of `value`; None where they do not hold it."""
        if not isinstance(value, dict) or not value.keys() <= self.names.keys():
            return None
        shown: dict[str, Any] = {}
        for wire, item in value.items():
            field: Any = self.fields[self.names[wire]]
            shown[self.names[wire]] = part = field.shown(item)
            if part is None and not (item is None and field.nullable):
                return None
        return shown


class ModelField(PartsField):
    """A model, a dataclass, a TypedDict."""

    bound_class = BoundModel

    def _taken(self, bound: BoundModel) -> Any:
        part = bound.parts[0]
        return part.values() if part.is_given else self.empty

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether anything inside was filled in."""
        return (self.may_lack and data.is_marked) or data.parts[0].has_changed() if data.parts else True

    def shown(self, value: Any) -> Any:
        """The value, where the fields hold it."""
        return None if self.model_apart(value) is None else value


class RowsField(PartsField):
    """A list of models."""

    bound_class = BoundRows

    def _taken(self, bound: BoundRows) -> Any:
        rows = [row.values() for row in bound.given]
        return rows if rows or bound.is_marked else self.empty

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether there are other rows, or anything was filled in."""
        return len(data.given) != len(initial or ()) or any(row.has_changed() for row in data.given)

    def shown(self, value: Any) -> Any:
        """The value, where the rows hold it."""
        is_held = isinstance(value, list) and all(self.model_apart(item) is not None for item in value)
        return value if is_held else None
