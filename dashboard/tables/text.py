"""A table as text, from a spreadsheet or a CSV file: its rows, numbered as a spreadsheet numbers them."""

import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_DELIMITERS = "\t,;"


@dataclass(frozen=True)
class Table:
    """`names` are the cells of the first row that is not blank; `rows` are those after it that are not, by number."""

    names: list[str]
    rows: dict[int, list[str]]


def decoded(content: bytes) -> str:
    """The text of a CSV file. Raises ValidationError."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValidationError(
            _("The file is not a CSV file in UTF-8: in the spreadsheet, save it as “CSV UTF-8”."), code="encoding"
        ) from None


def folded(name: str) -> str:
    """A name without what a spreadsheet, or whoever typed it, may have changed: case, spaces, hyphens, underscores."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def read(text: str, known: Collection[str]) -> Table:
    """The table, its delimiter told by the first row, which is to have the names that are `known`, give or take what
    `folded` leaves out.

    Raises ValidationError where there is none, or where a quote is never closed.
    """
    names_known = set(map(folded, known))
    records = _records(text, max(_DELIMITERS, key=lambda delimiter: _fits(text, delimiter, names_known)))
    _number, names = next(records, (0, []))
    if not names:
        raise ValidationError(_("There is no table: its first row has the names of the parameters."), code="empty")
    return Table([name.strip() for name in names], dict(records))


def _fits(text: str, delimiter: str, known: Collection[str]) -> tuple[int, int]:
    """How many of the first row's cells are known names (these are folded), and how many cells that row has."""
    _number, names = next(_records(text, delimiter), (0, []))
    return len([name for name in names if folded(name.strip().removesuffix(":")) in known]), len(names)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, by number: a row of several lines is one, a blank one counts."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    is_over = False

    def lines() -> Iterator[str]:
        nonlocal is_over
        yield from io.StringIO(text, newline="")
        is_over = True

    for number, cells in enumerate(csv.reader(lines(), delimiter=delimiter), 1):
        if is_over:  # the reader was still waiting for the end of a quote, and would hide all that came after it
            raise ValidationError(_("Row {row} has a quote that is never closed.").format(row=number), code="quote")
        if any(map(str.strip, cells)):
            yield number, cells
