"""Text with `{column}` in it. Not `str.format`: that would let a template read attributes of our objects."""

import re
from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _

from tasks.samples.csv_stream import listed

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}\r\n]+)\}")


class UnknownColumn(ValueError):
    """A template names a column that the file does not have."""


def check(template: str, columns: Collection[str]) -> None:
    """Raise UnknownColumn unless every `{column}` of the template is one of `columns`."""
    names = [name.strip() for name in _PLACE.findall(template) if name]
    unknown = [name for name in dict.fromkeys(names) if name not in columns]
    if unknown:
        named = ", ".join(f"{{{name}}}" for name in unknown)
        message = _("The file has no column for {named}; it has {columns}. For a brace write {brace}.")
        raise UnknownColumn(message.format(named=named, columns=listed(columns), brace="{{"))


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with the values in the places of their columns' names; `{{` and `}}` become single braces.

    What is filled in is text, whatever it holds: a value `{email}` stays so.
    """
    return _PLACE.sub(lambda place: _filled(place, values), template)


def one_line(text: str) -> str:
    """`text` without line ends and other control characters, for a mail's header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _filled(place: re.Match[str], values: Mapping[str, str]) -> str:
    return values[place[1].strip()] if place[1] else place[0][0]
