"""Celery's `retry` while the broker is away: Celery drops a job whose next attempt it cannot send, and says nothing."""

import logging
import time
from collections.abc import Callable
from typing import Any

from celery import Task
from celery.exceptions import Reject
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

#: Seconds for which a retry waits for the broker; its process could not do anything else then.
PATIENCE = 60.0
_PAUSE = 0.5


class NotSent(Exception):
    """The next attempt of a job could not be sent."""


def patient(retry: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a task class's `retry`; for Celery's `task_annotations = {"*": {"@retry": patient}}`.

    What it returns raises NotSent where the broker does not come back in time, and whatever else kept the message
    from being sent: either is the end of the job.
    """

    def retry_once_the_broker_is_there(self: Task, *args: Any, **kwargs: Any) -> Any:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return retry(self, *args, **kwargs)
            except Reject as error:
                why: Any = error.args[0]
                if not isinstance(why, (OperationalError, RedisError, OSError)):
                    raise why from None
                if time.monotonic() > deadline:
                    raise NotSent(f"the job could not be tried again, the broker does not answer: {why}") from None
            logger.info("job %s is tried again when the broker is back: %s", self.request.id, why)
            time.sleep(_PAUSE)

    return retry_once_the_broker_is_there
