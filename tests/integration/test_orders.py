"""A real worker that is told to drain, to take again, and to have more or fewer processes."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.test_queues import job, launch
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.timeout(300)  # instances of their own, that start and wait

_SAID = "from tasks import leases\nanswer = leases.alive(leases.workers())"
_DO = "from tasks import orders\nanswer = getattr(orders, what)(*args)"
_AUDIT = """
from tasks.models import AuditEntry
noted = AuditEntry.objects.filter(job=None).order_by("pk")
answer = list(noted.values_list("action", flat=True))
"""


@pytest.fixture
def stack() -> Iterator[Stack]:
    running = Stack(WORKERS="2", TASKCAST_APPS="tests.support.lasting_tasks")
    try:
        yield running.up()
    finally:
        running.down()


def said(stack: Stack) -> tuple[str, dict[str, Any]]:
    [(lease, about)] = stack.run(_SAID).items()
    return lease, about


def test_a_worker_drains_takes_again_and_grows_and_shrinks(stack: Stack) -> None:
    path = stack.home / "go"
    running = launch(stack, path=str(path))
    wait_for(lambda: job(stack, running)["state"] == "started", "it works")
    wait_for(lambda: (said(stack)[1]["active"] or {}).get(running), "it says so")
    lease, about = said(stack)
    assert about["size"] == 2
    assert about["resizable"] is True
    assert about["draining"] is False
    assert about["celery"].startswith("5.")
    assert about["memory"] > 10_000_000 < about["pool_memory"]
    assert about["load"] >= 0
    assert about["host"]

    stack.run(_DO, what="drain", args=[lease])
    wait_for(lambda: said(stack)[1]["draining"], "it drains")
    assert said(stack)[1]["paused"] == []
    with stack.redis() as client:
        client.delete("taskcast:orders")  # what it is, it knows itself
    held = launch(stack)
    told = "waiting for a worker: none is listening to queue celery"
    wait_for(lambda: job(stack, held)["reason"] == told, "the job that waits says why")
    assert said(stack)[1]["draining"] is True
    path.touch()
    wait_for(lambda: job(stack, running)["state"] == "succeeded", "what it had, it ends")
    assert job(stack, held)["state"] == "queued"
    stack.run(_DO, what="take_again", args=[lease])
    wait_for(lambda: job(stack, held)["state"] == "succeeded", "it takes again")

    stack.run(_DO, what="resize", args=[lease, 4])
    wait_for(lambda: said(stack)[1]["size"] == 4, "it has grown")
    path.unlink()
    busy = [launch(stack, path=str(path)) for _ in range(4)]
    wait_for(lambda: all(job(stack, one)["state"] == "started" for one in busy), "four at once")
    stack.run(_DO, what="resize", args=[lease, 1])
    beat = said(stack)[1]["beat"]
    wait_for(lambda: said(stack)[1]["beat"] > beat, "it has looked")
    assert said(stack)[1]["size"] == 4  # none that works is ended
    path.touch()
    wait_for(lambda: all(job(stack, one)["state"] == "succeeded" for one in busy), "they end")
    wait_for(lambda: said(stack)[1]["size"] == 1, "it has shrunk")
    last = launch(stack)
    wait_for(lambda: job(stack, last)["state"] == "succeeded", "it still works")
    assert stack.run(_AUDIT) == ["drained", "takes again", "resized", "resized"]
    with stack.redis() as client:
        assert client.hgetall("taskcast:orders").keys() == {f"{lease} drain", f"{lease} size"}
    stack.kill("worker", signal.SIGTERM)
    with stack.redis() as client:
        assert not client.exists("taskcast:orders")
