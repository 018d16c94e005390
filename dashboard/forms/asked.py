"""Fields whose choices an author's code knows: asked when the form is shown, in the page again when what they depend on
changes."""

from functools import cached_property
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from dashboard.forms.fields import ArgumentField, show_loosely
from dashboard.forms.widgets import BLANK
from tasks.catalog_errors import fault
from tasks.catalog_words import Words
from tasks.choices import Asker, Choices, ChoicesUnknown


class AskedField(ArgumentField):
    """One or several of `choices`; `is_text` says that the values are texts, which are not written as JSON. `say` has
    the author's words."""

    def __init__(self, *, choices: Choices, say: Words, is_text: bool, **options: Any) -> None:
        super().__init__(**options)
        self.choices, self.say, self.is_text = choices, say, is_text

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        """The field in `form`, with its choices."""
        return BoundAsked(form, self, field_name)

    def offered(self, asker: Asker) -> tuple[list[tuple[str, str]], str]:
        """The choices as a browser sends and as people read them, and why there are none."""
        try:
            found = asker.offered(self.choices)
        except ChoicesUnknown as unknown:
            return [], fault([], unknown.kind, unknown.context.get("said", ""), **unknown.context)["msg"]
        key = str if self.is_text else show_loosely
        return [(key(value), str(self.say(label))) for value, label in found], ""


class BoundAsked(BoundField):
    """The field in one form, inside of the launch form `form.top`."""

    field: AskedField

    @cached_property
    def offered(self) -> tuple[list[tuple[str, str]], str]:
        """Asked once for the page."""
        top: Any = self.form.top  # type: ignore[attr-defined]
        return self.field.offered(top.asker)

    @property
    def trouble(self) -> str:
        """Why there are no choices; empty where there are."""
        return self.offered[1]

    @cached_property
    def needed(self) -> list[str]:
        """The names in HTML of what the choices depend on."""
        top: Any = self.form.top  # type: ignore[attr-defined]
        return [top.add_prefix(name) for name in self.field.choices.needs if name in top.fields]

    def as_widget(self, widget: Any = None, attrs: Any = None, only_initial: bool = False) -> Any:
        """The control with its choices; those that were made stay where it is not known what there is."""
        choices, trouble = self.offered
        if trouble:
            value = self.value()
            chosen = value if isinstance(value, list) else [value]
            choices = [(str(key), str(key)) for key in chosen if key]
        one: Any = self.field.widget
        if not one.allow_multiple_selected:
            choices = [BLANK, *choices]
        one.choices = choices
        one.is_renewed = True
        more = {"data-of": self.html_name, "data-needs": " ".join(self.needed)} if self.needed else {}
        return super().as_widget(widget, {**(attrs or {}), **more}, only_initial)
