"""Epochs of the event log: noticing that Redis has lost its data, and beginning anew from the database.

The database counts the epochs; the log bears the number of its own. A log without a number is empty: writers
wait until every unfinished job has been laid down again from its row and the log is opened under the next
number.
"""

import logging
import time

from django.db import transaction

from tasks import children, counters, eventlog, events
from tasks.eventlog import LogUnavailable
from tasks.locks import Lock
from tasks.models import Job

logger = logging.getLogger(__name__)

# Seconds for which the stream and hash of an ended job stay in Redis.
KEEP_ENDED = 15 * 60
_LOCK_SECONDS = 30.0


def counted() -> int:
    """The number of the last epoch that was begun; 0 before the first."""
    return counters.get("epoch")


def ensure_open(seconds: float = 10.0) -> None:
    """Return when the log is open for writing, opened by whomever. Raises LogUnavailable after `seconds`."""
    deadline = time.monotonic() + seconds
    while eventlog.current_epoch() is None and not open_anew():
        if time.monotonic() > deadline:
            raise LogUnavailable("the event log has begun anew and nobody has opened it")
        time.sleep(0.05)


def check() -> int:
    """Open the log where it has lost its data, or is another one than the database knows; returns its epoch.

    Raises LogUnavailable, also where another process is about to open it.
    """
    epoch = eventlog.current_epoch()
    if epoch is not None and epoch < counted():
        logger.warning("the event log is of epoch %d, the database of a later one: beginning anew", epoch)
        eventlog.client().delete(eventlog.EPOCH)
        epoch = None
    if epoch is None:
        if not open_anew():
            raise LogUnavailable("the event log is being opened by another process")
        epoch = eventlog.current_epoch() or 0
    elif epoch > counted():
        # A new database beside a Redis that was in use.
        with transaction.atomic():
            counters.add("epoch", epoch - counted())
    return epoch


def open_anew() -> bool:
    """Begin the next epoch: restore unfinished jobs, open the log. False where somebody else is at it."""
    lock = Lock("opening", _LOCK_SECONDS)
    if not lock.hold():
        return False
    try:
        if eventlog.current_epoch() is not None:
            return True
        epoch = _begin()
        restored = 0
        for job in Job.objects.filter(state__in=events.UNFINISHED).select_related("owner").iterator(500):
            # Redis may lose its data again meanwhile, and the lock with it: then it is the next one's turn.
            if restored % 100 == 0 and not lock.keep():
                return False
            lay_down(job, epoch)
            restored += 1
        if not lock.set_once(eventlog.EPOCH, epoch):
            return False
        if epoch > 1:
            logger.warning("Redis had lost its data: epoch %d, %d unfinished jobs restored", epoch, restored)
        return True
    finally:
        lock.release()


def lay_down(job: Job, epoch: int) -> None:
    """Lay down a job from its row. Raises LogUnavailable."""
    # The message of a job that has started is kept where the job may start again.
    may_rerun = job.message is not None
    known = job.as_dict()
    if known["state"] == "started" and known["cancel"] == "asked":
        known["cancel"] = None  # the watch tells it, by an event: the one there was may not have been recorded
    if known["children"]:
        known["children"] = children.counted(job.pk)  # theirs are laid down from rows too
    eventlog.restore(known, epoch, owner_id=job.owner_id, lease=job.lease, may_rerun=may_rerun, batch=job.batch_size)


def _begin() -> int:
    with transaction.atomic():
        # Waits for a recorder's batch that was read from the log before, and keeps later ones out (see
        # recorder).
        counters.add("change", 0)
        epoch = counters.add("epoch", 1)
        unfinished = Job.objects.filter(state__in=events.UNFINISHED)
        unfinished.update(epoch=epoch)
        # The broker's queues were most likely in the same Redis. A second copy of a message does nothing.
        unfinished.exclude(state="started").filter(message__isnull=False).update(published_at=None)
    return epoch


def restore_one(job_id: str) -> int:
    """Lay down again from its row a job of which the log knows less than the database; returns its `seq`.

    That is a Redis that lost its last second, or a message that came again after the job had ended and left
    Redis. Raises LogUnavailable.
    """
    job = Job.objects.select_related("owner").get(pk=job_id)
    epoch = eventlog.current_epoch()
    if epoch is None:
        raise LogUnavailable("the event log has begun anew and is not open yet")
    logger.warning("job %s: the event log knows less than the database and is put right", job_id)
    lay_down(job, epoch)
    if job.state in events.FINAL:
        eventlog.expire([job_id], KEEP_ENDED)
    return job.seq
