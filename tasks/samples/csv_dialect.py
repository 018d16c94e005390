"""How a CSV file is written: its encoding and its delimiter, found from its bytes.

`csv.Sniffer` is not used: it raises on ordinary files and takes letters for delimiters.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable
from typing import IO

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from tasks.file_kinds import SAMPLE_BYTES, bom, no_text

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

# What the statistics of charset-normalizer may choose from; of its hundred, most differ in a handful of
# signs.
_CANDIDATES = [
    "cp949",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
]
_HANGUL = re.compile("[\uac00-\ud7a3]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")


class NotATable(ValueError):
    """The file is not a CSV file."""


def check_is_text(head: bytes) -> None:
    """Raise NotATable, with what it is where that is known, if a file that begins with `head` is no text."""
    if not head:
        raise NotATable(_("The file is empty."))
    if what := no_text(head):
        raise NotATable(_("The file is not a CSV file: it is {what}.").format(what=what))


def encoding_of_head(head: bytes) -> str:
    """The likely encoding of a file that begins with `head`: what can be known before reading all of it."""
    if encoding := bom(head):
        return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a last character cut in two is no error
    except UnicodeDecodeError as error:
        return guess_encoding(head) if head[: error.start].isascii() else "utf-8"
    return "utf-8"


def encoding_of(file: IO[bytes], at: Callable[[int], object] = lambda _: None) -> str:
    """The encoding of a whole file, read from its start in pieces; `at` is told how many bytes were read.

    All of it is looked at, because a customer list is often ASCII for its first thousand rows.
    """
    head = file.read(SAMPLE_BYTES)
    if encoding := bom(head):
        return encoding
    decoder = codecs.getincrementaldecoder("utf-8")()
    piece, tail, utf8_seen = head, b"", False
    read = 0
    while piece:
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError:
            # Bytes that happen to be UTF-8 do not occur in other encodings: this is UTF-8 with damage.
            if utf8_seen or encoding_of_head(piece) == "utf-8":
                return "utf-8"
            return guess_encoding(tail[tail.rfind(b"\n") + 1 :] + piece)
        utf8_seen = utf8_seen or not text.isascii()
        tail = piece[-4096:]
        read += len(piece)
        at(read)
        piece = file.read(1 << 20)
    return "utf-8"


def guess_encoding(sample: bytes) -> str:
    """The encoding of bytes that are not UTF-8, from the lines that tell; latin-1 takes anything."""
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    telling = b"\n".join(lines)[:SAMPLE_BYTES]
    telling = telling[: telling.rfind(b"\n")] if b"\n" in telling else telling
    # Korean first, for whom statistics on a few names are too weak: EUC-KR, and what Excel makes of it.
    foreign = _BEYOND_ASCII.findall(telling.decode("cp949", "replace"))
    if foreign and len([sign for sign in foreign if _HANGUL.match(sign)]) >= 0.8 * len(foreign):
        return "cp949"
    found = list(from_bytes(telling, cp_isolation=_CANDIDATES))
    if not found:
        return "latin-1"
    # Often the statistics cannot tell Western from Central European (crème, crčme): then it is the commoner one.
    equal = [one.encoding for one in found if (one.chaos, one.coherence) == (found[0].chaos, found[0].coherence)]
    return "cp1252" if "cp1252" in equal else equal[0]


def delimiter_of(text: str) -> str:
    """The delimiter of a table that begins with `text`: the one that cuts the first lines into equally many
    fields.

    A comma where no delimiter occurs (a table of one column).
    """
    scores = {delimiter: _score(text, delimiter) for delimiter in DELIMITERS.values()}
    return max(scores, key=lambda delimiter: scores[delimiter])


def _score(text: str, delimiter: str) -> tuple[float, int]:
    """How well `delimiter` fits: the share of rows as wide as the first one, and that width."""
    widths = [len(row) for row in _rows(text, delimiter) if row]
    if not widths or widths[0] < 2:
        return (0.0, 0)
    alike = Counter(widths)[widths[0]] / len(widths)
    return (round(alike, 1), widths[0])


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) > 200:
                break
    except csv.Error:  # a field over the limit
        return rows
    # The sample ends somewhere in a row, which would look ragged.
    return rows[:-1] if len(rows) > 1 and not text.endswith(("\n", "\r")) else rows
