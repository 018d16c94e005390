"""The worker's side of Redis as a broker: kombu's, but for channels whose connection was lost.

Where a message of one of those is acknowledged, or given back, kombu wants to connect anew, asks the lost connection
for the address, and dies of an AttributeError, and with it the worker. Here it is told what it can deal with: that the
connection is lost.
"""

from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError as RedisConnectionError


class Channel(redis.Channel):
    """A channel that knows when it is lost."""

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            raise RedisConnectionError("the connection of this channel was lost")
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]


class Transport(redis.Transport):
    """kombu's transport, with these channels."""

    Channel = Channel
