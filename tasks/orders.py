"""What people ask of single workers: to take nothing more (to drain), to take again, to have more or fewer processes.

An order is left in Redis, for one incarnation of a worker, which looks with each beat of its lease and does it once.
What it then is, it says itself, and stays until it is told otherwise or ends: a Redis that loses the order afterwards
changes nothing. Celery's own broadcast would be heard at once, or, by a worker that just reconnects, never.
"""

import json
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from tasks import audit, eventlog, events
from tasks.leases import KINDS, ORDERS, worker_name

#: Processes that a pool may be given.
LEAST, MOST = 1, 64


def drain(lease: str, *, user: Any = None) -> None:
    """Have the worker take nothing more; what it has taken it still runs. Raises LogUnavailable."""
    with transaction.atomic():
        audit.note(audit.DRAINED, user, detail=worker_name(lease))
        _leave(lease, "drain", True)


def take_again(lease: str, *, user: Any = None) -> None:
    """Have a worker that drains take again. Raises LogUnavailable."""
    with transaction.atomic():
        audit.note(audit.TAKES_AGAIN, user, detail=worker_name(lease))
        _leave(lease, "drain", False)


def resize(lease: str, size: int, *, user: Any = None) -> None:
    """Have the worker's pool come to `size` processes; one that works is not ended for it. Raises LogUnavailable."""
    if not LEAST <= size <= MOST:
        raise ValueError(f"a pool has {LEAST} to {MOST} processes, not {size}")
    with transaction.atomic():
        audit.note(audit.RESIZED, user, detail=f"{worker_name(lease)}: {size}")
        _leave(lease, "size", size)


def _leave(lease: str, kind: str, wanted: Any) -> None:
    order = {"id": uuid.uuid4().hex, "wanted": wanted, "at": events.now()}
    eventlog.ask(lambda redis_: redis_.hset(ORDERS, f"{lease} {kind}", events.dumps(order)))


def asked(leases: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What was last asked of each of these workers: {"drain": bool, "size": int}. Raises LogUnavailable."""
    wanted = [(lease, kind) for lease in leases for kind in KINDS]
    if not wanted:
        return {}
    names = [f"{lease} {kind}" for lease, kind in wanted]
    texts: Any = eventlog.ask(lambda redis_: redis_.hmget(ORDERS, names))
    found: dict[str, dict[str, Any]] = {lease: {} for lease, _ in wanted}
    for (lease, kind), text in zip(wanted, texts, strict=True):
        if text:
            found[lease][kind] = json.loads(text)["wanted"]
    return found
