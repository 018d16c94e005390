"""The worker's consumer, which outlives its broker: Celery's looks for a lost one after 2, 4, 6, … 30 s, and ends where
Redis is full, or where kombu stumbles over what is left of a lost connection.

A job that is launched while Redis is away is to be sent and started within seconds of its return; a connection to a
Redis that is not there costs next to nothing.
"""

import logging
from functools import partial
from typing import Any

from celery.worker.consumer import Consumer as CeleryConsumer
from redis.exceptions import OutOfMemoryError

logger = logging.getLogger(__name__)

SECONDS = 1.0


class Consumer(CeleryConsumer):
    """Celery's consumer, for the setting `worker_consumer`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A Redis without room for the note of what was received is as good as away.
        self.connection_errors = (*self.connection_errors, OutOfMemoryError)

    def ensure_connected(self, conn: Any) -> Any:
        """Wait for the broker's connection, looking once a second."""
        conn.ensure_connection = partial(
            conn.ensure_connection, interval_start=SECONDS, interval_step=0, interval_max=SECONDS
        )
        return super().ensure_connected(conn)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Leave a connection that was lost, whatever is left of it."""
        self.connection.close = partial(close_lost, self.connection)
        super().on_connection_error_after_connected(exc)


def close_lost(connection: Any) -> None:
    """Close a kombu connection whose transport may be gone already.

    A channel that waits for messages cannot be closed at the first try (`Connection.collect`), and at the second asks a
    transport that is gone where Redis is. What it had not acknowledged, Redis still has.
    """
    try:
        type(connection).close(connection)
    except AttributeError as error:
        logger.warning("a lost connection to the broker was left as it is: %s", error)
