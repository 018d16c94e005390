"""Form fields: what was typed becomes what a task's validation takes, values are shown as one would type them.

They judge as little as possible: the task's validation says what is wrong, in the same words as in the API.
"""

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tasks.catalog_errors import fault
from tasks.catalog_values import NotJson, sound

#: Nothing was given: the task's own default holds.
OMITTED: Any = object()


class ArgumentField(forms.Field):
    """A field whose text is read by `read`; `show` is that backwards; `empty` is what an empty one means."""

    def __init__(
        self,
        *,
        read: Callable[[Any], Any],
        show: Callable[[Any], Any],
        empty: Any = OMITTED,
        nullable: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.read = read
        self.show = show
        self.empty = empty
        self.nullable = nullable

    def clean(self, value: Any) -> Any:
        """The argument, or OMITTED. Raises ValidationError."""
        if value in self.empty_values:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            # What was not even sent, by a program, was not emptied either.
            return OMITTED if value is None else self.empty
        return self.read(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether something was filled in; what was not even sent was not."""
        return data is not None and _as_sent(initial) != _as_sent(data)

    def shown(self, value: Any) -> Any:
        """What the control shows of an argument in JSON's types; None where it cannot."""
        try:
            return None if value is None else self.show(value)
        except (TypeError, ValueError, AttributeError):
            return None


def _as_sent(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    return value if value else ""


class LinesField(ArgumentField):
    """A list, one item on a line; a text that is a JSON list is taken as that."""

    def place(self, value: Any, steps: list[Any]) -> str:
        """The item that is wrong, in the reader's own text."""
        items = value if isinstance(value, list) else []
        item = items[steps[0]] if steps and isinstance(steps[0], int) and steps[0] < len(items) else None
        return "" if item is None else f"“{item}”"


def read_text(value: str) -> str:
    """As typed; a browser sends a text area's line ends as CR LF."""
    return value.replace("\r\n", "\n")


def read_optional_text(value: str) -> str:
    """As typed; `""` is the empty text, since an empty box is none. Two quotes more are two quotes."""
    return read_text(value[2:] if value[:2] == '""' and not value.strip('"') else value)


def show_optional_text(value: Any) -> str:
    """What `read_optional_text` reads back."""
    text = only_text(value)
    return f'""{text}' if not text.strip('"') and len(text) != 1 else text


def only_text(value: Any) -> str:
    """A text as it is. Raises TypeError for what is none."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def read_numberish(value: str) -> Any:
    """A JSON number where it is one, so that of a union of numbers the right one is taken."""
    try:
        number = _loads(value)
    except ValueError:
        return value
    return number if isinstance(number, int | float) and not isinstance(number, bool) else value


def read_loosely(value: str) -> Any:
    """JSON where it parses, else the text itself: `4` is a number, `abc` and `"4"` are texts."""
    try:
        return _loads(value)
    except (ValueError, RecursionError):
        return read_text(value)


def read_json(value: str) -> Any:
    """JSON. Raises ValidationError."""
    try:
        found = _loads(value)
        if "\\u" in value:  # half of a pair, as a part of a form, would stand in a page, which cannot be written then
            sound(json.dumps(found, ensure_ascii=False))
    except NotJson as error:
        raise ValidationError(fault([], error.kind)["msg"], code=error.kind) from None
    except (ValueError, RecursionError):
        raise ValidationError(_("Enter valid JSON."), code="json") from None
    return found


def read_lines(item: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """A function that reads one item from each line that is not empty."""

    def read(value: str) -> list[Any]:
        if value.lstrip().startswith("["):
            try:
                return list(_loads(value))
            except (ValueError, TypeError, RecursionError):
                pass
        return [item(line) for line in map(str.strip, value.splitlines()) if line]

    return read


def read_yes_no(value: Any) -> Any:
    """A checkbox's or a select's answer."""
    return {"on": True, "true": True, "True": True, "false": False, "False": False}.get(value, value)


def only_yes_no(value: Any) -> bool:
    """Whether a box is ticked. Raises TypeError for what is neither yes nor no."""
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def as_it_is(value: Any) -> Any:
    """The value."""
    return value


def _loads(text: str) -> Any:
    def refuse(name: str) -> Any:
        raise ValueError(name)

    # NaN and Infinity are Python's own addition to JSON.
    return json.loads(text, parse_constant=refuse)


def show_json(value: Any) -> str:
    """A value as JSON to be read and changed by people."""
    return json.dumps(value, ensure_ascii=False, indent=2 if isinstance(value, dict | list) and value else None)


def show_loosely(value: Any) -> str:
    """What `read_loosely` reads back."""
    if isinstance(value, str) and read_loosely(value) == value and value:
        return value
    return json.dumps(value, ensure_ascii=False)


def show_text(value: Any) -> str:
    """A text as it is, a number as JSON has it."""
    return value if isinstance(value, str) else json.dumps(value)


def show_lines(item: Callable[[str], Any], *, is_empty_none: bool) -> Callable[[Any], str]:
    """A function that shows a list on lines, or as JSON where lines would read otherwise."""

    def show(value: Any) -> str:
        if not isinstance(value, list) or (is_empty_none and not value):
            return show_json(value)
        text = "\n".join(map(show_text, value))
        return text if list(map(str, read_lines(item)(text))) == list(map(str, value)) else show_json(value)

    return show
