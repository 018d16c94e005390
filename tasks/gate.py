"""What starts an attempt. Wraps every task, since a signal cannot stop one (`Ignore` in `task_prerun` is ignored).

Of several copies of one message, one attempt starts; a job that was cancelled while it waited does not; `JobCancelled`
out of `track` becomes a revoked end.
"""

import logging
import os
import time
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from billiard.exceptions import WorkerLostError
from celery import Task
from celery.exceptions import Ignore

from tasks import catalog, ends, eventlog, events, joblog, leases, messages, plain, signals
from tasks.eventlog import LogUnavailable, Reply
from tasks.progress import JobCancelled, activate
from tasks.reporter import reporter

logger = logging.getLogger(__name__)

# Seconds for which a start waits for a log that does not answer; then the task runs, and reports when it can.
_PATIENCE = 5.0


class OutOfMemory(Exception):
    """The end of a task that raised MemoryError."""


class NoException(Exception):
    """The end of a task that raised what is no Exception, and no end of its process either."""


def gate(call: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a task class's `__call__`; for Celery's `task_annotations = {"*": {"@__call__": gate}}`.

    No functools.wraps: Celery skips a `__call__` whose `__module__` is its own.
    """
    is_celerys_own = call.__module__.startswith("celery.")

    def __call__(self: Task, *args: Any, **kwargs: Any) -> Any:
        # Looked up now: a worker replaces Task.__call__ by one that keeps this very request (celery.app.trace), and
        # notes there, in `_protected`, that it has.
        inner = Task.__call__ if is_celerys_own else call
        request: Any = self.request
        if request.called_directly or request.is_eager or request._protected or not _is_a_job(self, request):
            return inner(self, *args, **kwargs)
        return _attempt(self, request, inner, args, kwargs)

    return __call__


def _is_a_job(task: Task, request: Any) -> bool:
    if messages.is_recorded(task.name):
        return True
    # What collects the results of a group that took the place of a job has that job's id.
    try:
        return task.name == messages.COLLECTOR and eventlog.held(request.id) is not None
    except LogUnavailable:
        return False


def _attempt(task: Task, request: Any, inner: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    started = {
        "state": "started",
        "started_at": events.now(),
        "worker": request.hostname,
        "reason": None,
        "progress": None,
    }
    reply, told = _start(task, request, args, kwargs, started)
    if reply is not None and reply.status != "started":
        _refuse(task, request, reply)
    number = reply.attempt if reply is not None else request.retries + 1
    attempt = reporter().open(
        request.id,
        number,
        base={**told.job, **started},
        outputs=_earlier_outputs(request.id, number),
        secrets=told.secrets,
    )
    if reply is not None:
        reporter().echo(request.id, reply)
    signals.attempts[request.id] = attempt
    joblog.listen(attempt.secrets)
    try:
        with activate(attempt.recording):
            if messages.header_of(request.headers).get("typed"):
                spec = catalog.get(task.name)
                args, kwargs = spec.call(spec.revive(spec.named(args, kwargs)))
            return inner(task, *args, **kwargs)
    except MemoryError as error:
        # Celery lets this end the whole worker, over and over: one job would stop everybody's.
        raise OutOfMemory(str(error) or "the task asked for more memory than there is") from error
    except JobCancelled:
        if not attempt.replaced:  # else the result is the other attempt's
            task.backend.mark_as_revoked(request.id, "cancelled", request=request)
        attempt.end(ends.cancelled())
        raise Ignore from None
    except (Exception, SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        # Celery tells nobody of it, and the job would look lost.
        raise NoException(f"{type(error).__name__}: {plain.described(error)}") from error


class _Told(NamedTuple):
    """What a message tells of its job."""

    job: events.JobDict
    owner_id: Any
    secrets: tuple[str, ...]


def _told(task: Task, request: Any, args: Any, kwargs: Any) -> _Told:
    headers = {"id": request.id, "task": task.name, "group": request.group, messages.HEADER: None}
    headers |= request.headers or {}
    job, owner_id = messages.job_of(headers, args, kwargs)
    return _Told(job, owner_id, catalog.secret_values(task.name, args, kwargs))


def _start(task: Task, request: Any, args: Any, kwargs: Any, started: dict[str, Any]) -> tuple[Reply | None, _Told]:
    """Ask the log to start the attempt, None where it does not answer in time; and what the message tells."""
    token = uuid.uuid4().hex
    deadline = time.monotonic() + _PATIENCE
    orphaned = 0
    told = None
    while True:
        try:
            start = eventlog.Start(
                request.id,
                started=started,
                lease=leases.lease_key(),
                pid=os.getpid(),
                token=token,
                retries=messages.order_of(request),
                rerun=bool(task.acks_late),
                orphaned=orphaned,
            )
            # While the log is at it.
            told = told or _told(task, request, args, kwargs)
            reply = start.reply(
                told.job,
                cancelled=ends.cancelled().set,
                lost=ends.lost_too_often().set,
                owner_id=told.owner_id,
                queue=messages.queue_of(request.delivery_info),
                schedule=messages.schedule_of(request.headers),
            )
            if reply.status == "duplicate" and not orphaned and _is_orphaned(task, request):
                orphaned = reply.attempt
                continue
            return reply, told
        except LogUnavailable as error:
            if time.monotonic() > deadline:
                logger.warning("job %s starts unannounced: %s", request.id, error)
                return None, told or _told(task, request, args, kwargs)
            time.sleep(0.1)


def _is_orphaned(task: Task, request: Any) -> bool:
    """Whether this is the message of a job whose process died, given back by its living worker.

    That is what `reject_on_worker_lost` asks for. A message also comes again while its job still runs (a connection
    was cut): then the worker's next word still names the process. Raises LogUnavailable.
    """
    if not task.acks_late or not (request.delivery_info or {}).get("redelivered"):
        return False
    held = eventlog.held(request.id)
    if held is None or held.state != "started":
        return False
    deadline = time.monotonic() + 3 * leases.BEAT
    before = None
    while time.monotonic() < deadline:
        said = leases.alive([held.lease]).get(held.lease)
        if said is None:
            return True
        active = said.get("active")
        if active is not None and before not in (None, said["beat"]):
            return held.pid not in active.get(request.id, ())
        before = before or said["beat"]
        time.sleep(0.1)
    return False


def _earlier_outputs(job_id: str, attempt: int) -> list[dict[str, Any]]:
    if attempt <= 1:
        return []
    try:
        snapshot = eventlog.snapshot(job_id)
    except LogUnavailable:
        return []
    return snapshot.job["outputs"] if snapshot else []


def _refuse(task: Task, request: Any, reply: Reply) -> None:
    """A second copy ends here without a word; those who wait for the result of a job that ends here are told."""
    reporter().echo(request.id, reply)
    if reply.status == "cancelled":
        task.backend.mark_as_revoked(request.id, "cancelled", request=request)
    elif reply.status == "lost":
        task.backend.mark_as_failure(request.id, WorkerLostError(ends.LOST_TOO_OFTEN), request=request)
    logger.info("job %s was not started: %s", request.id, reply.status)
    raise Ignore
