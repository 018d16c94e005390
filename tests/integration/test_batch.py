"""Many jobs at once with one parent, whose progress is exact at every moment, whatever dies in between."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tasks.events import FINAL
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.timeout(300)  # instances of their own, that start and wait

TASKS = "tests.support.batch_tasks"
_LAUNCH = """
from tasks.batch import BadRows, launch_batch
try:
    answer = str(launch_batch(task, rows).pk)
except BadRows as error:
    answer = {str(number): [fault["loc"] for fault in faults] for number, faults in error.errors.items()}
"""
_JOB = """
from dashboard import queries
found = queries.find(id)
answer = found and found.job
"""
_EVENTS = "from tasks import eventlog\nanswer = eventlog.read(id, 0, 5000).events"
_STATES = """
from collections import Counter
from tasks.models import Job
answer = dict(Counter(Job.objects.filter(parent=id).values_list("state", flat=True)))
"""
_RETRY = """
from dashboard import queries
from tasks.batch import NothingToRetry, retry_failed
try:
    answer = str(retry_failed(queries.find(id).job).pk)
except NothingToRetry:
    answer = None
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    running = Stack(WORKERS="2", TASKCAST_APPS=TASKS)
    try:
        yield running.up()
    finally:
        running.down()


def launch(stack: Stack, rows: list[dict[str, Any]], task: str = "maybe") -> Any:
    return stack.run(_LAUNCH, task=f"{TASKS}.{task}", rows=rows)


def ends(stack: Stack, job_id: str, seconds: float = 40) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        job = stack.run(_JOB, id=job_id)
        return job if job and job["state"] in FINAL else None

    found: dict[str, Any] = wait_for(ended, f"{job_id} has ended", seconds)
    return found


def rows_say(stack: Stack, job_id: str, expected: dict[str, int]) -> None:
    wait_for(lambda: stack.run(_STATES, id=job_id) == expected, f"the rows say {expected}")


def counts(stack: Stack, batch: str) -> list[dict[str, int]]:
    return [e["set"]["children"] for e in stack.run(_EVENTS, id=batch) if "children" in e.get("set", {})]


def test_a_batch_is_as_far_as_its_jobs(stack: Stack) -> None:
    batch = launch(stack, [{"number": n} for n in range(60)])
    job = ends(stack, batch)
    assert (job["state"], job["children"], job["result"]) == ("succeeded", {"succeeded": 60}, {"succeeded": 60})
    assert job["progress"] == {"current": 60, "total": 60, "description": "", "steps": []}
    told = counts(stack, batch)
    assert [sum(one.values()) for one in told] == [60] * len(told), "the counts add up at every moment"
    assert len(told) < 60, "they are told now and then, not for each job"
    rows_say(stack, batch, {"succeeded": 60})


def test_those_that_failed_are_retried_alone(stack: Stack) -> None:
    batch = launch(stack, [{"number": n, "fails": n % 4 == 0} for n in range(12)])
    job = ends(stack, batch)
    assert (job["state"], job["children"]) == ("failed", {"succeeded": 9, "failed": 3})
    assert job["error"]["message"] == "3 of 12 jobs did not succeed"
    rows_say(stack, batch, {"succeeded": 9, "failed": 3})
    again = ends(stack, stack.run(_RETRY, id=batch))
    assert (again["retry_of"], again["children"], again["args"]["rows"]) == (batch, {"failed": 3}, 3)
    numbers = """
from tasks.models import Job
answer = [*Job.objects.filter(parent=id).order_by("created_at").values_list("row", flat=True)]
"""
    assert stack.run(numbers, id=batch) == list(range(1, 13))
    assert stack.run(numbers, id=again["id"]) == [1, 5, 9], "they are called what they were called"
    good = launch(stack, [{"number": 1}])
    ends(stack, good)
    assert stack.run(_RETRY, id=good) is None


def test_every_bad_row_is_named_and_nothing_is_launched(stack: Stack) -> None:
    before = stack.run("from tasks.models import Job\nanswer = Job.objects.count()")
    rows = [{"number": 1}, {"number": "x"}, {}, {"number": 4, "seconds": "y", "more": 1}]
    assert launch(stack, rows) == {"1": [["number"]], "2": [["number"]], "3": [["more"], ["seconds"]]}
    assert stack.run("from tasks.models import Job\nanswer = Job.objects.count()") == before


@pytest.mark.parametrize("rows", [[], [{}] * 50_001], ids=["none", "too many"])
def test_a_batch_is_neither_empty_nor_endless(rows: list[Any]) -> None:
    from tasks.batch import launch_batch

    with pytest.raises(ValueError, match="1 to 50000"):
        launch_batch("tasks.samples.arithmetic.add", rows)


def test_a_cancelled_batch_cancels_what_has_not_ended(stack: Stack) -> None:
    batch = launch(stack, [{"number": n, "seconds": 0.2} for n in range(40)])
    wait_for(lambda: (stack.run(_JOB, id=batch)["children"] or {}).get("succeeded", 0) > 2, "some are done")
    stack.run("from tasks import control\ncontrol.cancel(id)\nanswer = None", id=batch)
    job = ends(stack, batch)
    assert job["state"] == "cancelled"
    assert job["children"]["cancelled"] > 20
    assert sum(job["children"].values()) == 40


def test_a_batch_that_is_ended_by_force_ends_what_does_not_listen(stack: Stack) -> None:
    batch = launch(stack, [{"number": n, "seconds": 60} for n in range(3)])
    wait_for(lambda: (stack.run(_JOB, id=batch)["children"] or {}).get("started") == 2, "both processes are busy")
    stack.run("from tasks import control\ncontrol.cancel(id, force=True)\nanswer = None", id=batch)
    assert ends(stack, batch, 20)["children"] == {"cancelled": 3}


def test_a_job_shows_the_children_that_it_sends_and_that_outlive_it(stack: Stack) -> None:
    code = "from tests.support.batch_tasks import spread\nanswer = spread.delay(15).id"
    parent = stack.run(code)
    assert ends(stack, parent)["result"] == 15
    wait_for(lambda: stack.run(_JOB, id=parent)["children"] == {"succeeded": 15}, "all are counted")
    states = [e["set"]["state"] for e in stack.run(_EVENTS, id=parent) if "state" in e.get("set", {})]
    assert states[-1] == "succeeded"
    assert [state for state in states if state in FINAL] == ["succeeded"]


def test_a_redis_that_loses_its_data_leaves_no_batch_without_end(stack: Stack) -> None:
    batch = launch(stack, [{"number": n, "seconds": 0.1} for n in range(60)])
    wait_for(lambda: (stack.run(_JOB, id=batch)["children"] or {}).get("succeeded", 0) > 5, "some are done")
    with stack.redis() as client:
        client.flushall()
    job = ends(stack, batch, 60)
    assert job["children"].get("succeeded", 0) + job["children"].get("lost", 0) == 60
    told = counts(stack, batch)
    assert {sum(one.values()) for one in told} == {60}


def test_who_dies_while_sending_a_batch_leaves_it_to_the_watch(stack: Stack) -> None:
    code = """
import os
from tasks import batch
batch._send_some = lambda jobs, producer: os._exit(1)
from tasks.models import Job
print(batch.launch_batch(task, [{"number": n} for n in range(20)]).pk, flush=True)
import time; time.sleep(20)
"""
    said = stack.manage("shell", "-v0", "-c", f"task = '{TASKS}.maybe'\n{code}", check=False)
    job = ends(stack, str(uuid.UUID(said.split()[-1])), 60)
    assert job["children"] == {"succeeded": 20}
