"""Celery's signals become lifecycle events, for any task, wherever it was launched from.

Success, failure and retry fire in the process that ran the task; a revoked, unknown or killed one in the worker's main
process, which must not own a thread (it deadlocks later forks): there, events are appended directly.
"""

import contextlib
import logging
import signal
import sys
import uuid
from collections import deque
from typing import Any

from celery import current_task
from celery.exceptions import Ignore, Reject, Retry
from celery.signals import (
    after_task_publish,
    before_task_publish,
    celeryd_after_setup,
    task_failure,
    task_internal_error,
    task_postrun,
    task_received,
    task_rejected,
    task_retry,
    task_revoked,
    task_success,
    task_unknown,
    worker_process_init,
    worker_process_shutdown,
)

from tasks import catalog, ends, eventlog, leases, messages, reporter
from tasks.attempt import Attempt
from tasks.eventlog import Change, LogUnavailable

logger = logging.getLogger(__name__)

# Attempts that run in this process, by job id; the gate puts them in.
attempts: dict[str, Attempt] = {}

# Jobs whose end was told in this process, the last ones.
_told: deque[str] = deque(maxlen=100)

# Whether this is the main process of a worker that forks: no thread of ours may live here.
_threadless = False

_REPLACED_BY_CELERY = "Replaced by new task"

# Seconds for which the worker's main loop waits to have a job announced.
_RECEIPT_PATIENCE = 0.5

# Seconds that a retry waits for what its attempt has to say. Redis is there: the retry's message goes there too.
_RETRY_PATIENCE = 2.0


def connect() -> None:
    """Connect all handlers. Connecting twice does nothing."""
    for handler, sender_signal in (
        (_on_before_publish, before_task_publish),
        (_on_after_publish, after_task_publish),
        (_on_success, task_success),
        (_on_failure, task_failure),
        (_on_internal_error, task_internal_error),
        (_on_retry, task_retry),
        (_on_postrun, task_postrun),
        (_on_received, task_received),
        (_on_revoked, task_revoked),
        (_on_rejected, task_rejected),
        (_on_unknown, task_unknown),
        (_on_worker_setup, celeryd_after_setup),
        (_on_pool_process, worker_process_init),
        (_on_pool_process_end, worker_process_shutdown),
    ):
        sender_signal.connect(handler, weak=False, dispatch_uid=f"taskcast.{handler.__name__}")


# --- processes


def _on_worker_setup(instance: Any = None, **_: Any) -> None:
    global _threadless
    _threadless = getattr(instance.pool_cls, "__module__", "").endswith("prefork")


def _on_pool_process(**_: Any) -> None:
    global _threadless
    _threadless = False
    attempts.clear()


def _on_pool_process_end(**_: Any) -> None:
    reporter.flush()


# --- publishing


def _on_before_publish(sender: str = "", body: Any = None, headers: Any = None, **_: Any) -> None:
    # Protocol 1 has no headers to speak of; its jobs become known when they start.
    if not headers or "task" not in headers or not messages.is_recorded(sender):
        return
    request = current_task.request if current_task else None
    messages.stamp(headers, body[2], messages.context(request))
    if headers["id"] in attempts:
        _before_retry(attempts[headers["id"]], request)
    elif _threadless and headers.get("retries"):
        # `retry_on_worker_lost`: the main process sends the message, and the next attempt may start before its signal.
        dead = Change("state", {"state": "retrying", "reason": "its process died", "progress": None})
        _end(headers["id"], dead, lease=leases.lease_key())


def _before_retry(attempt: Attempt, request: Any) -> None:
    """This process's own job is sent again: once the message is out another process may start the next attempt, and
    what this one has not yet reported would be refused as a zombie's."""
    cause = sys.exc_info()[1]
    secrets = _secrets(current_task, request.args, request.kwargs)
    text = ends.cause(cause, secrets) if cause else "asked for by the task"
    attempt.line(f"attempt {attempt.number} will be followed by another: {text}", "warning")
    attempt.hurry()
    reporter.flush(_RETRY_PATIENCE)


def _on_after_publish(
    sender: str = "", body: Any = None, headers: Any = None, exchange: Any = None, routing_key: Any = None, **_: Any
) -> None:
    if not headers or "task" not in headers or not messages.is_recorded(sender):
        return
    if messages.header_of(headers).get("launched") or headers.get("retries") or _threadless:
        return
    job, owner_id = messages.job_of(headers, body[0], body[1])
    queue = messages.queue_of({"exchange": exchange, "routing_key": routing_key})
    reporter.reporter().announce(job, owner_id, queue, messages.schedule_of(headers))


# --- in the process that ran the task


def _on_success(sender: Any = None, result: Any = None, **_: Any) -> None:
    attempt = attempts.get(sender.request.id)
    if attempt is not None:
        attempt.end(ends.succeeded(attempt.job_id, result, attempt))


def _on_failure(
    sender: Any = None,
    task_id: str = "",
    exception: Any = None,
    einfo: Any = None,
    args: Any = (),
    kwargs: Any = None,
    **_: Any,
) -> None:
    if _is_told(task_id) or getattr(getattr(sender, "request", None), "is_eager", False):
        return  # what was called like a function is no job: to ask the log for it would take seconds without Redis
    if _threadless and type(exception).__name__ not in ends.CELERYS_OWN and _has_started(task_id):
        return  # its own process tells how it ended; what arrived here is how Celery stumbled afterwards
    change = ends.failed(exception, _secrets(sender, args, kwargs), einfo)
    _end(task_id, change, lease=leases.lease_key())


def _is_told(job_id: str) -> bool:
    """Whether this process has told how the job's last attempt here ended. What follows is how Celery stumbled, most
    likely over a result that it could not store."""
    return job_id in _told and job_id not in attempts


def _has_started(job_id: str) -> bool:
    try:
        held = eventlog.held(job_id)
    except LogUnavailable:
        return True  # then nothing could be written either
    return held is not None and held.state == "started"


def _on_internal_error(task_id: str = "", exception: Any = None, **_: Any) -> None:
    if not _is_told(task_id):
        _end(task_id, ends.failed(exception, ()))


def _on_retry(sender: Any = None, request: Any = None, reason: Any = None, **_: Any) -> None:
    attempt = attempts.get(request.id)
    if attempt is None:
        return
    attempt.end(ends.retrying(reason, _secrets(current_task, request.args, request.kwargs)))


def _on_postrun(
    sender: Any = None,
    task_id: str = "",
    state: str | None = None,
    retval: Any = None,
    args: Any = (),
    kwargs: Any = None,
    **_: Any,
) -> None:
    attempt = attempts.pop(task_id, None)
    # Without a state the process itself is ending (SystemExit, a signal): the worker's main process will see why.
    if attempt is None or state is None:
        return
    _told.append(task_id)
    if attempt.ended:
        return
    # No signal told the end. Celery could not store the result (Redis is full, or has just gone) and tells nobody of a
    # job that ended; or the task itself raised `Ignore` or `Reject`.
    if state == "SUCCESS":
        attempt.end(ends.succeeded(task_id, retval, attempt))
    elif isinstance(retval, Retry):
        attempt.end(ends.retrying(retval, _secrets(sender, args, kwargs)))
    elif state == "FAILURE" and isinstance(retval, BaseException):
        attempt.end(ends.failed(retval, _secrets(sender, args, kwargs)))
    elif isinstance(retval, Reject):
        _rejected(attempt, retval, _secrets(sender, args, kwargs))
    elif isinstance(retval, Ignore) and str(retval) == _REPLACED_BY_CELERY:
        attempt.end(Change("state", {"state": "retrying", "reason": ends.REPLACED}))
    else:
        attempt.end(ends.ignored())


def _rejected(attempt: Attempt, rejection: Any, secrets: tuple[str, ...]) -> None:
    if not rejection.requeue:
        cause = rejection.reason if isinstance(rejection.reason, Exception) else rejection
        attempt.end(ends.failed(cause, secrets))
        return
    # Its message comes again: the log has to know before it does, or would take it for a second copy.
    again = {"reason": ends.SENT_AGAIN, "progress": None}
    attempt.change(Change("state", {"state": "retrying", **again}))
    attempt.end(Change("state", {"state": "queued", **again}))
    reporter.flush(_RETRY_PATIENCE)


# --- in the worker's main process


def _on_received(request: Any = None, **_: Any) -> None:
    """Make a job known that was sent by a program without Taskcast: should this worker die, it is waited for."""
    message = getattr(request, "message", None)
    headers = getattr(message, "headers", None) or {}
    if not messages.is_recorded(headers.get("task", "")) or messages.header_of(headers):
        return
    try:
        with eventlog.patience(_RECEIPT_PATIENCE):
            _announce(request.id, message)
    except LogUnavailable as error:
        logger.debug("job %s becomes known when it starts: %s", request.id, error)


def _on_revoked(
    request: Any = None, terminated: bool = False, signum: Any = None, expired: bool = False, **_: Any
) -> None:
    if expired:
        reason = "it expired before a worker was free"
    elif terminated:
        reason = f"terminated by {_signal_name(signum)}"
    else:
        reason = "revoked"
    lease = leases.lease_key() if terminated else ""
    end = Change("state", {**ends.cancelled().set, "reason": reason})
    _end(request.id, end, lease=lease, message=getattr(request, "message", None))


def _on_rejected(message: Any = None, **_: Any) -> None:
    headers = getattr(message, "headers", None) or {}
    if headers.get("id"):
        _end(headers["id"], ends.failed(RuntimeError("the worker could not read the message"), ()), message=message)


def _on_unknown(name: str = "", id: str = "", message: Any = None, **_: Any) -> None:
    error = LookupError(f"no worker that listens here knows the task {name}; is its module in TASKCAST_APPS?")
    _end(id, ends.failed(error, ()), message=message)


def _end(job_id: str, change: Change, *, lease: str = "", message: Any = None) -> None:
    """Tell a job's end; with the worker's `lease` that of an attempt of its own, which may no longer be the job's.

    `message` is the job's, where the worker may be quicker than the one who announces what was sent.
    """
    attempt = attempts.get(job_id)
    if attempt is not None:
        attempt.end(change)
        return
    # Not run here: the worker's main process, which has no reporter. The log tells those who follow.
    try:
        writer = f"main.{uuid.uuid4().hex}"
        reply = eventlog.append(job_id, [change], writer=writer, n=1, lease=lease)
        if reply.status == "absent" and message is not None:
            _announce(job_id, message)
            eventlog.append(job_id, [change], writer=writer, n=1, lease=lease)
    except LogUnavailable as error:
        logger.warning("the end of job %s could not be written: %s", job_id, error)


def _announce(job_id: str, message: Any) -> None:
    headers = {"task": "", **(message.headers or {}), "id": job_id}
    try:
        args, kwargs, _ = message.payload
    except Exception as error:  # whatever somebody sent
        logger.debug("the arguments of job %s cannot be read: %s", job_id, error)
        args, kwargs = (), {}
    job, owner_id = messages.job_of(headers, args, kwargs)
    queue, schedule = messages.queue_of(message.delivery_info), messages.schedule_of(message.headers)
    eventlog.announce(job, owner_id=owner_id, queue=queue, schedule=schedule)


def _signal_name(signum: Any) -> str:
    with contextlib.suppress(ValueError, TypeError):
        return signal.Signals(signum).name
    return str(signum)


def _secrets(task: Any, args: Any, kwargs: Any) -> tuple[str, ...]:
    return catalog.secret_values(getattr(task, "name", ""), args, kwargs)
