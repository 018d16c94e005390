"""The recipients of a batch of mails: rows of a CSV file, each with an address."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from tasks.samples.csv_dialect import encoding_of
from tasks.samples.csv_stream import CsvStream, listed, open_csv


@dataclass(frozen=True)
class Recipient:
    """A row of the file; `number` counts rows from 1, the header not among them."""

    number: int
    address: str
    values: dict[str, str]

    @property
    def key(self) -> str:
        """What is the same for two spellings of one address.

        The domain's letters have no case; those before the @ have by the letter of the standard and for no
        mail server: Bob@example.com and bob@example.com are one person who would be written to twice.
        """
        name, _, domain = self.address.rpartition("@")
        with suppress(UnicodeError):
            domain = domain.encode("idna").decode()
        return f"{name}@{domain}".casefold()

    @property
    def valid(self) -> bool:
        """Whether the address is one to which mail can be sent; one with a line end in it is not."""
        try:
            validate_email(self.address)
        except ValidationError:
            return False
        return True


class NoAddressColumn(ValueError):
    """The file has no such column."""


class Recipients:
    """The rows of a CSV file, opened anew for every iteration. Raises NotATable, NoAddressColumn, OSError."""

    def __init__(self, opener: Callable[[], IO[bytes]], column: str) -> None:
        self._opener = opener
        with opener() as source:
            self._encoding = encoding_of(source)
        with self._stream() as stream:
            self.columns = stream.names
        self._column = _find(column, self.columns)

    def __iter__(self) -> Iterator[Recipient]:
        number = 0
        with self._stream() as stream:
            for rows in stream.blocks():
                for row in rows:
                    number += 1
                    padded = row + [""] * (len(self.columns) - len(row))
                    values = dict(zip(self.columns, padded, strict=False))
                    yield Recipient(number, values[self._column].strip(), values)

    def count(self) -> int:
        """How many rows there are; reads the file once."""
        with self._stream() as stream:
            return sum(len(rows) for rows in stream.blocks())

    @contextmanager
    def _stream(self) -> Iterator[CsvStream]:
        with self._opener() as source:
            yield open_csv(source, encoding=self._encoding)


def _find(column: str, columns: list[str]) -> str:
    """The column by its name; capitals and spaces around it do not count unless they tell two columns
    apart."""
    if column in columns:
        return column
    alike = [name for name in columns if name.casefold() == column.strip().casefold()]
    if len(alike) != 1:
        raise NoAddressColumn(
            _("The file has no column {column}; it has {columns}.").format(column=column, columns=listed(columns))
        )
    return alike[0]
