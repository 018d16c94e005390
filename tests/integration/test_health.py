"""Whether the process is up and ready, and the numbers that it gives out."""

import time

import pytest
from django.test import Client

from dashboard import metrics
from tasks import eventlog
from tasks.models import Job
from tests.support.cast import Cast, make_cast, new_job
from tests.support.database import database_away

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server")]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    monkeypatch.setattr(metrics, "_last", (float("-inf"), b""))


def ready(client=None):
    response = (client or Client()).get("/readyz")
    return response.status_code, response.json()["failed"]


def test_ready_when_all_answer():
    eventlog.open_epoch(1)
    assert ready() == (200, {})


def test_a_log_that_is_not_open_is_not_ready():
    status, failed = ready()
    assert status == 503
    assert list(failed) == ["log"]


def test_redis_away(redis_server):
    redis_server.kill()
    try:
        began = time.monotonic()
        status, failed = ready()
        assert (status, sorted(failed)) == (503, ["log", "redis"])
        assert time.monotonic() - began < 10
        assert Client().get("/healthz").json() == {"status": "up"}
    finally:
        redis_server.start()


def test_the_database_away():
    eventlog.open_epoch(1)
    with database_away() as ask:
        assert ask(ready) == (503, {"database": "OperationalError"})
        assert ask(lambda: Client().get("/healthz").status_code) == 200


def test_a_database_without_tables_is_not_ready(monkeypatch):
    eventlog.open_epoch(1)
    monkeypatch.setattr(Job._meta, "db_table", "not_there_yet")
    status, failed = ready()
    assert status == 503
    assert "migrate" in failed["database"]


def test_a_redis_that_may_throw_jobs_away_is_not_ready(redis_server):
    eventlog.open_epoch(1)
    client = redis_server.client()
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        status, failed = ready()
    finally:
        client.config_set("maxmemory-policy", "noeviction")
    assert status == 503
    assert "noeviction, it is allkeys-lru" in failed["redis"]
    assert ready() == (200, {})


def test_a_redis_that_is_nearly_full_is_not_ready_and_staff_see_it(redis_server, cast, static_files):
    eventlog.open_epoch(1)
    client = redis_server.client()
    used = client.info("memory")["used_memory"]
    client.config_set("maxmemory", int(used * 1.05))
    try:
        status, failed = ready()
        pages = {name: cast.pages(name).get("/").content.decode() for name in ("dora", "alice")}
    finally:
        client.config_set("maxmemory", 0)
    assert status == 503
    assert "memory is nearly full (9" in failed["redis"]
    assert "memory is nearly full" in pages["dora"]
    assert "memory is nearly full" not in pages["alice"]
    assert ready() == (200, {})


def test_healthz_asks_nobody(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Client().get("/healthz").status_code == 200


def test_metrics_count_jobs_queues_and_what_is_unrecorded(cast, redis_server):
    new_job(cast.users["alice"])
    new_job(None, state="failed")
    client = redis_server.client()
    client.lpush("celery", "message")
    client.sadd(eventlog.DIRTY, "a", "b")
    text = cast.pages("dora").get("/metrics").content.decode()
    for line in (
        'taskcast_jobs{state="queued"} 1.0',
        'taskcast_jobs{state="failed"} 1.0',
        'taskcast_jobs{state="lost"} 0.0',
        'taskcast_queue_length{queue="celery"} 1.0',
        "taskcast_unrecorded_jobs 2.0",
        "taskcast_redis_up 1.0",
    ):
        assert line in text.splitlines()


def test_metrics_are_counted_at_most_every_five_seconds(cast, django_assert_num_queries):
    first = metrics.exposition()
    with django_assert_num_queries(0):
        assert metrics.exposition() == first


def test_metrics_without_redis(cast, redis_server):
    redis_server.kill()
    try:
        text = cast.pages("dora").get("/metrics").content.decode()
    finally:
        redis_server.start()
    assert "taskcast_redis_up 0.0" in text
    assert 'taskcast_jobs{state="queued"} 0.0' in text


def test_metrics_are_for_staff_and_for_the_token(cast, settings):
    def status(authorization):
        return Client().get("/metrics", headers={"Authorization": authorization}).status_code

    settings.METRICS_TOKEN = "scrape-me"
    assert status("Bearer scrape-me") == 200
    assert status("Bearer scrape-you") == 401
    assert status(f"Bearer {cast.tokens['dora']}") == 200
    assert status(f"Bearer {cast.tokens['alice']}") == 401
    settings.METRICS_TOKEN = ""
    assert status("Bearer ") == 401
    assert status("Bearer") == 401
