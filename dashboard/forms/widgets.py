"""Controls for choices: few stand open, among many one searches, with a script by typing."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString

#: As many choices as are better seen at once: as radio buttons, as check boxes without a search.
FEW = 5
_OPEN = 10
BLANK: tuple[str, Any] = ("", "---------")


class OneOfFew(forms.RadioSelect):
    """Radio buttons."""


class OneOfMany(forms.Select):
    """A select; frontend/src/elements/choice.ts makes it one in which one types."""

    is_renewed = False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The select, inside of the element where there are enough choices to search."""
        control = super().render(name, value, attrs, renderer)
        if not self.is_renewed and len(list(self.choices)) <= _OPEN:
            return control
        return format_html("<taskcast-choice>{}</taskcast-choice>", control)


class SeveralOfMany(forms.CheckboxSelectMultiple):
    """Check boxes; frontend/src/elements/checklist.ts puts a search above many of them."""

    is_renewed = False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The boxes, inside of the element where there are enough choices to search."""
        control = super().render(name, value, attrs, renderer)
        if not self.is_renewed and len(list(self.choices)) <= _OPEN:
            return control
        return format_html("<taskcast-checklist>{}</taskcast-checklist>", control)
