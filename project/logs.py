"""Log lines that nobody can forge, and that tell each thing once."""

from __future__ import annotations

import copy
import logging
import re

import redis
from kombu.exceptions import OperationalError

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
# What redis-py, and kombu for it, raise where Redis does not answer.
_LOST = (redis.ConnectionError, redis.TimeoutError, OperationalError, ConnectionError)
# Libraries that try again by themselves: while Redis was away, each attempt was a traceback of 60 lines. Not
# celery.app.trace: a task that fails by such an error shows where.
_TRY_AGAIN = ("asyncio", "channels_redis", "celery.worker.consumer", "celery.backends", "celery.beat")
# Any stranger can send a wrong Host.
_BY_STRANGERS = ("django.security.DisallowedHost",)


def escaped(text: str) -> str:
    """`text` with control characters, newlines among them, shown as ``\\n`` or ``\\x1b``."""
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


class OneLine(logging.Formatter):
    """A plain Formatter with the message on one line.

    A task's result or argument is somebody else's text: an ESC and a newline in one made a second log line.
    Tracebacks keep their lines, but for connections to Redis that a library lost and makes anew.
    """

    def format(self, record: logging.LogRecord) -> str:
        return super().format(_without_noise(record) if record.exc_info else record)

    def formatMessage(self, record: logging.LogRecord) -> str:
        # Each formatter makes it anew.
        record.message = escaped(record.message)
        return super().formatMessage(record)


def _without_noise(record: logging.LogRecord) -> logging.LogRecord:
    """The record without a traceback that tells nothing."""
    error = record.exc_info[1] if record.exc_info else None
    is_lost = isinstance(error, _LOST) and _is_of(record, _TRY_AGAIN)
    if not is_lost and not _is_of(record, _BY_STRANGERS):
        return record
    plain = copy.copy(record)
    plain.exc_info = plain.exc_text = None
    if is_lost:
        first = record.getMessage().strip().partition("\n")[0]
        plain.msg, plain.args = f"{first} ({type(error).__name__}: {error})", ()
    return plain


class NoFalseAdvice(logging.Filter):
    """Drops what Celery's result backend says when it gives up: to restart. The error that it raises says the rest."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "must be restarted" not in record.getMessage()


def _is_of(record: logging.LogRecord, names: tuple[str, ...]) -> bool:
    return any(record.name == name or record.name.startswith(name + ".") for name in names)
