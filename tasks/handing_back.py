"""A worker that is told to end (SIGTERM) lets its jobs end; after Celery's soft time-out it hands back what has not.

Celery's warm shutdown waits for running tasks without a limit, and its cold one tells of jobs that nobody will start
again as retried. So the limit is kept here: jobs that may run twice wait to be started again, by another worker, and
others are lost, with that as their reason. For the prefork pool: only processes can be ended.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from celery.worker import state
from django.db import DatabaseError, InterfaceError

from tasks import broker, leases
from tasks.eventlog import LogUnavailable

logger = logging.getLogger(__name__)


def after(seconds: float, worker: Any, end: Callable[[], None]) -> None:
    """Hand back what has not ended `seconds` from now, then `end()` and end this process.

    By a thread, which Celery's main process must not have while it forks: a worker that is ending forks no more.
    """
    later: Any = vars(state)["scheduled_requests"]  # since Celery 5.7
    # Now: the consumer forgets what it has reserved as soon as it is closed.
    taken = {request.id for request in (*state.reserved_requests, *later)}
    timer = threading.Timer(seconds, _hand_back, (worker, taken, end))
    timer.daemon = True
    timer.start()


def _hand_back(worker: Any, taken: set[str], end: Callable[[], None]) -> None:
    from tasks import watch  # imports models, which need Django's apps

    running = {request.id for request in tuple(state.active_requests)}
    logger.warning("%d jobs have not ended in time: handed back", len(running))
    reason = f"worker {worker.hostname} was stopped before this job had ended"
    try:
        # First their attempts are closed: whatever their processes still do counts no more.
        for job_id in running:
            watch.give_up(job_id, leases.lease_key(), reason)
        broker.give_back(taken - running)
    except (LogUnavailable, DatabaseError, InterfaceError, OSError) as error:
        logger.error("the jobs of this worker could not be handed back; others will find them: %s", error)
    end()
    for process in worker.pool._pool._pool:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    sys.stdout.flush()
    sys.stderr.flush()
    # Not by Celery's own way: it would store the deaths of the processes as the results of their jobs.
    os._exit(0)
