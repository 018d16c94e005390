"""A broker that was away for long: what was launched meanwhile starts within seconds of its return."""

import signal
import threading

from tests.support.stack import wait_for

_LAUNCH = """
from tasks.launch import launch
answer = str(launch("tasks.samples.arithmetic.add", {"x": 4, "y": 4}).pk)
"""
_STATE = "from tasks.models import Job\nanswer = Job.objects.get(pk=id).state"


def test_workers_are_back_soon_after_the_broker(stack_factory):
    stack = stack_factory(WORKERS="1")
    stack.run(_LAUNCH)
    stack.kill("redis", signal.SIGTERM)
    job_id = stack.run(_LAUNCH)
    # Long enough for Celery's own patience to have grown to 8 seconds.
    threading.Event().wait(15)
    stack.start("redis")
    wait_for(lambda: stack.run(_STATE, id=job_id) == "succeeded", "the job has run", 5)
