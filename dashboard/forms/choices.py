"""The choices of an enumeration or a `Literal`, as a browser sends them and as people read them."""

import enum
import json
from collections.abc import Mapping
from typing import Any, get_args

from tasks.catalog_values import enum_key
from tasks.catalog_words import Words

#: The box that says an empty list, where no box at all says that there is none.
NO_ITEMS = "[]"


def choices_of(of: Any, say: Words) -> dict[str, tuple[Any, Any]]:
    """Value and label of each choice by the text that the browser sends; `say` has the author's words.

    That is the value itself or its JSON; a text that looks like another choice's JSON is quoted.
    """
    enumeration = isinstance(of, type) and issubclass(of, enum.Enum)
    members = list(of) if enumeration else list(get_args(of))
    found: dict[str, tuple[Any, Any]] = {}
    for member in members:
        value = enum_key(member) if isinstance(member, enum.Enum) else member
        key = value if isinstance(value, str) else json.dumps(value)
        if key in found or not key:
            key = json.dumps(value)
        label = getattr(member, "label", None)  # Django's `TextChoices`
        words = _readable(member.name) if enumeration else str(member)
        found[key] = (value, label or say(words))
    return found


def _readable(name: str) -> str:
    return name.replace("_", " ").capitalize() if name.isupper() else name.replace("_", " ")


def read_key(values: Mapping[str, tuple[Any, Any]], key: str) -> Any:
    """The value that `key` stands for; itself where it is no choice, for the validation to refuse."""
    return values[key][0] if key in values else key


def key_of(value: Any, values: Mapping[str, tuple[Any, Any]]) -> str | None:
    """The text for `value`, None where it is no choice."""
    same = (key for key, (own, _label) in values.items() if own == value and type(own) is type(value))
    return next(same, None)
