"""`GET workers`: from leases and queues, and of the jobs that workers have only what the caller may see."""

import json
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from tasks import leases
from tasks.models import AuditEntry
from tests.integration.test_recorder import begin
from tests.support.cast import Cast, in_log, make_cast, new_job
from tests.support.problems import assert_problem
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.usefixtures("redis_server")]


@pytest.fixture
def cast(db) -> Cast:
    return make_cast()


def worker(client, name, *, active=(), alive=True, age=1.0, **about):
    said = {
        "name": name,
        "beat": (timezone.now() - timedelta(seconds=age)).isoformat(),
        "started": "2026-01-01T00:00:00+00:00",
        "pid": 1,
        "pool": "prefork",
        "size": 2,
        "queues": ["celery"],
        "active": active if active is None else {key: [2] for key in active},
        **about,
    }
    key = f"{leases.PREFIX}{name}:1"
    client.hset(leases.WORKERS, key, json.dumps(said))
    if alive:
        client.set(key, json.dumps(said), px=10_000)


def test_everybody_sees_workers_and_only_jobs_of_his_own(cast, redis_server):
    client = redis_server.client()
    job, orphan = new_job(cast.users["alice"]), new_job(None)
    for each in (job, orphan):
        in_log(each)
    worker(client, "w@a", active=[str(job.pk), str(orphan.pk), "celery.backend_cleanup"])
    worker(client, "w@b", active=None, queues=["celery", "gpu"])
    worker(client, "w@c", active=[str(job.pk)], alive=False, age=60)
    seen = {"alice": [str(job.pk)], "bob": [], "charlie": [], "dora": sorted([str(job.pk), str(orphan.pk)])}
    for who, active in seen.items():
        a, b, c = cast.api(who, "GET", "workers").json()["workers"]
        assert 1 <= a.pop("heartbeat_age") < 10
        assert a == {
            "name": "w@a", "alive": True, "started": "2026-01-01T00:00:00+00:00", "pool": "prefork", "size": 2,
            "queues": ["celery"], "busy": 3, "active": active,
        }  # fmt: skip
        assert (b["alive"], b["busy"], b["active"]) == (True, None, None)
        assert (c["alive"], c["busy"], c["active"]) == (False, 0, [])
        assert c["heartbeat_age"] >= 60


def test_queues_are_those_set_up_those_listened_to_and_those_waited_in(cast, redis_server):
    client = redis_server.client()
    worker(client, "w@a", queues=["celery", "gpu"])
    worker(client, "w@b")
    worker(client, "w@dead", queues=["gone"], alive=False)
    new_job(cast.users["bob"], queue="nobody")
    client.lpush("celery", "m", "m")
    client.lpush("celery\x06\x169", "m")  # of another priority
    client.lpush("nobody", "m")
    assert cast.api("charlie", "GET", "workers").json()["queues"] == [
        {"name": "celery", "length": 3, "workers": 2, "paused": False},
        {"name": "gpu", "length": 0, "workers": 1, "paused": False},
        {"name": "nobody", "length": 1, "workers": 0, "paused": False},
    ]


def test_without_redis_it_says_so_soon(cast, redis_server):
    redis_server.kill()
    began = time.monotonic()
    try:
        response = cast.api("alice", "GET", "workers")
    finally:
        redis_server.start()
    assert_problem(response, 503)
    assert time.monotonic() - began < 2


def test_a_worker_that_starts_works_and_is_killed(stack_factory):
    stack: Stack = stack_factory(WORKERS="1", TASKCAST_APPS="tests.support.lasting_tasks")
    stack.user("alice")
    see = "from dashboard import workers; from django.contrib.auth.models import User; "
    see += "answer = workers.overview(User.objects.get(username='alice'))"

    def only():
        found = stack.run(see)["workers"]
        return found[0] if found else {}

    wait_for(lambda: only().get("busy") == 0, "the worker has said of itself")
    said = only()
    assert (said["alive"], said["pool"], said["size"], said["queues"]) == (True, "prefork", 1, ["celery"])
    assert said["heartbeat_age"] < 10
    stack.run("from celery import current_app\ncurrent_app.send_task(name, [path])",
              name="tests.support.lasting_tasks.wait_for_file", path=str(stack.home / "never"))  # fmt: skip
    wait_for(lambda: only()["busy"] == 1, "the worker has said that it works")
    assert only()["active"] == []  # nobody's job
    stack.kill("worker")
    wait_for(lambda: not only()["alive"], "its lease is over")
    assert only()["busy"] == 0


def test_the_page_shows_workers_and_staff_pause_queues(cast, redis_server, static_files):
    job = new_job(cast.users["alice"])
    in_log(job)
    worker(redis_server.client(), "w@a", active=[str(job.pk)])
    worker(redis_server.client(), "w@b", alive=False, age=60)
    page = cast.pages("alice").get("/workers/").content.decode()
    assert "w@a" in page
    assert str(job.pk) in page
    assert "1 of 2 processes at work" in page
    assert "gone; heard of" in page
    assert "queues/celery/pause" not in page
    staff = cast.pages("dora")
    page = staff.post("/queues/celery/pause/", {"to": "pause"}, follow=True).content.decode()
    assert "data-paused" in page
    assert [one["paused"] for one in cast.api("alice", "GET", "workers").json()["queues"]] == [True]
    page = staff.post("/queues/celery/pause/", {"to": "pause"}, follow=True).content.decode()
    assert "That is so already." in page
    page = staff.post("/queues/celery/pause/", {"to": "resume"}, follow=True).content.decode()
    assert "data-paused" not in page


@pytest.mark.parametrize(("pool", "called"), [("thread", "threads"), ("solo", "solo"), ("prefork", None)])
def test_force_is_refused_where_the_workers_pool_can_end_no_job(cast, redis_server, static_files, pool, called):
    job = new_job(cast.users["alice"])
    in_log(job)
    worker(redis_server.client(), "w@a", pool=pool, active=[str(job.pk)])
    begin(str(job.pk), f"{leases.PREFIX}w@a:1")
    answer = cast.api("alice", "POST", f"jobs/{job.pk}/cancel", {"force": True})
    if not called:
        assert answer.status_code == 202
        return
    assert_problem(answer, 409)
    assert f"Worker w@a has a pool of the kind “{called}”" in answer.json()["detail"]
    page = cast.pages("alice").post(f"/jobs/{job.pk}/cancel/", {"force": "1"}, follow=True).content.decode()
    assert f"of the kind “{called}”" in page
    assert cast.api("alice", "GET", f"jobs/{job.pk}").json()["cancel"] is None
    assert not AuditEntry.objects.filter(job=job.pk).exists()
    assert cast.api("alice", "POST", f"jobs/{job.pk}/cancel").status_code == 202


def test_the_page_says_when_redis_is_away(cast, redis_server, static_files):
    redis_server.kill()
    try:
        assert "Redis does not answer" in cast.pages("alice").get("/workers/").content.decode()
    finally:
        redis_server.start()
