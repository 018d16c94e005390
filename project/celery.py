"""The Celery application."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, Task
from kombu.exceptions import OperationalError
from redis import RedisError

from tasks import install, launchable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")


class App(Celery):
    """Celery, for people at a shell: a job that cannot be sent fails with one line that says what to look at."""

    def send_task(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().send_task(*args, **kwargs)
        except OperationalError as error:
            cause: BaseException = error
        except RuntimeError as error:
            # The result backend subscribes before the message is sent; its own words are that "the Celery application
            # must be restarted", which is not so.
            if not isinstance(error.__cause__, RedisError):
                raise
            cause = error.__cause__
        raise OperationalError(
            f"the job was not sent, Redis does not answer ({cause}): is Taskcast running, "
            "and are TASKCAST_HOME and REDIS_URL set as they were for it?"
        ) from None


class Quiet(Task):
    """Celery's task, whose result takes a line of the worker's log and not a screen."""

    abstract = True
    resultrepr_maxsize = 200


app = App("project", task_cls=Quiet)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Of the engine's own folder nothing is discovered: other projects need not have the samples.
app.autodiscover_tasks(["tasks.samples"])
install(app)


@launchable(hidden=True)
@app.task(bind=True, ignore_result=True)
def debug_task(self: Any) -> None:
    """Print the request that Celery handed to this task."""
    print(f"Request: {self.request!r}")
