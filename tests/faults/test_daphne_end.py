"""The end of a web process: what it has begun is answered, and it does end."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.support.stack import wait_for

_COUNT = "from tasks.models import Job\nanswer = Job.objects.count()"
BODY = {"task": "tasks.samples.arithmetic.add", "args": {"x": 4, "y": 4}}


def test_a_launch_under_way_is_answered_before_the_end(stack_factory):
    stack = stack_factory(WORKERS="1")
    stack.user("alice", launch=True)
    headers = {"Authorization": f"Bearer {stack.token('alice')}"}
    stack.pause("redis")  # so that the launch waits for it, for a moment
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(httpx.post, f"{stack.url}/api/v1/jobs", json=BODY, headers=headers, timeout=20)
        wait_for(lambda: stack.run(_COUNT), "its row is there")
        stack.kill("daphne", signal.SIGTERM)
        assert answer.result().status_code == 201
    stack.resume("redis")


def test_it_ends_however_much_is_asked_of_it(stack_factory):
    """Requests that were being passed between threads made it hang until it was killed."""
    stack = stack_factory(WORKERS="1")
    stack.user("alice", launch=True)
    headers = {"Authorization": f"Bearer {stack.token('alice')}"}
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                httpx.post(f"{stack.url}/api/v1/jobs", json=BODY, headers=headers, timeout=20)
            except httpx.TransportError:
                over.wait(0.01)

    askers = [threading.Thread(target=ask) for _ in range(8)]
    for asker in askers:
        asker.start()
    try:
        for _ in range(4):
            stack.kill("redis")  # so that requests take their time
            stack.kill("daphne", signal.SIGTERM)  # waits for its end
            stack.start("redis")
            stack.start("daphne")
    finally:
        over.set()
        for asker in askers:
            asker.join()
