"""Group names and group messages: the only place that sends on the channel layer.

Messages are echoes of what the event log or the database holds. They may be lost; readers notice and read.
"""

from collections.abc import Sequence
from typing import Any

from channels.layers import get_channel_layer

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
    small = sum(len(body) for _, body in written) <= _EVENT_BYTES
    return {
        "type": "job.events",
        "job": job_id,
        "epoch": epoch,
        "before": before,
        "events": [[seq, body] for seq, body in written] if small else [],
    }


async def send(group: str, message: dict[str, Any]) -> None:
    """Send `message` to `group` on the running loop. Raises what the channel layer raises when Redis is away."""
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("CHANNEL_LAYERS names no default layer: see the README on settings")
    await layer.group_send(group, message)
