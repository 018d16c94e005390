"""Redis away while a task runs: the task goes on at its own speed, and all that it said arrives afterwards."""

import json
import signal
import threading

from tasks.events import FINAL
from tests.support.stack import Stack, wait_for

PLAIN = "tests.support.plain_tasks"
_LOOK = """
from tasks import eventlog
snap, page = eventlog.snapshot(id), eventlog.read(id, 0, 100000)  # in this order: what comes between is in the page
answer = snap and {"job": snap.job, "events": page.events}
"""


def running_job(stack: Stack) -> str:
    code = "from tasks.launching import launch\nanswer = str(launch(name, args).pk)"
    job_id = stack.run(code, name=f"{PLAIN}.count_against_the_clock", args={"to": 300, "pause": 0.02})
    wait_for(lambda: (stack.run(_LOOK, id=job_id) or {"job": {}})["job"].get("progress"), "it counts")
    return job_id


def assert_all_arrived(stack: Stack, job_id: str) -> None:
    def final():
        found = stack.run(_LOOK, id=job_id)
        return found if found and found["job"]["state"] in FINAL else None

    found = wait_for(final, "the job ends", 60)
    assert found["job"]["state"] == "succeeded", json.dumps(found["job"])
    assert found["job"]["progress"]["current"] == 300
    # 300 pauses of 20 ms cost a little more than that on a busy machine; a wait for Redis would cost seconds.
    assert found["job"]["result"] < 300 * 0.02 + 2
    lines = [line["text"] for event in found["events"] for line in event.get("lines", [])]
    assert lines == [f"at {i}" for i in range(0, 300, 10)]
    assert [event["seq"] for event in found["events"]] == list(range(1, len(found["events"]) + 1))
    assert len(found["events"]) == found["job"]["seq"], "nothing comes after the end"


def test_a_redis_that_hangs(stack_factory):
    stack = stack_factory(TASKCAST_APPS=PLAIN, WORKERS="1")
    job_id = running_job(stack)
    stack.pause("redis")
    threading.Event().wait(4)  # how long the fault lasts
    stack.resume("redis")
    assert_all_arrived(stack, job_id)


def test_a_redis_that_is_killed_and_started_again(stack_factory):
    stack = stack_factory(TASKCAST_APPS=PLAIN, WORKERS="1")
    job_id = running_job(stack)
    stack.kill("redis", signal.SIGTERM)
    stack.start("redis")
    assert_all_arrived(stack, job_id)


def test_a_redis_that_is_full_when_a_task_ends(stack_factory):
    """Celery cannot store the result, and tells nobody that the task has ended; what it did is not undone by that."""
    stack = stack_factory(TASKCAST_APPS=PLAIN, WORKERS="1")
    job_id = running_job(stack)
    with stack.redis() as client:
        client.config_set("maxmemory", 1_000_000)
        wait_for(lambda: "Exception raised outside body" in stack.log("worker"), "Celery has stumbled", 60)
        client.config_set("maxmemory", 0)
    assert_all_arrived(stack, job_id)
