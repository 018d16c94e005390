"""What a cell's text is: a number, a date, a boolean, or just text."""

import re
from collections.abc import Collection, Iterable
from typing import Literal

Kind = Literal["number", "date", "boolean", "text"]

# No number: a leading zero (telephone numbers and postal codes begin with one), a thousands separator, NaN.
_NUMBER = r"[ \t]*[+-]?(?:(?:0|[1-9][0-9]{0,39})(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?[ \t]*"
# The year first: 03/04/2024 means two different days.
_DATE = (
    r"[ \t]*[12][0-9]{3}(?P<SEP>[-/.])(?:0[1-9]|1[0-2])(?P=SEP)(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?"
    r"(?: ?Z|[ ]?[+-][0-9]{2}:?[0-9]{2})?)?[ \t]*"
)
_BOOLEAN = r"(?i:[ \t]*(?:true|false|yes|no|y|n)[ \t]*)"

_ALL: dict[Kind, re.Pattern[str]] = {
    # Possessive, so that a block of a million characters is matched without a way back to remember.
    "number": re.compile(rf"(?:{_NUMBER}\n)*+"),
    "date": re.compile(rf"(?:{_DATE.replace('SEP', 's')}\n)*+"),
    "boolean": re.compile(rf"(?:{_BOOLEAN}\n)*+"),
}
_ONE = re.compile(rf"(?P<number>{_NUMBER})|(?P<date>{_DATE.replace('SEP', 's')})|(?P<boolean>{_BOOLEAN})")
# Only a value that begins with one of these can be anything but text.
_MAYBE = frozenset("0123456789+-. \ttfynTFYN")


def all_are(kind: Kind, values: Iterable[str]) -> bool:
    """Whether all the values are of one kind: one match for a whole block of them."""
    pattern = _ALL.get(kind)
    return pattern is not None and pattern.fullmatch("\n".join(values) + "\n") is not None


def by_kind(values: Collection[str]) -> dict[Kind, list[str]]:
    """The values, none of them empty, by kind; blank ones (only spaces) are in none."""
    groups: dict[Kind, list[str]] = {}
    maybe = [value for value in values if value[0] in _MAYBE]
    if len(maybe) < len(values):
        groups["text"] = [value for value in values if value[0] not in _MAYBE]
    for value in maybe:
        match = _ONE.fullmatch(value)
        if match:
            kind: Kind = match.lastgroup  # type: ignore[assignment]
            groups.setdefault(kind, []).append(value)
        elif not value.isspace():
            groups.setdefault("text", []).append(value)
    return groups
