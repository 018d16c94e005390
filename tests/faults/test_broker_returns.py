"""A broker that was away for long: what was launched meanwhile starts within seconds of its return."""

import re
import signal

from tests.support.stack import wait_for

_LAUNCH = """
from tasks.launching import launch
answer = str(launch("tasks.samples.arithmetic.add", {"x": 4, "y": 4}).pk)
"""
PLAIN = "tests.support.plain_tasks"
_STATE = "from tasks.models import Job\nanswer = Job.objects.get(pk=id).state"


def test_workers_look_for_the_broker_every_second(stack_factory):
    stack = stack_factory(WORKERS="1")

    def pauses():
        return re.findall(r"Trying again in ([\d.]+) second", stack.log("worker"))

    stack.run(_LAUNCH)
    stack.kill("redis", signal.SIGTERM)
    job_id = stack.run(_LAUNCH)
    # Celery's own patience would have grown to 12 seconds by then.
    wait_for(lambda: len(pauses()) >= 6, "the worker looks for the broker")
    stack.start("redis")
    wait_for(lambda: stack.run(_STATE, id=job_id) == "succeeded", "the job has run")
    assert set(pauses()) == {"1.00"}


def test_a_retry_waits_for_the_broker(stack_factory):
    """Celery itself drops a job whose next attempt it cannot send."""
    stack = stack_factory(TASKCAST_APPS=PLAIN, WORKERS="1")
    path = stack.home / "now"
    code = "from tasks.launching import launch\nanswer = str(launch(name, {'path': path}).pk)"
    job_id = stack.run(code, name=f"{PLAIN}.fail_on_demand", path=str(path))
    wait_for(lambda: stack.run(_STATE, id=job_id) == "started", "the job has started")
    stack.kill("redis", signal.SIGTERM)
    path.touch()
    wait_for(lambda: "is tried again when the broker is back" in stack.log("worker"), "it cannot be sent")
    stack.start("redis")
    wait_for(lambda: stack.run(_STATE, id=job_id) == "succeeded", "it was tried again", 15)
    assert stack.run("from tasks.models import Job\nanswer = Job.objects.get(pk=id).attempt", id=job_id) == 2
