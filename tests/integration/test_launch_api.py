"""A launch by the API with its transaction committed: the broker gets the job, or the answer says that it did not."""

import json
import signal
import threading
import time

import pytest
from django.db import connection

from dashboard.models import IdempotencyKey
from tasks import eventlog
from tasks.models import Job
from tests.support.cast import Cast, make_cast

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_server")]

LAUNCH = {"task": "tasks.samples.arithmetic.add", "args": {"x": 4, "y": 4}}


@pytest.fixture
def cast() -> Cast:
    eventlog.open_epoch(1)
    return make_cast()


def launch(cast, **headers):
    began = time.monotonic()
    response = cast.api("alice", "POST", "jobs", LAUNCH, **headers)
    assert response.status_code == 201, response.content
    return response.json(), time.monotonic() - began


def until(condition, what):
    deadline = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return found


def test_the_broker_has_the_job(cast, redis_server):
    job, _ = launch(cast)
    client = redis_server.client()
    message = json.loads(until(lambda: client.lrange("celery\x06\x163", 0, 0), "the message is sent")[0])
    assert message["headers"]["id"] == job["id"]
    until(lambda: Job.objects.get(pk=job["id"]).published_at, "the row says that it is published")
    assert cast.api("alice", "GET", f"jobs/{job['id']}").json()["reason"] is None


def test_the_broker_away(cast, redis_server):
    redis_server.kill()
    try:
        job, seconds = launch(cast)
        assert "broker does not answer" in job["reason"]
        assert seconds < 2
        assert cast.api("alice", "GET", f"jobs/{job['id']}").json()["reason"] == job["reason"]
        assert Job.objects.get(pk=job["id"]).published_at is None
    finally:
        redis_server.start()


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}], ids=["plain", "with a key"])
def test_the_broker_hangs(cast, redis_server, headers):
    redis_server.process.send_signal(signal.SIGSTOP)
    try:
        job, seconds = launch(cast, **headers)
    finally:
        redis_server.process.send_signal(signal.SIGCONT)
    assert "broker does not answer" in job["reason"]
    assert seconds < 2
    # Redis was only slow: the same attempt gets through, and the reason goes.
    until(lambda: Job.objects.get(pk=job["id"]).published_at, "the job is published")
    assert Job.objects.get(pk=job["id"]).reason is None


def test_one_key_sent_several_times_at_once_is_one_job(cast):
    ready, found = threading.Barrier(4), []

    def send():
        ready.wait()
        found.append(cast.api("alice", "POST", "jobs", LAUNCH, **{"Idempotency-Key": "k"}))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [response.status_code for response in found] == [201] * 4
    assert len({response.json()["id"] for response in found}) == 1
    assert (Job.objects.count(), IdempotencyKey.objects.count()) == (1, 1)
    until(lambda: Job.objects.get().published_at, "the thread that publishes is done with the database")
