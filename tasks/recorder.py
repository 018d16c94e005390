"""The recorder: what the event log holds, written into rows and the archive. History is its projection.

Jobs that were written to stand in the log's dirty set until what was read of them is committed here, so a
recorder may die at any point and another one goes on. Two at once write nothing twice: each batch locks one
counter first, and writes only where the row still is as it was when the log was read.
"""

import gc
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from django.contrib.auth import get_user_model
from django.db import InterfaceError, OperationalError, transaction

from tasks import counters, ended, epochs, eventlog, events, records
from tasks.archive import new_chunks
from tasks.locks import Lock
from tasks.models import Job, JobEvents
from tasks.notices import planning
from tasks.records import Known, Plan
from tasks.reporter import reporter
from tasks.tallies import Ends
from tasks.upsert import among, insert, upsert

logger = logging.getLogger(__name__)

# Jobs in one transaction, and events read for them together.
BATCH = 1000
BATCH_EVENTS = 20_000
# Events of a living job that stay in its stream; it is trimmed in steps.
KEEP_EVENTS = 5000
TRIM_STEP = 500
# Seconds for which a job whose row cannot be written is left alone.
_REST = 60.0

# Columns, in the order in which `Known` has them.
_KNOWN = ("epoch", "seq", "archived", "lines", "state", "cancel", "owner_id", "eta")

_resting: dict[str, float] = {}


def recorder_lock() -> Lock:
    """The lock of the one recorder that works; it passes on 3 s after that one was killed or froze."""
    return Lock("recorder", 3.0)


def look_for_garbage_less() -> None:
    """For a process that does nothing but record, once it is set up.

    What is loaded by then stays: to look through all of it took as long as recording four hundred jobs. And a batch
    is tens of thousands of objects, of which none is garbage before it is written.
    """
    gc.freeze()
    gc.set_threshold(20_000)


def record_once() -> int:
    """Record one batch of dirty jobs and return how many were news; 0 where nothing is new.

    Raises LogUnavailable, and django.db.OperationalError or InterfaceError where the database is away or
    locked.
    """
    dirty = [job_id for job_id in eventlog.dirty(BATCH) if not _rests(job_id)]
    ids = [job_id for job_id in dirty if records.is_id(job_id)]
    epoch = epochs.counted()
    known = _known(ids)
    limit = max(20, BATCH_EVENTS // max(1, len(ids)))
    tails = eventlog.tails({job_id: known[job_id].archived for job_id in ids}, limit)
    settled = dict.fromkeys(set(ids) - tails.keys(), 0) | _strangers(set(dirty).difference(ids))

    plans = []
    for job_id, tail in tails.items():
        if records.went_back(known[job_id], tail):
            settled[job_id] = epochs.restore_one(job_id)
        else:
            plans.append(records.plan(job_id, known[job_id], tail))
    written, change = _write([plan for plan in plans if plan.is_news], epoch)

    # Only now: what is not committed here must stay where it is.
    done = [plan for plan in plans if not plan.is_news] + written
    _keep_log_small(done)
    settled |= {plan.job_id: plan.tail.seq for plan in done if plan.is_whole}
    if settled:
        eventlog.settle(settled)
    if change:
        reporter().changed(change)
    ended.tell([plan.job_id for plan in written if plan.is_end])
    return len(written)


def _rests(job_id: str) -> bool:
    return job_id in _resting and time.monotonic() < _resting[job_id]


def _strangers(job_ids: set[str]) -> dict[str, int]:
    """Jobs with an id that is no UUID live in the log alone, for a day."""
    if not job_ids:
        return {}
    eventlog.expire(job_ids, 24 * 3600)
    return {job_id: seq for job_id, (_, seq, _) in eventlog.heads(list(job_ids)).items()}


def _known(job_ids: Iterable[str]) -> dict[str, Known]:
    found = dict.fromkeys(job_ids, Known())
    rows = Job.objects.filter(pk__in=among(Job, found)).values_list("pk", *_KNOWN)
    # Where nothing is archived nothing has to be counted first.
    return found | {
        str(pk): Known(epoch, seq, last, lines if last else 0, *others) for pk, epoch, seq, last, lines, *others in rows
    }


def _write(plans: Sequence[Plan], epoch: int) -> tuple[list[Plan], int]:
    """Write rows and chunks; returns what was written and the last change, 0 for none."""
    if not plans:
        return [], 0
    try:
        return _write_batch(plans, epoch)
    except (OperationalError, InterfaceError):
        raise  # the database is away or locked: nothing is wrong with the jobs
    except Exception as error:
        # One job that the database refuses must not keep the others from being recorded.
        if len(plans) == 1:
            logger.exception("job %s cannot be recorded: %s", plans[0].job_id, error)
            _resting[plans[0].job_id] = time.monotonic() + _REST
            return [], 0
        middle = len(plans) // 2
        first, change = _write(plans[:middle], epoch)
        second, later = _write(plans[middle:], epoch)
        return first + second, later or change


def _write_batch(plans: Sequence[Plan], epoch: int) -> tuple[list[Plan], int]:
    with transaction.atomic():
        # Locks the counter first: one batch after the other, so changes are committed in their order, and
        # what is read below is what the batch before has left.
        last = counters.add("change", len(plans))
        if epochs.counted() != epoch:
            return [], 0  # the log has begun anew since it was read
        now = _known(plan.job_id for plan in plans)
        current = [plan for plan in plans if now[plan.job_id] == plan.known]
        owners = _owners(current)
        tallied = Ends()
        upsert(Job, _rows(current, last, owners, tallied), records.COLUMNS)
        tallied.write()
        # What was to be sent may hold secrets: it goes as soon as nobody will have to send it again.
        begun = [plan.job_id for plan in current if plan.known.has_row and not plan.may_be_sent_again]
        if begun:
            Job.objects.filter(pk__in=among(Job, begun), message__isnull=False).update(message=None)
        chunks = (new_chunks(p.job_id, p.tail.epoch, p.lines, before=p.known.lines) for p in current)
        insert(JobEvents, list(chain.from_iterable(chunks)))
        # Nobody is told of what nobody owns.
        owned = [plan for plan in current if plan.known.has_row or plan.tail.owner_id is not None]
        planning.plan(plan.job_id for plan in owned if plan.is_end)
    return current, last if current else 0


def _rows(plans: Sequence[Plan], last: int, owners: Mapping[str, Any], ends: Ends) -> Iterator[Mapping[str, Any]]:
    for i, plan in enumerate(reversed(plans)):
        owner_id = owners.get(plan.job_id)
        row = records.row(plan, change=last - i, owner_id=owner_id)
        if plan.is_end:
            ends.take(row, plan.known.owner_id if plan.known.has_row else owner_id, plan.known.eta)
        yield row


def _owners(plans: Iterable[Plan]) -> dict[str, Any]:
    """Owners that still exist: a user may have gone since the job was launched."""
    wanted = {plan.job_id: plan.tail.owner_id for plan in plans if not plan.known.seq}
    ids = {owner_id for owner_id in wanted.values() if owner_id is not None}
    if not ids:
        return {}
    there = set(get_user_model()._default_manager.filter(pk__in=ids).values_list("pk", flat=True))
    return {job_id: owner_id for job_id, owner_id in wanted.items() if owner_id in there}


def _keep_log_small(plans: Iterable[Plan]) -> None:
    ended = []
    for plan in plans:
        if plan.tail.state in events.FINAL:
            if plan.is_whole:
                ended.append(plan.job_id)
        elif plan.archived > KEEP_EVENTS and plan.archived // TRIM_STEP > plan.known.archived // TRIM_STEP:
            eventlog.trim(plan.job_id, plan.archived - KEEP_EVENTS)
    if ended:
        eventlog.expire(ended, epochs.KEEP_ENDED)
