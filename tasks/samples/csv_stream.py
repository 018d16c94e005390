"""A CSV file as blocks of rows, read as a stream: memory does not grow with the file."""

import codecs
import csv
import io
from collections.abc import Collection, Iterator
from typing import IO

from django.utils.translation import gettext as _

from tasks.samples.csv_dialect import SAMPLE_BYTES, NotATable, check_is_text, delimiter_of, encoding_of_head

BLOCK_ROWS = 1024
BLOCK_CHARS = 256 * 1024  # wide rows make shorter blocks: progress and cancelling happen between blocks
LONGEST = 4 * 1024 * 1024  # characters of a line and of a field
MOST_COLUMNS = 1000

Row = list[str]


class CsvStream:
    """Rows of an open binary file.

    `names` are the columns; `blocks()` gives the rest. `position` is how many bytes were read, `lines` how
    many lines, `undecodable` how many times the text holds `�`, which takes the place of bytes that are not
    of the encoding, `unclosed` the line where the row begins in which a quote is never closed.
    """

    def __init__(self, file: IO[bytes], encoding: str, delimiter: str, header: bool = True) -> None:
        """Read the first row. Raises NotATable where there is none, or where it is too wide."""
        csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
        self.encoding = encoding
        self.delimiter = delimiter
        self._file = file
        self.undecodable = 0
        self.unclosed: int | None = None
        self._is_over = False
        codec = "utf-8-sig" if encoding == "utf-8" else encoding
        self._text = io.TextIOWrapper(file, codec, errors="replace", newline="")
        self._chars = 0
        self._reader = csv.reader(self._each_line(), delimiter=delimiter)
        first = next(self._rows(), None)
        if first is None:
            raise NotATable(_("The file has no rows."))
        if len(first) > MOST_COLUMNS:
            raise NotATable(
                _("The file has {n} columns; at most {most} are read.").format(n=len(first), most=MOST_COLUMNS)
            )
        self._pushed_back = [] if header else [first]
        self.names = _names(first if header else [""] * len(first))

    @property
    def position(self) -> int:
        return self._file.tell()

    @property
    def lines(self) -> int:
        return self._reader.line_num

    def blocks(self) -> Iterator[list[Row]]:
        """The rows after the header, a thousand at a time; blank lines are left out, widths are as they
        are."""
        rows, self._pushed_back = self._pushed_back, []
        end = self._chars + BLOCK_CHARS
        for row in self._rows():
            rows.append(row)
            if len(rows) >= BLOCK_ROWS or self._chars >= end:
                yield rows
                rows, end = [], self._chars + BLOCK_CHARS
        if rows:
            yield rows

    def _rows(self) -> Iterator[Row]:
        line = self.lines + 1
        try:
            for row in self._reader:
                if self._is_over:  # it was still waiting for the end of a quote
                    self.unclosed = line
                if row:
                    yield row
                line = self.lines + 1
        except UnicodeError:  # UTF-16 without the mark that says which half comes first
            raise NotATable(_("The file is not {encoding}.").format(encoding=self.encoding)) from None
        except csv.Error:
            message = _(
                "The row that begins in line {line} has a field of over {limit} MiB; "
                "is there a quote that is never closed?"
            )
            raise NotATable(message.format(line=line, limit=LONGEST >> 20)) from None

    def _each_line(self) -> Iterator[str]:
        readline = self._text.readline
        while line := readline(LONGEST):
            length = len(line)
            # A file without line ends must not be read into memory in search of one.
            if length >= LONGEST:
                message = _("Line {line} is over {limit} MiB long.")
                raise NotATable(message.format(line=self.lines + 1, limit=LONGEST >> 20))
            self._chars += length
            self.undecodable += line.count("�")
            yield line
        self._is_over = True


def open_csv(file: IO[bytes], *, encoding: str = "", delimiter: str = "", header: bool = True) -> CsvStream:
    """The stream of a file that can be sought, encoding and delimiter from its head unless given.

    The file is closed with the stream. Raises NotATable.
    """
    file.seek(0)
    head = file.read(SAMPLE_BYTES)
    file.seek(0)
    check_is_text(head)
    encoding = encoding or encoding_of_head(head)
    delimiter = delimiter or delimiter_of(decode_head(head, encoding))
    return CsvStream(file, encoding, delimiter, header)


def listed(names: Collection[str]) -> str:
    """Columns' names for a message, the first twenty."""
    return ", ".join(list(names)[:20]) + (", …" if len(names) > 20 else "")


def decode_head(head: bytes, encoding: str) -> str:
    """The text of a file's first bytes, without a mark at its start and without half a character at its end.

    Raises NotATable."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)("replace")
    try:
        return decoder.decode(head)
    except UnicodeError:
        raise NotATable(_("The file is not {encoding}.").format(encoding=encoding)) from None


def _names(first: Row) -> list[str]:
    """Column names that are all there and all different."""
    names: list[str] = []
    taken: set[str] = set()
    for number, cell in enumerate(first, 1):
        plain = cell.strip() or f"column {number}"
        name, again = plain, 1
        while name in taken:
            again += 1
            name = f"{plain} ({again})"
        taken.add(name)
        names.append(name)
    return names
