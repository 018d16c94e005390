"""The worker's consumer, which outlives its broker: Celery's looks for a lost one after 2, 4, 6, … 30 s, and ends where
Redis is full.

A job that is launched while Redis is away is to be sent and started within seconds of its return; a connection to a
Redis that is not there costs next to nothing.
"""

from functools import partial
from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer
from redis.exceptions import OutOfMemoryError

SECONDS = 1.0


class Consumer(CeleryConsumer):
    """Celery's consumer, for the setting `worker_consumer`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A Redis without room for the note of what was received is as good as away.
        self.connection_errors = (*self.connection_errors, OutOfMemoryError)  # type: ignore[has-type]

    def ensure_connected(self, conn: Any) -> Any:
        """Wait for the broker's connection, looking once a second."""
        conn.ensure_connection = partial(
            conn.ensure_connection, interval_start=SECONDS, interval_step=0, interval_max=SECONDS
        )
        return super().ensure_connected(conn)
