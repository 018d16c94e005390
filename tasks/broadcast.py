"""Group names and group messages: the only place that sends on the channel layer.

Messages are echoes of what the event log or the database holds. They may be lost; readers notice and read.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer
from channels_redis.utils import decode_hosts
from django.conf import settings
from redis.connection import parse_url

from tasks import conf

logger = logging.getLogger(__name__)

JOBS = "jobs"
ACCESS = "access"

# A larger event is not sent along: the message then only says that there is something to read. Redis cuts off a
# subscriber whose 32 MB output buffer fills, and nobody is told.
_EVENT_BYTES = 16 * 1024


def job_group(job_id: str) -> str:
    """The group of a job's events (`:` is no legal character in a group's name)."""
    return f"job.{job_id.replace('-', '')}"


def events_message(job_id: str, epoch: int, written: Sequence[tuple[int, str]], before: str) -> dict[str, Any]:
    """What readers of a job are told: its events (`seq`, JSON text without `seq`), or that there are some to read.

    `before` is the time of the event before them: who was given another one there has to read.
    """
    small = sum(len(body.encode()) for _, body in written) <= _EVENT_BYTES
    return {
        "type": "job.events",
        "job": job_id,
        "epoch": epoch,
        "before": before,
        "events": [[seq, body] for seq, body in written] if small else [],
    }


def redis_channel(group: str) -> str:
    """The Redis channel of a group, on which a script in the log's Redis may publish its message as msgpack; "" where
    only the layer knows how. On the loop that has joined the group."""
    layer = get_channel_layer()
    return layer._get_group_channel_name(group) if _is_plain(layer) else ""


@cache
def _is_plain(layer: Any) -> bool:
    """Whether the layer publishes plain msgpack in the log's Redis, as channels-redis does unless told otherwise."""
    if type(layer) is not RedisPubSubChannelLayer or not hasattr(layer, "_get_group_channel_name"):
        return False
    known: dict[str, Any] = settings.CHANNEL_LAYERS["default"]
    hosts = decode_hosts(known.get("CONFIG", {}).get("hosts"))
    servers = [_server(parse_url(host["address"]) if "address" in host else host) for host in hosts]
    return servers == [_server(parse_url(conf.redis_url()))] and layer.serialize({"a": "b"}) == b"\x81\xa1a\xa1b"


def _server(known: Mapping[str, Any]) -> tuple[Any, ...]:
    # Whatever the database: a message goes to all of a server's.
    return known.get("path"), known.get("host", "localhost"), known.get("port", 6379)


async def send(group: str, message: dict[str, Any]) -> None:
    """Send `message` to `group` on the running loop. Raises what the channel layer raises when Redis is away."""
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("CHANNEL_LAYERS names no default layer: see the README on settings")
    await layer.group_send(group, message)


# Seconds.
_SEND_TIMEOUT = 2.0


class Messages:
    """Messages that wait for a thread to send them, best effort: who misses one finds it in the log within 2 s."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, group: str, message: dict[str, Any]) -> None:
        """Have this one sent too. From any thread."""
        self._waiting.append((group, message))

    def send(self) -> None:
        """Send all that wait. From always the same thread: it keeps a loop, and with it the connection."""
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if batch:
            self._loop = self._loop or asyncio.new_event_loop()
            self._loop.run_until_complete(self._send_all(batch))

    async def _send_all(self, batch: list[tuple[str, dict[str, Any]]]) -> None:
        try:
            async with asyncio.timeout(_SEND_TIMEOUT):
                for group, message in batch:
                    await send(group, message)
        except Exception as error:
            logger.debug("a group message was not sent: %s", error)
