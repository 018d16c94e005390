"""The one door: the row is durable first, whatever the broker does; lists see it at once."""

import signal

import pytest

from tests.support.stack import wait_for

ADD = "tasks.samples.arithmetic.add"
_LAUNCH = """
import time
from tasks.launching import launch
began = time.monotonic()
job = launch(name, {"x": 4, "y": 4})
held = time.monotonic() - began
answer = {"id": str(job.pk), "state": job.state, "reason": job.reason, "change": job.change, "held": held}
"""
_ROW = """
from tasks.models import Job
row = Job.objects.get(pk=id)
answer = {"state": row.state, "reason": row.reason, "published": bool(row.published_at), "message": row.message}
"""


@pytest.mark.parametrize("fault", ["hung", "gone"])
def test_a_launch_is_durable_while_redis_is_away_and_runs_when_it_is_back(stack_factory, fault):
    stack = stack_factory(WORKERS="1")
    stack.run(_LAUNCH, name=ADD)  # everything is imported and connected
    if fault == "hung":
        stack.pause("redis")
    else:
        stack.kill("redis", signal.SIGTERM)
    job = stack.run(_LAUNCH, name=ADD)
    assert job["state"] == "queued"
    assert "broker" in job["reason"]
    assert job["held"] < 2, "a request waits 300 ms for the broker, and a while for this machine"
    assert job["change"] > 0
    if fault == "hung":
        stack.resume("redis")
    else:
        stack.start("redis")
    row = wait_for(lambda: (r := stack.run(_ROW, id=job["id"]))["state"] == "succeeded" and r, "it runs", 60)
    assert row == {"state": "succeeded", "reason": None, "published": True, "message": None}


_IS_STARTED = "from tasks.models import Job\nanswer = Job.objects.filter(pk=id, state='started').exists()"
_EVENTS = """
from tasks import eventlog
answer = [{"set": {}, **event} for event in eventlog.read(id, 0, 50).events]
"""
_SEND = "from celery import current_app\nanswer = current_app.send_task(name).id"
_CANCEL = "from tasks.control import cancel\nanswer = cancel(id)"


def test_a_job_that_was_never_sent_can_be_cancelled_while_redis_is_away(stack_factory):
    stack = stack_factory(WORKERS="1")
    stack.kill("redis", signal.SIGTERM)
    job = stack.run(_LAUNCH, name=ADD)
    asked = stack.run(_CANCEL, id=job["id"])
    assert (asked["state"], asked["cancel"]) == ("queued", "asked")
    stack.start("redis")
    later = stack.run(_LAUNCH, name=ADD)
    wait_for(lambda: stack.run(_ROW, id=later["id"])["state"] == "succeeded", "a later job runs", 60)
    wait_for(lambda: stack.run(_ROW, id=job["id"])["state"] == "cancelled", "it has ended")
    assert stack.run(_ROW, id=job["id"]) == {"state": "cancelled", "reason": None, "published": False, "message": None}
    assert [event["set"]["state"] for event in stack.run(_EVENTS, id=job["id"])] == ["queued", "cancelled"]


def test_a_started_job_that_is_to_be_cancelled_is_told_when_redis_is_back(stack_factory):
    stack = stack_factory(WORKERS="1", TASKCAST_APPS="tests.support.plain_tasks")
    job = {"id": stack.run(_SEND, name="tests.support.plain_tasks.wait_for_cancel")}
    wait_for(lambda: stack.run(_IS_STARTED, id=job["id"]), "it runs, and its row says so")
    stack.kill("redis", signal.SIGTERM)
    asked = stack.run(_CANCEL, id=job["id"])
    assert (asked["state"], asked["cancel"]) == ("started", "asked")
    stack.start("redis")
    wait_for(lambda: stack.run(_ROW, id=job["id"])["state"] == "succeeded", "the task has seen it and returned", 20)
    cancels = [event["set"]["cancel"] for event in stack.run(_EVENTS, id=job["id"]) if event["set"].get("cancel")]
    assert cancels[0] == "asked"


_LAUNCH_AND_LOOK = """
from celery.result import AsyncResult
from tasks import eventlog
from tasks.launching import launch
def subscribed():
    said = eventlog.ask(lambda redis_: redis_.info("commandstats"))
    return said.get("cmdstat_subscribe", {"calls": 0})["calls"]
before = subscribed()
job = launch(name, {"x": 4, "y": 4})
answer = [subscribed() - before, AsyncResult(str(job.pk)).get(timeout=20)]
"""


def test_nobody_listens_for_the_result_of_a_launch_and_it_is_there_all_the_same(stack_factory):
    stack = stack_factory(WORKERS="1")
    assert stack.run(_LAUNCH_AND_LOOK, name=ADD) == [0, 8]
