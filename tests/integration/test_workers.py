"""`GET workers`: from leases and queues, and of the jobs that workers have only what the caller may see."""

import json
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tasks import leases
from tasks.models import AuditEntry, Job
from tests.integration.test_recorder import begin
from tests.support.cast import Cast, in_log, make_cast, new_job
from tests.support.problems import assert_problem
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.usefixtures("redis_server")]


FACTS = {
    "host": "h", "celery": "5.7.0", "taskcast": None, "resizable": True, "draining": False, "memory": 90_000_000,
    "pool_memory": 150_000_000, "load": 0.5,
}  # fmt: skip


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
    active = [str(job.pk), str(orphan.pk), "celery.backend_cleanup"]
    worker(client, "w@a", active=active, reserved=[*active, "1", "2"], **FACTS)
    worker(client, "w@b", active=None, queues=["celery", "gpu"])
    worker(client, "w@c", active=[str(job.pk)], alive=False, age=60)
    seen = {"alice": [str(job.pk)], "bob": [], "charlie": [], "dora": sorted([str(job.pk), str(orphan.pk)])}
    for who, active in seen.items():
        a, b, c = cast.api(who, "GET", "workers").json()["workers"]
        assert 1 <= a.pop("heartbeat_age") < 10
        assert a.pop("heard_at")
        assert a == {
            "name": "w@a", "alive": True, "state": "working", "started": "2026-01-01T00:00:00+00:00", "host": "h",
            "pid": 1, "celery": "5.7.0", "taskcast": None, "pool": "prefork", "size": 2, "resizable": True,
            "wanted_size": None, "draining": False, "asked": None, "queues": ["celery"], "busy": 3, "active": active,
            "prefetched": 2, "had": [], "memory": 90_000_000, "pool_memory": 150_000_000, "load": 0.5,
        }  # fmt: skip
        assert (b["alive"], b["busy"], b["active"]) == (True, None, None)
        assert (c["alive"], c["busy"], c["active"]) == (False, 0, [])
        assert c["heartbeat_age"] >= 60
        assert (c["state"], c["had"], c["memory"]) == ("gone", [str(job.pk)] if str(job.pk) in active else [], None)


def test_queues_are_those_set_up_those_listened_to_and_those_waited_in(cast, redis_server):
    client = redis_server.client()
    worker(client, "w@a", queues=["celery", "gpu"])
    worker(client, "w@b")
    worker(client, "w@dead", queues=["gone"], alive=False)
    new_job(cast.users["bob"], queue="nobody")
    client.lpush("celery", "m", "m")
    client.lpush("celery\x06\x169", "m")  # of another priority
    client.lpush("nobody", "m")
    bare = {"oldest": None, "rate": 0.0, "draining": 0, "paused": False, "paused_at": None, "paused_by": None}
    assert cast.api("charlie", "GET", "workers").json()["queues"] == [
        {"name": "celery", "length": 3, "workers": 2, **bare},
        {"name": "gpu", "length": 0, "workers": 1, **bare},
        {"name": "nobody", "length": 1, "workers": 0, **bare},
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
    assert "1 of 2 at work" in page
    assert '<span class="work-state">Gone</span>' in page
    assert "queues/celery/pause" not in page
    assert "/steer/" not in page
    staff = cast.pages("dora")
    assert "Pause the queue “celery”?" in staff.get("/queues/celery/pause/").content.decode()
    page = staff.post("/queues/celery/pause/", {"to": "pause"}, follow=True).content.decode()
    assert "data-paused" in page
    assert "Nothing is taken: paused by dora since" in page
    assert "Nothing is taken: paused since" in cast.pages("alice").get("/workers/now/").content.decode()
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


def order(client, worker_name, kind):
    text = client.hget(leases.ORDERS, f"{leases.PREFIX}{worker_name}:1 {kind}")
    return json.loads(text)["wanted"] if text else None


def test_staff_drain_a_worker_and_have_it_take_again(cast, redis_server, static_files):
    client = redis_server.client()
    worker(client, "w@a", active=["1"], reserved=[str(n) for n in range(12)], **FACTS)
    staff = cast.pages("dora")
    question = staff.get("/workers/w@a/steer/?do=drain").content.decode()
    assert "12 jobs that it holds end first" in question
    assert order(client, "w@a", "drain") is None
    page = staff.post("/workers/w@a/steer/", {"do": "drain"}, follow=True).content.decode()
    assert order(client, "w@a", "drain") is True
    assert "asked to drain" in page
    worker(client, "w@a", active=["1"], **{**FACTS, "draining": True})
    page = staff.get("/workers/").content.decode()
    assert '<span class="work-state">Draining</span>' in page
    assert "asked to drain" not in page
    assert "Nothing is taken: the workers that listen drain." in page
    [queue] = cast.api("alice", "GET", "workers").json()["queues"]
    assert (queue["workers"], queue["draining"]) == (0, 1)
    staff.post("/workers/w@a/steer/", {"do": "take"})
    assert order(client, "w@a", "drain") is False
    assert "asked to take again" in staff.get("/workers/now/").content.decode()
    entries = AuditEntry.objects.order_by("pk").values_list("action", "actor_name", "detail")
    assert list(entries) == [("drained", "dora", "w@a"), ("takes again", "dora", "w@a")]


def test_staff_give_a_worker_processes_within_limits(cast, redis_server, static_files):
    client, staff = redis_server.client(), cast.pages("dora")
    worker(client, "w@a", **FACTS)
    assert "from 2 to 3 processes" in staff.get("/workers/w@a/steer/?do=grow").content.decode()
    for _ in range(2):
        page = staff.post("/workers/w@a/steer/", {"do": "grow"}, follow=True).content.decode()
    assert order(client, "w@a", "size") == 4
    assert "4 asked for" in page
    for _ in range(4):
        page = staff.post("/workers/w@a/steer/", {"do": "shrink"}, follow=True).content.decode()
    assert order(client, "w@a", "size") == 1
    assert "A pool has 1 to 64 processes." in page
    worker(client, "w@b", **{**FACTS, "resizable": False})
    page = staff.post("/workers/w@b/steer/", {"do": "grow"}, follow=True).content.decode()
    assert "cannot be made larger or smaller" in page
    assert "w@b/steer/?do=grow" not in page
    page = staff.post("/workers/w@a/steer/", {"do": "<b>"}, follow=True).content.decode()
    assert "“&lt;b&gt;” cannot be asked of a worker." in page
    worker(client, "w@c", alive=False)
    assert staff.get("/workers/w@c/steer/?do=drain").status_code == 404


def test_a_worker_that_is_gone_is_named_with_what_it_had(cast, redis_server, static_files):
    job = new_job(cast.users["alice"])
    in_log(job)
    worker(redis_server.client(), "w@a", active=[str(job.pk)], alive=False, age=90)
    worker(redis_server.client(), "w@b", age=8)
    page = cast.pages("alice").get("/workers/").content.decode()
    assert "It had 1 job<" in page
    assert str(job.pk) in page
    assert '<span class="work-state">Silent</span>' in page
    assert str(job.pk) not in cast.pages("bob").get("/workers/").content.decode()


def test_without_workers_the_page_says_how_to_start_one(cast, redis_server, static_files):
    assert "celery -A project worker" in cast.pages("alice").get("/workers/").content.decode()


def test_a_queue_says_how_long_its_first_has_waited_and_how_many_end(cast, redis_server):
    alice, now = cast.users["alice"], timezone.now()
    worker(redis_server.client(), "w@a", queues=["gpu"])
    for n in (30, 90, 60):
        new_job(alice, queue="celery", state="queued", published_at=now - timedelta(seconds=n))
    new_job(alice, queue="celery", state="queued")  # not with the broker yet
    for n in range(10):
        new_job(alice, queue="gpu", state="succeeded", finished_at=now - timedelta(seconds=n * 40), change=n)
    celery, gpu = cast.api("alice", "GET", "workers").json()["queues"]
    assert celery["oldest"] == (now - timedelta(seconds=90)).isoformat()
    assert (celery["rate"], gpu["rate"], gpu["oldest"]) == (0.0, 1.6, None)


@pytest.mark.django_db
def test_what_has_waited_longest_is_found_by_an_index():
    waiting = Job.objects.filter(state="queued", queue="celery", published_at__isnull=False)
    plan = waiting.order_by("published_at").values_list("published_at", flat=True)[:1].explain()
    if connection.vendor == "sqlite":  # PostgreSQL reads a table without rows from its beginning
        assert "job_waiting" in plan
