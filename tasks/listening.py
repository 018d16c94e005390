"""A worker's side of paused queues: it looks at a copy in Redis with each beat of its lease.

Its main process must not speak with the database.
"""

import logging
from typing import Any

from tasks import eventlog

logger = logging.getLogger(__name__)

#: The set of paused queues' names.
PAUSED = eventlog.PREFIX + "paused"


class Listening:
    """Which queues a worker takes from: all that it was told to, but for those that are paused."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._paused: set[str] = set()

    @property
    def paused(self) -> list[str]:
        """Queues that this worker would take from, and does not."""
        return sorted(self._paused)

    def heed(self, paused: set[str]) -> None:
        """Stop taking from these queues, and begin again with those that are no longer among them.

        In the worker's main loop, as Celery's own remote control does.
        """
        queues = self._worker.app.amqp.queues
        consumer: Any = getattr(self._worker, "consumer", None)
        running = getattr(consumer, "task_consumer", None) is not None
        for name in paused & set(queues.consume_from):
            logger.info("queue %s is paused", name)
            if running:
                consumer.cancel_task_queue(name)
            else:
                queues.deselect(name)
            self._paused.add(name)
        for name in self._paused - paused:
            logger.info("queue %s is resumed", name)
            if running:
                consumer.add_task_queue(name)
            else:
                queues.select_add(name)
            self._paused.discard(name)
