"""Group messages from synchronous code of a process of ours, on one event loop per thread that is kept.

`async_to_sync` would make a loop and a connection to Redis for every message (4 to 6 ms; a kept loop 0.4 ms).
"""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from typing import Any

from tasks import broadcast
from tasks.complaints import Complaints
from tasks.eventlog import Reply

complaints = Complaints(logging.getLogger(__name__))

# Messages may be lost: one that cannot be sent in this time is.
_SECONDS = 1.0

_kept = threading.local()


def changed(change: int) -> None:
    """Tell the lists of jobs that the rows up to `change` are committed."""
    _run(broadcast.send(broadcast.JOBS, {"type": "jobs.changed", "change": change}))


def written(job_id: str, reply: Reply) -> None:
    """Tell the readers of a job what was appended to its log."""
    if reply.written:
        _run(broadcast.send_events(job_id, reply.epoch, reply.written))


def _run(sending: Coroutine[Any, Any, None]) -> None:
    if not hasattr(_kept, "runner"):
        _kept.runner = asyncio.Runner()
    try:
        _kept.runner.run(asyncio.wait_for(sending, _SECONDS))
    except Exception as error:  # whatever the channel layer raises: readers notice and read
        complaints.fails("sending on the channel layer", error)
    else:
        complaints.works("sending on the channel layer")
