"""Pausing a queue, and what is taken from it first."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.timeout(300)  # instances of their own, that start and wait

TASKS = "tests.support.lasting_tasks"
_LAUNCH = "from tasks.launching import launch\nanswer = str(launch(name, args, **options).pk)"
_JOB = "from dashboard import queries\nfound = queries.find(id)\nanswer = found and found.job"
_DO = "from tasks import queues\nanswer = getattr(queues, what)(name)"


@pytest.fixture
def stack() -> Iterator[Stack]:
    running = Stack(WORKERS="1", TASKCAST_APPS=TASKS)
    try:
        yield running.up()
    finally:
        running.down()


def launch(stack: Stack, task: str = "wait_for_file", path: str = "/", **options: Any) -> str:
    return str(stack.run(_LAUNCH, name=f"{TASKS}.{task}", args={"path": path}, options=options))


def job(stack: Stack, job_id: str) -> dict[str, Any]:
    return dict(stack.run(_JOB, id=job_id))


def said(stack: Stack) -> list[list[str]]:
    return stack.run("from tasks import leases\nanswer = [one['paused'] for one in leases.workers().values()]")


def test_what_waits_in_a_paused_queue_waits_until_it_is_resumed(stack: Stack) -> None:
    assert stack.run(_DO, what="pause", name="celery") is True
    assert stack.run(_DO, what="pause", name="celery") is False
    wait_for(lambda: said(stack) == [["celery"]], "the worker heeds it")
    held = launch(stack)
    wait_for(lambda: job(stack, held)["reason"] == "queue celery is paused", "the job says so")
    stack.kill("worker")
    with stack.redis() as client:
        client.delete("taskcast:paused")
    stack.start("worker")
    wait_for(lambda: ["celery"] in said(stack), "a new worker heeds it, also where Redis had forgotten")
    assert job(stack, held)["state"] == "queued"
    assert stack.run(_DO, what="resume", name="celery") is True
    wait_for(lambda: job(stack, held)["state"] == "succeeded", "it runs")
    assert job(stack, held)["reason"] is None
    assert stack.run(_DO, what="resume", name="celery") is False


def test_a_worker_that_starts_takes_nothing_from_a_paused_queue(stack: Stack) -> None:
    stack.kill("worker")
    stack.run(_DO, what="pause", name="celery")
    held = launch(stack)
    stack.start("worker")
    other = launch(stack, queue="other")
    stack.start("worker2", options=("-Q", "other"))
    wait_for(lambda: job(stack, other)["state"] == "succeeded", "another queue goes on")
    assert job(stack, held)["state"] == "queued"
    stack.kill("worker2")


def test_what_is_urgent_is_taken_first(stack: Stack) -> None:
    path = stack.home / "go"
    busy = launch(stack, path=str(path))
    wait_for(lambda: job(stack, busy)["state"] == "started", "the worker is busy")
    taken = launch(stack)  # the one that the worker has already reserved
    wait_for(lambda: f"[{taken}] received" in stack.log("worker"), "it is reserved")
    order = [launch(stack, priority=priority) for priority in ("low", "normal", "high")]
    path.touch()
    for job_id in order:
        wait_for(lambda job_id=job_id: job(stack, job_id)["state"] == "succeeded", "all run")
    started = [job(stack, job_id)["started_at"] for job_id in order]
    assert started == sorted(started, reverse=True)
