"""Pausing a queue: workers stop taking from it, what waits in it waits, until somebody resumes it.

That a queue is paused is a row, so that it outlives every process and Redis. The watch keeps a copy in Redis, for the
workers (see tasks/listening.py).
"""

from typing import Any

import redis
from django.db import transaction

from tasks import audit, eventlog
from tasks.listening import PAUSED
from tasks.models import PausedQueue


def pause(name: str, *, user: Any = None) -> bool:
    """Have workers take nothing more from the queue `name`; False where that is so already.

    What they have taken, one message for each process, they still run.
    """
    with transaction.atomic():
        _, new = PausedQueue.objects.get_or_create(
            name=name, defaults={"by": user.get_username() if user is not None else ""}
        )
        if new:
            audit.note(audit.PAUSED, user, detail=name)
            transaction.on_commit(publish, robust=True)
    return new


def resume(name: str, *, user: Any = None) -> bool:
    """Have workers take from the queue again; False where it was not paused."""
    with transaction.atomic():
        gone, _ = PausedQueue.objects.filter(name=name).delete()
        if gone:
            audit.note(audit.RESUMED, user, detail=name)
            transaction.on_commit(publish, robust=True)
    return bool(gone)


def paused() -> dict[str, str]:
    """The queues that are paused, and who paused each."""
    return dict(PausedQueue.objects.order_by("name").values_list("name", "by"))


def publish() -> None:
    """Bring the copy in Redis to what the rows say. Raises LogUnavailable."""
    wanted = set(PausedQueue.objects.values_list("name", flat=True))

    def put(redis_: redis.Redis) -> None:
        there: Any = redis_.smembers(PAUSED)
        if there == wanted:
            return
        pipe = redis_.pipeline(transaction=True)
        pipe.delete(PAUSED)
        if wanted:
            pipe.sadd(PAUSED, *wanted)
        pipe.execute()

    eventlog.ask(put)
