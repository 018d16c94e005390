"""Log lines that nobody can forge."""

from __future__ import annotations

import copy
import logging
import re

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def escaped(text: str) -> str:
    """`text` with control characters, newlines among them, shown as ``\\n`` or ``\\x1b``."""
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


class OneLine(logging.Formatter):
    """A plain Formatter with the message on one line.

    A task's result or argument is somebody else's text: an ESC and a newline in one made a second log line.
    Tracebacks keep their lines.
    """

    def format(self, record: logging.LogRecord) -> str:
        plain = copy.copy(record)
        plain.msg, plain.args = escaped(record.getMessage()), ()
        return super().format(plain)
