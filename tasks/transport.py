"""The worker's side of Redis as a broker: kombu's, but for channels whose connection was lost.

Where a message of one of those is acknowledged, or given back, kombu wants to connect anew, asks the lost connection
for the address, and dies of an AttributeError, and with it the worker. Here it is told what it can deal with: that the
connection is lost.
"""

from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tasks.unacknowledged import QoS


class Channel(redis.Channel):
    """A channel that knows when it is lost, and notes what it received in the short way."""

    QoS = QoS

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            raise RedisConnectionError("the connection of this channel was lost")
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]

    def close(self) -> None:
        """Give back what was not acknowledged, and the connections."""
        try:
            super().close()
        finally:
            self.qos.close()  # type: ignore[attr-defined]


class Transport(redis.Transport):
    """kombu's transport, with these channels."""

    Channel = Channel
