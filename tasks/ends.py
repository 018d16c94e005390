"""What the end of an attempt looks like in a job's log: succeeded, failed, cancelled, lost, or tried again."""

import logging
import re
import traceback
from typing import Any

from celery import current_app

from tasks import events, memory, next_try, outputs, plain
from tasks.attempt import Attempt
from tasks.eventlog import Change
from tasks.masking import masked

logger = logging.getLogger(__name__)

# What is longer is shown from both ends. A failure that does not fit a frame is whole in the API.
_TRACEBACK_CHARACTERS = 64_000
_MESSAGE_CHARACTERS = 16_000
_REASON_CHARACTERS = 1000

SENT_AGAIN = "the task itself asked to be sent again"
#: Of a job that waits for another task, which has its id and will give its result (`Task.replace`).
REPLACED = "another task goes on in its place"

LOST_TOO_OFTEN = "its worker or its process died each time that it was started; it is not started again"

#: Errors that the worker's main process records in a task's name.
CELERYS_OWN = ("WorkerLostError", "TimeLimitExceeded")


def by_result(job_id: str) -> Change | None:
    """How a job ended by what Celery stored as its result; None where that tells no end.

    For a job whose process died after its task had returned, before it could say so here; and for one whose end the
    worker's main process could not write. What a task itself raised is not told: its text may hold a secret.
    """
    backend: Any = current_app.backend
    try:
        payload = backend.get(backend.get_key_for_task(job_id))
        meta = backend.decode_result(payload) if payload else {}
    except Exception as error:  # whatever kind of backend: a result that cannot be had tells nothing
        logger.warning("the result of job %s cannot be read: %s", job_id, error)
        return None
    value: Any = meta.get("result")
    if meta.get("status") == "SUCCESS":
        return succeeded(job_id, value)
    if meta.get("status") == "FAILURE" and type(value).__name__ in CELERYS_OWN:
        return failed(value, ())
    return None


def succeeded(job_id: str, result: Any, attempt: Attempt | None = None) -> Change:
    """The end of a job that returned `result`; what is to be said of that goes into the log of its `attempt`."""
    own: dict[str, Any] = {"log": attempt.line, "secrets": attempt.secrets} if attempt else {}
    value, in_file = outputs.result_value(job_id, result, **own)
    kept = frozenset({"result"}) if in_file else frozenset()
    return Change("state", {**_finished("succeeded"), "result": value}, kept=kept)


def cancelled() -> Change:
    """The end of a job that was asked to stop."""
    return Change("state", {**_finished("cancelled"), "cancel": "seen", "reason": None})


def ignored() -> Change:
    """The end of a job whose task raised Celery's `Ignore` or `Reject`."""
    return Change("state", {**_finished("cancelled"), "reason": "the task itself asked to be ignored"})


def failed(exception: BaseException, secrets: Any, einfo: Any = None) -> Change:
    """The end of a job by `exception`; texts in `secrets` are masked wherever they appear."""
    text = str(getattr(einfo, "traceback", None) or "".join(traceback.format_exception(exception)))
    error = {
        "type": type(exception).__name__,
        "message": _clip(masked(plain.described(exception), secrets), _MESSAGE_CHARACTERS),
        "traceback": _clip(masked(text, secrets), _TRACEBACK_CHARACTERS),
    }
    reason = _killed_by(exception)
    return Change("state", {**_finished("failed"), "error": error, "reason": reason})


def lost_too_often() -> Change:
    """The end of a job that was started again and again, and died each time."""
    return Change("state", {**_finished("lost"), "reason": LOST_TOO_OFTEN})


def retrying(reason: Any, secrets: tuple[str, ...]) -> Change:
    """The end of an attempt that another will follow; `reason` is Celery's `Retry`."""
    error = getattr(reason, "exc", None)
    text = next_try.told(cause(error, secrets) if error else None, reason)
    return Change("state", {"state": "retrying", "reason": text, "progress": None})


def cause(error: object, secrets: tuple[str, ...]) -> str:
    """The exception in a line for a reason."""
    return _clip(masked(plain.described(error), secrets), _REASON_CHARACTERS)


def _finished(state: str) -> dict[str, Any]:
    return {"state": state, "finished_at": events.now()}


def _killed_by(exception: BaseException) -> str | None:
    """A killed pool process in words; billiard says `signal 9 (SIGKILL)` or `exitcode 3` in the error's text."""
    if type(exception).__name__ != "WorkerLostError":
        return None
    text = str(exception)
    if found := re.search(r"signal \d+ \((SIG\w+)\)", text):
        if found[1] != "SIGKILL":
            return f"its process was killed by {found[1]}"
        hint = {True: ": memory had run out", False: "", None: ": by hand, or by the kernel when memory ran out"}
        return f"its process was killed by {found[1]}{hint[memory.has_run_out()]}"
    if found := re.search(r"exitcode (-?\d+)", text):
        return f"its process ended with exit code {found[1]} before the task did"
    return "its process ended before the task did"


def _clip(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[: most // 3]}\n… {len(text) - most} characters …\n{text[-2 * most // 3 :]}"
