"""A worker's side of paused queues, and of draining: it looks at a copy in Redis with each beat of its lease.

Its main process must not speak with the database.
"""

import logging
from typing import Any

from tasks import eventlog

logger = logging.getLogger(__name__)

#: The set of paused queues' names.
PAUSED = eventlog.PREFIX + "paused"


class Listening:
    """Which queues a worker takes from: all that it was told to, but for those that are paused; none
    while it drains."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._closed: set[str] = set()
        self._asked: set[str] = set()

    @property
    def paused(self) -> list[str]:
        """Paused queues that this worker would take from, and does not."""
        return sorted(self._closed & self._asked)

    def heed(self, paused: set[str], draining: bool = False) -> None:
        """Stop taking from these queues, or from all, and begin again with those that are no longer meant.

        In the worker's main loop, as Celery's own remote control does.
        """
        queues = self._worker.app.amqp.queues
        consumer: Any = getattr(self._worker, "consumer", None)
        running = getattr(consumer, "task_consumer", None) is not None
        self._asked = paused
        closed = {*queues.consume_from, *self._closed} if draining else paused
        for name in closed & set(queues.consume_from):
            logger.info("nothing more is taken from queue %s", name)
            if running:
                consumer.cancel_task_queue(name)
            else:
                queues.deselect(name)
            self._closed.add(name)
        for name in self._closed - closed:
            logger.info("queue %s is taken from again", name)
            if running:
                consumer.add_task_queue(name)
            else:
                queues.select_add(name)
            self._closed.discard(name)
