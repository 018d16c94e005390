"""The watch: a tick that opens the log, ends what nobody will finish, and sends what was not published.

It runs wherever a process of ours lives (a worker's recorder, beat, daphne), and a lock in Redis picks one of
them. Each part decides by looking at the log or the database once more, so two ticks at once do no harm.
"""

import logging
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections
from django.db.models import Q
from django.utils import timezone

from tasks import broker, children, conf, control, ends, epochs, eventlog, events, leases, queues, situations
from tasks.complaints import Complaints
from tasks.eventlog import LogUnavailable
from tasks.locks import Lock
from tasks.models import Job
from tasks.notices.delivery import Deliveries
from tasks.recorder import record_once, recorder_lock
from tasks.reporter import reporter
from tasks.strays import Strays

logger = logging.getLogger(__name__)

# Seconds between ticks, and after which another process may take over.
TICK = 1.0
_LOCK_SECONDS = 5.0
# How long and how often in a row a lease must be found missing: after an outage of Redis, workers need a
# moment to renew. Both, since this process may have been frozen in between.
MISSING_SECONDS = 4.0
MISSING_TIMES = 3
# The same for a job that its living worker says it does not have: its end may still be on its way.
UNKNOWN_SECONDS = 15.0
# A launch publishes by itself; what it has not after so long is dispatched here.
LAUNCH_SECONDS = timedelta(seconds=1)
_DISPATCHES = 200
# Seconds of a tick that are spent on recording for want of a recorder.
_RECORD_SECONDS = 2.0


@dataclass
class _Suspicion:
    """Since when, how often, and at which `seq` a started job looked abandoned."""

    since: float
    seq: int
    times: int = 0


class Watch:
    """The tick with what it remembers between two calls."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock("watch", _LOCK_SECONDS)
        self._recorder_lock = recorder_lock()
        self._complaints = Complaints(logger)
        self._suspicions: dict[tuple[str, str], _Suspicion] = {}
        self._strays = Strays(clock)
        self._deliveries = Deliveries()

    def tick(self) -> bool:
        """Do what is to be done now; False where another process has the watch. Outages are logged, once."""
        try:
            if not self._lock.hold():
                self._suspicions.clear()
                return False
        except LogUnavailable as error:
            self._suspicions.clear()
            self._complaints.fails("the watch", error)
            return False
        self._complaints.works("the watch")
        self._part("opening the event log", epochs.check)
        self._part("ending the jobs of dead workers", self._reap)
        self._part("looking after batches", children.settle)
        self._part("looking for lost messages", self._strays.look)
        self._part("cancelling jobs", control.tell_asked)
        self._part("dispatching jobs", dispatch)
        self._part("telling workers of paused queues", queues.publish)
        self._part("looking for queues without a worker", situations.tell_unserved)
        self._part("looking for paused queues", situations.tell_paused)
        self._part("recording", self._record)
        self._part("telling owners of ends", self._deliveries.begin)
        return True

    def release(self) -> None:
        """Let another process have the watch at once."""
        self._lock.release()

    def _part(self, name: str, action: Callable[[], object]) -> None:
        try:
            action()
        except (LogUnavailable, DatabaseError, InterfaceError, OSError) as error:
            self._complaints.fails(name, error)
        except Exception as error:  # a defect in one part must not keep the others from their work
            logger.exception("%s", error)
            self._complaints.fails(name, error)
        else:
            self._complaints.works(name)

    def _reap(self) -> None:
        running = eventlog.running()
        alive = leases.alive({lease for lease in running.values() if lease})
        heads = eventlog.heads(list(running))
        situations.tell_silent(running)
        suspects = {}
        for job_id, lease in running.items():
            if job_id not in heads:
                continue  # being restored, or about to vanish
            said = alive.get(lease)
            active = said and said.get("active")
            if said and (active is None or job_id in active):
                continue
            if not lease:
                continue  # started where no lease is kept
            suspect = self._suspect(job_id, lease, heads[job_id][1] if said else 0)
            suspects[job_id, lease] = suspect
            patience = UNKNOWN_SECONDS if said else MISSING_SECONDS
            if suspect.times >= MISSING_TIMES and self._clock() - suspect.since >= patience:
                give_up(job_id, lease, _why_gone(lease, alive=bool(said)))
        self._suspicions = suspects
        self._forget_workers()

    def _suspect(self, job_id: str, lease: str, seq: int) -> _Suspicion:
        suspicion = self._suspicions.get((job_id, lease))
        # A job that still speaks is somebody's.
        if suspicion is None or suspicion.seq != seq:
            suspicion = _Suspicion(self._clock(), seq)
        suspicion.times += 1
        return suspicion

    def _record(self) -> None:
        """Record while there is no recorder: without a worker, lists still show what was launched or lost."""
        if not self._recorder_lock.hold():
            return
        try:
            deadline = time.monotonic() + _RECORD_SECONDS
            while record_once() and time.monotonic() < deadline:
                pass
            children.tell()
        finally:
            self._recorder_lock.release()

    def _forget_workers(self) -> None:
        long_ago = events.iso(timezone.now() - timedelta(seconds=leases.MEMORY))
        leases.forget(key for key, said in leases.workers().items() if said.get("beat", "") < long_ago)


def _why_gone(lease: str, *, alive: bool) -> str:
    name = leases.worker_name(lease)
    if alive:
        return f"worker {name} runs, but no longer has this job and never told its end"
    if lease not in leases.workers():
        return f"worker {name} was stopped before this job had ended"
    return f"worker {name} stopped answering at {situations.last_beat(lease)}; it was killed or cut off"


def give_up(job_id: str, lease: str, reason: str) -> None:
    """Take the started job off the worker that has it no more, unless it has gone on in the meantime.

    Celery's result may tell how it ended. Otherwise it waits to be started again, where its task allows that and its
    message is still to be had, or is `lost`. Raises LogUnavailable, OSError.
    """
    held = eventlog.held(job_id)
    if held is None or held.state != "started" or held.lease != lease:
        return
    if ended := ends.by_result(job_id):
        # As a late word of the attempt itself: refused where that one is no longer the job's.
        reply = eventlog.append(job_id, [ended], writer=f"watch.{held.attempt}", n=1, attempt=held.attempt)
    else:
        again = None
        if held.may_rerun and _may_be_sent_again(job_id):
            again = {"state": "queued", "reason": f"{reason}; waiting to be started again", "progress": None}
        lost = {"state": "lost", "reason": reason, "finished_at": events.now()}
        reply = eventlog.orphan(job_id, lease=lease, attempt=held.attempt, again=again, lost=lost)
        if reply.written:
            logger.warning("job %s: %s", job_id, "lost" if reply.status == "lost" else "to be started again")
    reporter().echo(job_id, reply)


def _may_be_sent_again(job_id: str) -> bool:
    """See to it that the job's message is sent again, if somebody still has it."""
    if Job.objects.filter(pk=job_id, message__isnull=False).update(published_at=None):
        return True  # by the next dispatch, once its row says that it is queued
    return bool(broker.give_back({job_id}))


def dispatch() -> int:
    """Publish the jobs that are due and that their launch did not publish; returns how many.

    Raises OSError where the broker is away.
    """
    from tasks import sending  # it imports what this module imports

    now = timezone.now()
    waiting = Job.objects.filter(
        published_at=None, message__isnull=False, cancel=None, state__in=("scheduled", "queued", "retrying")
    )
    due = waiting.filter(Q(eta=None) | Q(eta__lte=now), created_at__lte=now - LAUNCH_SECONDS)
    published = 0
    for job in due.order_by("eta", "created_at", "change").select_related("owner")[:_DISPATCHES]:
        # A batch is sent by a thread of the process that launched it, which may still be at it.
        if job.parent and not Job.objects.filter(pk=job.pk, published_at=None).update(published_at=now):
            continue
        try:
            sent = sending.publish(job)
        except Exception:
            logger.exception("job %s cannot be published", job.pk)
            continue
        if not sent:
            Job.objects.filter(pk=job.pk).update(published_at=None)
            raise OSError(f"the broker does not answer: {due.count()} jobs wait for it")
        published += 1
    return published


# --- where it runs ------------------------------------------------------------------------------------------

_watch: Watch | None = None
_thread: tuple[int, threading.Thread] | None = None


def tick() -> bool:
    """One tick of this process's watch (see Watch.tick)."""
    global _watch
    _watch = _watch or Watch()
    return _watch.tick()


def release() -> None:
    """Let another process have the watch at once: this one ends."""
    if _watch:
        _watch.release()


def ensure_open(seconds: float = 10.0) -> None:
    """Return when the event log is open for writing (see epochs.ensure_open)."""
    epochs.ensure_open(seconds)


def run_in_thread() -> None:
    """Keep the watch in a thread of this process, once; for processes that never fork a pool.

    Not where the setting TASKCAST_WATCH is False.
    """
    global _thread
    if not conf.is_watching() or (_thread and _thread[0] == os.getpid()):
        return
    thread = threading.Thread(target=_run, name="taskcast-watch", daemon=True)
    _thread = (os.getpid(), thread)
    thread.start()


def _run() -> Any:
    while True:
        tick()
        close_old_connections()
        # Not in step with the others: at a restart of Redis all of them look at once.
        time.sleep(TICK * random.uniform(0.8, 1.2))
