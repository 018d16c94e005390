"""Log lines that nobody can forge."""

from __future__ import annotations

import copy
import logging
import re
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def escaped(text: str) -> str:
    """`text` with control characters, newlines among them, shown as ``\\n`` or ``\\x1b``."""
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


class OneLine(logging.Formatter):
    """Formats by `inner`, or like a plain Formatter, with the message on one line.

    A task's result or argument is somebody else's text: an ESC and a newline in one made a second log line.
    Tracebacks keep their lines.
    """

    def __init__(self, *args: Any, inner: logging.Formatter | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        plain = copy.copy(record)
        plain.msg, plain.args = escaped(record.getMessage()), ()
        return self._inner.format(plain) if self._inner else super().format(plain)


def keep_to_one_line(logger: logging.Logger | None = None, **_: Any) -> None:
    """Receiver of Celery's ``after_setup_logger`` and ``after_setup_task_logger``: its own formats, one line each."""
    for handler in logger.handlers if logger else ():
        if not isinstance(handler.formatter, OneLine):
            handler.setFormatter(OneLine(inner=handler.formatter))
