"""One Idempotency-Key from many threads at once, over HTTP, on both databases: one job, whoever comes first."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import httpx
import pytest
from django.utils import timezone

from tests.integration.conftest import start_web
from tests.support.postgres import cluster
from tests.support.stack import Stack

THREADS, CALLS = 20, 400
ADD = "tasks.samples.arithmetic.add"
COUNT = """
from dashboard.models import IdempotencyKey
from tasks.models import Job
answer = [Job.objects.filter(created_at__gt=since).count(), IdempotencyKey.objects.count()]
"""
A_DAY_AGO = """
from datetime import timedelta
from django.utils import timezone
from dashboard.models import IdempotencyKey
IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=24))
"""
CLEAR = "from dashboard.models import IdempotencyKey as K; from tasks.models import Job; K.objects.all().delete(); "
CLEAR += "Job.objects.all().delete()"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def instance(request):
    with cluster() if request.param == "postgresql" else nullcontext() as url:
        running = Stack(**{"DATABASE_URL": url} if url else {})
        try:
            start_web(running)
            yield running
        finally:
            running.down()


@pytest.fixture
def web(instance):
    instance.run(CLEAR)
    return instance


@pytest.fixture
def count(web):
    """How many jobs of this test there are, and keys: one of an earlier test may be recorded once more from the log."""
    since = timezone.now().isoformat()
    return lambda: web.run(COUNT, since=since)


def post_all(web: Stack, bodies: list[dict[str, Any]], key: str) -> list[httpx.Response]:
    """All at once from `THREADS` threads, each with a connection of its own."""
    headers = {"Authorization": f"Bearer {web.token('alice')}", "Idempotency-Key": key}

    def work(mine: list[dict[str, Any]]) -> list[httpx.Response]:
        with httpx.Client(base_url=web.url, headers=headers, timeout=60) as client:
            return [client.post("/api/v1/jobs", json=body) for body in mine]

    with ThreadPoolExecutor(THREADS) as pool:
        return [
            answer for answers in pool.map(work, [bodies[n::THREADS] for n in range(THREADS)]) for answer in answers
        ]


def body(x: int = 1) -> dict[str, Any]:
    return {"task": ADD, "args": {"x": x, "y": 2}}


def test_one_key_is_one_job(web, count):
    answers = post_all(web, [body()] * CALLS, "one")
    assert Counter(answer.status_code for answer in answers) == {201: CALLS}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert count() == [1, 1]


def test_of_two_bodies_one_is_launched_and_the_other_refused(web, count):
    answers = post_all(web, [body(n % 2) for n in range(2 * THREADS + 2)], "two")
    by_status = Counter(answer.status_code for answer in answers)
    assert by_status.keys() == {201, 409}
    launched = {(answer.json()["id"], answer.json()["args"]["x"]) for answer in answers if answer.status_code == 201}
    assert len(launched) == 1
    assert count() == [1, 1]


def test_a_refused_body_leaves_the_key_to_the_others(web, count):
    answers = post_all(web, [{"task": ADD, "args": {"x": 1}} if n % 2 else body() for n in range(2 * THREADS + 2)], "k")
    # 409 of a wrong body that came after the right one, 422 of one before.
    assert {answer.status_code for answer in answers} <= {201, 409, 422}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert count() == [1, 1]


def test_a_key_of_a_day_ago_is_one_new_job(web, count):
    old = post_all(web, [body()], "old")[0].json()["id"]
    web.run(A_DAY_AGO)
    answers = post_all(web, [body()] * (2 * THREADS), "old")
    assert Counter(answer.status_code for answer in answers) == {201: 2 * THREADS}
    ids = {answer.json()["id"] for answer in answers}
    assert len(ids) == 1
    assert old not in ids
    assert count() == [2, 1]


def test_a_process_that_dies_leaves_one_job_or_none(web, count):
    """Killed while 20 threads send: whatever was answered stays, and the next ones meet the same job."""
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(_until_it_dies, web)
        web.kill("daphne")
        before = sending.result()
    web.start("daphne")
    answers = post_all(web, [body()] * THREADS, "killed")
    assert Counter(answer.status_code for answer in answers) == {201: THREADS}
    assert len({answer.json()["id"] for answer in answers} | before) == 1
    assert count() == [1, 1]


def _until_it_dies(web: Stack) -> set[str]:
    headers = {"Authorization": f"Bearer {web.token('alice')}", "Idempotency-Key": "killed"}
    found: set[str] = set()

    def work(_: int) -> None:
        with httpx.Client(base_url=web.url, headers=headers, timeout=60) as client:
            while True:
                try:
                    found.add(client.post("/api/v1/jobs", json=body()).json()["id"])
                except httpx.TransportError:
                    return

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    return found
