"""Jobs whose worker or process dies: started again where their task allows it, lost or failed where not."""

import json
import os
import platform
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.events import FINAL
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.timeout(300)  # instances of their own, that start and wait

LASTING = "tests.support.lasting_tasks"
_LAUNCH = "from tasks.launching import launch\nanswer = str(launch(name, args).pk)"
_SEND = "from celery import current_app\nanswer = current_app.send_task(name, kwargs=args).id"
_JOB = """
from tasks.models import Job
row = Job.objects.filter(pk=id).first()
answer = row and {**row.as_dict(), "kept": row.message is not None}
"""
_STATES = """
from tasks import eventlog
answer = [e["set"]["state"] for e in eventlog.read(id, 0, 1000).events if "state" in e.get("set", {})]
"""
ways = pytest.mark.parametrize("start", [_LAUNCH, _SEND], ids=["launched", "from a shell"])


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    running = Stack(WORKERS="2", TASKCAST_APPS=LASTING)
    try:
        yield running.up()
    finally:
        running.down()


def begin(stack: Stack, start: str, task: str, **args: Any) -> str:
    return str(stack.run(start, name=f"{LASTING}.{task}", args=args))


def reaches(stack: Stack, job_id: str, *states: str, seconds: float = 30) -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        job = stack.run(_JOB, id=job_id)
        return job if job and job["state"] in states else None

    found: dict[str, Any] = wait_for(there, f"{job_id} is {states}", seconds)
    return found


@ways
def test_a_job_that_may_starts_again_when_its_worker_was_killed(stack: Stack, start: str) -> None:
    path = stack.home / uuid.uuid4().hex
    job_id = begin(stack, start, "wait_again", path=str(path))
    assert reaches(stack, job_id, "started")["kept"] == (start == _LAUNCH)
    stack.kill("worker")
    killed = time.monotonic()
    waiting = reaches(stack, job_id, "queued", seconds=20)
    assert time.monotonic() - killed < 20
    assert "stopped answering at" in waiting["reason"]
    assert waiting["reason"].endswith("waiting to be started again")
    stack.start("worker")
    again = reaches(stack, job_id, "started")
    assert (again["attempt"], again["reason"]) == (2, None)
    path.touch()
    done = reaches(stack, job_id, *FINAL)
    assert (done["state"], done["result"], done["kept"]) == ("succeeded", "it is there", False)
    assert stack.run(_STATES, id=job_id) == ["queued", "started", "queued", "started", "succeeded"]


def test_a_frozen_workers_job_goes_on_elsewhere_and_the_woken_one_writes_nothing(stack: Stack) -> None:
    path = stack.home / uuid.uuid4().hex
    job_id = begin(stack, _LAUNCH, "wait_again", path=str(path))
    reaches(stack, job_id, "started")
    stack.start("worker2")
    try:
        stack.pause("worker")
        wait_for(lambda: reaches(stack, job_id, "started")["attempt"] == 2, "the other worker has it", 25)
        stack.resume("worker")
        path.touch()  # both attempts end now
        done = reaches(stack, job_id, *FINAL)
        assert (done["state"], done["attempt"], done["worker"]) == ("succeeded", 2, f"worker2@{platform.node()}")
        wait_for(lambda: stack.log("worker").count(f"[{job_id}] succeeded") == 1, "the first attempt ends too")
        assert stack.run(_STATES, id=job_id).count("succeeded") == 1
    finally:
        stack.kill("worker2")


def test_a_frozen_workers_job_that_is_cancelled_stops_when_the_worker_wakes(stack: Stack) -> None:
    path = stack.home / uuid.uuid4().hex
    job_id = begin(stack, _LAUNCH, "count_again", path=str(path), seconds=60)
    reaches(stack, job_id, "started")
    stack.pause("worker")
    stack.start("worker2")
    try:
        stack.run("from tasks import control\ncontrol.cancel(id)\nanswer = None", id=job_id)
        reaches(stack, job_id, "cancelled", seconds=25)
        stack.resume("worker")
        said = f"Task {LASTING}.count_again[{job_id}]"
        wait_for(lambda: job_id not in _at_work(stack), "the woken attempt stops", 10)
        assert f"{said} succeeded" not in stack.log("worker")
        assert not path.exists()
    finally:
        stack.kill("worker2")


def _at_work(stack: Stack) -> set[str]:
    """The ids of the jobs that living workers say they run."""
    code = (
        "from tasks import leases\n"
        "said = leases.alive(leases.workers()).values()\n"
        "answer = sorted({job for one in said for job in one.get('active') or {}}) + (['?'] if not said else [])"
    )
    return set(stack.run(code))


def test_of_a_lost_job_that_lives_on_one_line_is_told(stack: Stack) -> None:
    path = stack.home / uuid.uuid4().hex
    job_id = begin(stack, _LAUNCH, "talk_until", path=str(path))
    reaches(stack, job_id, "started")
    os.kill(stack.pid("worker"), signal.SIGSTOP)  # its pool process goes on
    reaches(stack, job_id, "lost", seconds=25)
    os.kill(stack.pid("worker"), signal.SIGCONT)
    path.touch()
    events = "from tasks import eventlog\nanswer = eventlog.read(id, 0, 5000).events"

    def after() -> list[Any]:
        found = stack.run(events, id=job_id)
        end = next(n for n, event in enumerate(found) if event.get("set", {}).get("state") == "lost")
        return [line["text"] for event in found[end + 1 :] for line in event["lines"]]

    wait_for(after, "the late end is told")
    assert after() == ["the worker came back and had succeeded"]


def stranger(stack: Stack, task: str, **args: Any) -> str:
    """Send a task from a program that knows nothing of Taskcast."""
    code = (
        "import sys, json, celery; app = celery.Celery(broker=sys.argv[1]); "
        "print(app.send_task(sys.argv[2], kwargs=json.loads(sys.argv[3])).id)"
    )
    command = [sys.executable, "-c", code, stack.address.broker_url, f"{LASTING}.{task}", json.dumps(args)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def test_a_strangers_job_that_waits_to_be_tried_again_outlives_its_worker(stack: Stack) -> None:
    job_id = stranger(stack, "try_twice")
    assert "next try at 20" in reaches(stack, job_id, "retrying")["reason"]
    stack.kill("worker")
    stack.start("worker")
    assert reaches(stack, job_id, *FINAL, seconds=60)["result"] == 1


def test_what_a_dead_worker_had_reserved_for_a_stranger_is_given_back(stack: Stack) -> None:
    path = stack.home / uuid.uuid4().hex
    for _ in range(2):
        begin(stack, _LAUNCH, "wait_for_file", path=str(path))
    job_id = stranger(stack, "wait_for_file", path=str(path))
    wait_for(lambda: f"[{job_id}] received" in stack.log("worker"), "the worker has it, and no process for it")
    assert reaches(stack, job_id, "queued")
    stack.kill("worker")
    path.touch()
    stack.start("worker")
    assert reaches(stack, job_id, *FINAL, seconds=60)["state"] == "succeeded"


@ways
def test_a_task_that_kills_its_process_fails_by_the_signals_name(stack: Stack, start: str) -> None:
    for task in ("die", "die_late"):
        job = reaches(stack, begin(stack, start, task), *FINAL)
        assert (job["state"], job["attempt"]) == ("failed", 1)
        assert "killed by SIGKILL" in job["reason"]


@ways
def test_a_task_that_kills_its_process_every_time_is_started_three_times(stack: Stack, start: str) -> None:
    job = reaches(stack, begin(stack, start, "die_again"), *FINAL, seconds=60)
    assert (job["state"], job["attempt"]) == ("lost", 3)
    assert "died each time" in job["reason"]
    assert stack.run(_STATES, id=job["id"]) == ["queued", "started", "started", "started", "lost"]


@ways
def test_a_task_that_dies_once_starts_again_where_it_asks_for_that(stack: Stack, start: str) -> None:
    path: Path = stack.home / uuid.uuid4().hex
    job = reaches(stack, begin(stack, start, "die_once", path=str(path)), *FINAL)
    assert (job["state"], job["attempt"], job["result"]) == ("succeeded", 2, "the second time")


def test_celerys_own_retries_after_a_death_are_attempts(stack: Stack) -> None:
    job = reaches(stack, begin(stack, _SEND, "die_and_retry"), *FINAL, seconds=60)
    assert (job["state"], job["attempt"]) == ("failed", 3)
    assert stack.run(_STATES, id=job["id"]) == [
        "queued", "started", "retrying", "started", "retrying", "started", "failed",
    ]  # fmt: skip


_CELERYS_WORD = """
from celery import current_app
from tasks import eventlog
current_app.backend.store_result(id, {"rows": 3}, "SUCCESS")
"""


def test_what_celery_knows_to_have_succeeded_is_not_lost(stack: Stack) -> None:
    """Its process died after the result was stored, and before it could say so."""
    path = stack.home / uuid.uuid4().hex
    job_id = begin(stack, _LAUNCH, "wait_for_file", path=str(path))
    reaches(stack, job_id, "started")
    stack.kill("worker", signal.SIGKILL)
    stack.run(_CELERYS_WORD, id=job_id)
    job = reaches(stack, job_id, *FINAL)
    stack.start("worker")
    assert (job["state"], job["result"], job["finished_at"] is not None) == ("succeeded", {"rows": 3}, True)


def test_a_worker_that_is_told_to_end_hands_back_what_does_not_end_in_time(stack: Stack) -> None:
    ends, never = stack.home / uuid.uuid4().hex, stack.home / uuid.uuid4().hex
    again = begin(stack, _LAUNCH, "wait_again", path=str(never))
    alone = begin(stack, _LAUNCH, "wait_for_file", path=str(never))
    for job_id in (again, alone):
        reaches(stack, job_id, "started")
    taken = begin(stack, _SEND, "wait_for_file", path=str(ends))
    wait_for(lambda: f"[{taken}] received" in stack.log("worker"), "the worker has it, and no process for it")
    ends.touch()
    asked = time.monotonic()
    stack.kill("worker", signal.SIGTERM)
    assert time.monotonic() - asked < 20
    said = "was stopped before this job had ended"
    lost = reaches(stack, alone, *FINAL, seconds=5)
    assert (lost["state"], said in lost["reason"]) == ("lost", True)
    waiting = reaches(stack, again, "queued", seconds=5)
    assert said in waiting["reason"]
    assert waiting["reason"].endswith("waiting to be started again")
    stack.start("worker")
    assert reaches(stack, again, "started", seconds=10)["attempt"] == 2
    assert reaches(stack, taken, "succeeded", seconds=10)["attempt"] == 1
    never.touch()
    reaches(stack, again, "succeeded")


def test_a_job_in_a_queue_that_no_worker_listens_to_says_so(stack: Stack) -> None:
    code = "from tasks.launching import launch\nanswer = str(launch(name, args, queue='elsewhere').pk)"
    job_id = begin(stack, code, "wait_for_file", path="/")
    told = "waiting for a worker: none is listening to queue elsewhere"
    wait_for(lambda: reaches(stack, job_id, "queued")["reason"] == told, "it is told")
    stack.start("worker2", options=("-Q", "elsewhere"))
    try:
        assert reaches(stack, job_id, *FINAL)["reason"] is None
    finally:
        stack.kill("worker2")


def test_a_running_job_says_that_its_worker_is_silent_and_takes_it_back(stack: Stack) -> None:
    path = stack.home / uuid.uuid4().hex
    job_id = begin(stack, _LAUNCH, "wait_for_file", path=str(path))
    reaches(stack, job_id, "started")
    stack.pause("worker")
    wait_for(lambda: "has been silent since" in (reaches(stack, job_id, "started")["reason"] or ""), "it is told", 12)
    stack.resume("worker")
    wait_for(lambda: reaches(stack, job_id, "started")["reason"] is None, "it is taken back")
    path.touch()
    assert reaches(stack, job_id, *FINAL)["state"] == "succeeded"
