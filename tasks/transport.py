"""Redis as a broker: kombu's transport, with channels that take the short way, and know when they are lost.

kombu makes a client for each command, with all that redis-py has to set up in it: for a message that takes longer than
to send it. Here a channel has one.

Where a message of a channel whose connection was lost is given back, kombu wants to connect anew, asks the lost
connection for the address, and dies of an AttributeError, and with it the worker. Here it is told what it can deal
with: that the connection is lost.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tasks.unacknowledged import QoS

_KOMBU = "kombu.transport.redis:Transport"


def install() -> None:
    """Have kombu take this transport for `redis://`, `rediss://` and `redis+socket://`, wherever it had its own."""
    for name, transport in TRANSPORT_ALIASES.items():
        if transport == _KOMBU:
            TRANSPORT_ALIASES[name] = f"{__name__}:Transport"


class Channel(redis.Channel):
    """A channel with one client, which notes in the short way what it received, and knows when it is lost."""

    QoS = QoS
    _one: Any = None

    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        """The client to send commands by."""
        if client is None:
            # A fork, and a lost connection, take the pool away.
            if self._one is None or self._one.connection_pool is not self._pool:  # type: ignore[attr-defined]
                self._one = self._create_client()  # type: ignore[attr-defined]
            client = self._one
        yield client

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            raise RedisConnectionError("the connection of this channel was lost")
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]

    def close(self) -> None:
        """Give back what was not acknowledged, and the connections."""
        try:
            super().close()
        finally:
            if self._qos is not None:
                self._qos.close()  # type: ignore[attr-defined]


class Transport(redis.Transport):
    """kombu's transport, with these channels."""

    Channel = Channel
