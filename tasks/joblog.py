"""What task code says: lines in its job's live log, and partial results. Outside of a job both do nothing."""

import logging
from collections import deque
from datetime import UTC, datetime
from typing import Any

from tasks.events import iso
from tasks.masking import masked
from tasks.reporter import current_attempt

_LEVELS = ("debug", "info", "warning", "error", "critical")
# Celery's own lines about a job (received, succeeded, …) are the worker's, not the task's.
_NOT_THE_TASKS = ("celery.app", "celery.worker", "celery.pool", "kombu", "multiprocessing", "tasks.")


def log(message: object, level: str = "info") -> None:
    """Add a line to the running job's live log; `level` is debug, info, warning, error or critical."""
    attempt = current_attempt()
    if attempt is not None:
        attempt.line(str(message), level if level in _LEVELS else "info")


def publish(value: Any, name: str = "output", chart: str | None = None) -> None:
    """Show a partial result live: JSON, a table (list of dicts), Markdown (a string), an image or a file (path, bytes).

    `chart="line"`, or `"bars"`, draws a table as well: its first column is x, each other column of numbers a series.
    Publishing under the same name again replaces what was shown. Never raises: what cannot be shown becomes a line in
    the job's log that says why.
    """
    attempt = current_attempt()
    if attempt is None:
        return
    try:
        attempt.outputs.publish(value, name, chart)
    except Exception as error:
        attempt.line(f"output {name!r} could not be shown: {error}", "warning")


def listen(secrets: tuple[str, ...] = ()) -> None:
    """Hear what tasks say by standard `logging`, from now on and in this process; again does nothing more.

    Called when a job starts: Django and Celery both lay their handlers anew in every pool process. `secrets` are those
    of the job: they are masked in this process's own log as well, where an exception may print them.
    """
    if secrets:
        _mask.secrets.append(secrets)
    for name in (None, "celery.task"):
        logger = logging.getLogger(name)
        heard = name is not None and logger.propagate
        if not heard and not any(isinstance(handler, JobLogHandler) for handler in logger.handlers):
            logger.addHandler(JobLogHandler())
        for handler in logger.handlers if secrets else ():
            handler.addFilter(_mask)


class _MaskSecrets(logging.Filter):
    """Masks the secrets of the last jobs in every line of the process's log: Celery tells a failure after its end."""

    def __init__(self) -> None:
        super().__init__()
        # More than one: in a pool of threads jobs run side by side.
        self.secrets: deque[tuple[str, ...]] = deque(maxlen=64)

    def filter(self, record: logging.LogRecord) -> bool:
        secrets = tuple(secret for job in self.secrets for secret in job)
        record.msg, record.args = masked(record.getMessage(), secrets), ()
        if record.exc_info:
            record.exc_text = masked(logging.Formatter().formatException(record.exc_info), secrets)
        return True


_mask = _MaskSecrets()


class JobLogHandler(logging.Handler):
    """Brings what a task says by standard `logging` into its job's log."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(_NOT_THE_TASKS) and not record.name.startswith("tasks.samples."):
            return
        attempt = current_attempt()
        if attempt is None:
            return
        try:
            attempt.line(self.format(record), record.levelname.lower(), _moment(record))
        except Exception:
            self.handleError(record)


def _moment(record: logging.LogRecord) -> str:
    return iso(datetime.fromtimestamp(record.created, UTC))
