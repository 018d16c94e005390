"""Several jobs steered at once, launched at once over the API, and what a job set off."""

import uuid

import pytest
from django.contrib.auth.models import Group, Permission

from dashboard import steering
from tasks import control, eventlog
from tasks.models import BATCH, AuditEntry, Job
from tests.support.cast import Cast, in_log, make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

ADD = "tasks.samples.arithmetic.add"


@pytest.fixture
def cast() -> Cast:
    eventlog.open_epoch(1)
    return make_cast()


def make(owner, state="failed", **fields):
    job = new_job(owner, state=state, **fields)
    in_log(job)
    return job


def post(cast, who, action, jobs=(), query="", **more):
    data = {"action": action, "job": [str(job.pk) for job in jobs], **more}
    return cast.pages(who).post(f"/jobs/several/{query}", data)


def test_what_is_ticked_is_cancelled_and_the_rest_is_told_why(cast):
    alice = cast.users["alice"]
    waiting, running, ended = make(alice, "queued"), make(alice, "started"), make(alice, "succeeded")
    asked = make(alice, "started", cancel="asked")
    theirs = make(cast.users["bob"], "queued")
    response = post(cast, "alice", "cancel", [waiting, running, ended, asked, theirs])
    page = response.content.decode()
    assert "2 jobs are asked to stop" in page
    assert "To 2 jobs nothing was done" in page
    assert "The job has ended already." in page
    assert "asked to stop before" in page
    noted = set(Job.objects.filter(cancel="asked").values_list("pk", flat=True))
    assert noted == {waiting.pk, running.pk, asked.pk}
    assert set(AuditEntry.objects.values_list("job", "action", "actor_name")) == {
        (waiting.pk, "cancelled", "alice"),
        (running.pk, "cancelled", "alice"),
    }


def test_several_of_one_task_are_run_again_as_a_batch(cast):
    alice = cast.users["alice"]
    jobs = [make(alice, args={"x": n, "y": 1}) for n in range(3)]
    secret = make(alice, args={"x": "********", "y": 1})
    unfit = make(alice, args={"z": 1})
    alone = make(alice, task="tasks.samples.arithmetic.mul")
    running = make(alice, "started")
    page = post(cast, "alice", "retry", [*jobs, secret, unfit, alone, running]).content.decode()
    assert "4 jobs are launched again" in page
    assert "To 3 jobs nothing was done" in page
    batch = Job.objects.get(task=BATCH)
    assert batch.args == {"task": ADD, "rows": 3}
    new = Job.objects.filter(parent=batch.pk)
    assert {job.retry_of for job in new} == {job.pk for job in jobs}
    assert Job.objects.get(retry_of=alone.pk).parent is None


def test_all_that_fit_a_filter_are_reached_and_no_more(cast, monkeypatch):
    monkeypatch.setattr("dashboard.listing.MOST", 2)
    alice = cast.users["alice"]
    for _ in range(5):
        make(alice, "queued")
    other = make(alice, "started")
    pages = cast.pages("alice")
    page = pages.get("/jobs/several/?state=queued").content.decode()
    assert "5 jobs fit the filter" in page
    assert page.count('name="job"') == 2
    assert 'name="all"' in page
    assert "5 jobs are asked to stop" in post(cast, "alice", "cancel", query="?state=queued", all="1").content.decode()
    assert Job.objects.get(pk=other.pk).cancel is None
    monkeypatch.setattr(steering, "MOST", 3)
    assert "More than 3 jobs" in pages.get("/jobs/several/").content.decode()


def test_nothing_ticked_is_told(cast):
    for sent in ({}, {"job": "no id"}, {"job": str(make(cast.users["bob"]).pk)}):
        page = cast.pages("alice").post("/jobs/several/", {"action": "cancel", **sent}, follow=True)
        assert "tick at least one job" in page.content.decode()


def test_a_colleague_steers_what_he_sees_with_the_permission_for_it(cast):
    group = Group.objects.create(name="analysts")
    group.user_set.add(cast.users["alice"], cast.users["bob"])
    job = make(cast.users["alice"], "queued")
    bob = cast.users["bob"]
    bob.user_permissions.add(Permission.objects.get(codename="view_group_jobs"))
    assert "You may not stop this job." in post(cast, "bob", "cancel", [job]).content.decode()
    bob.user_permissions.add(Permission.objects.get(codename="steer_jobs"))
    assert "1 job is asked to stop" in post(cast, "bob", "cancel", [job]).content.decode()


def test_a_cancel_that_the_watch_tells_first_is_no_conflict(cast, monkeypatch):
    job = make(cast.users["alice"], "queued")
    tell = control._tell

    def late(job_id):
        monkeypatch.setattr(control, "_tell", tell)
        assert control.tell_asked() == 1
        return tell(job_id)

    monkeypatch.setattr(control, "_tell", late)
    answer = cast.api("alice", "POST", f"jobs/{job.pk}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert AuditEntry.objects.filter(job=job.pk, action="cancelled").count() == 1
    assert cast.api("alice", "POST", f"jobs/{job.pk}/cancel").status_code == 409


def test_a_batch_that_is_cancelled_while_redis_is_away_cancels_its_jobs(cast, redis_server):
    alice = cast.users["alice"]
    batch = make(alice, "started", task=BATCH, args={"task": ADD, "rows": 2}, children={"queued": 1, "succeeded": 1})
    waiting, done = make(alice, "queued", parent=batch.pk), make(alice, "succeeded", parent=batch.pk)
    redis_server.kill()
    try:
        assert cast.api("alice", "POST", f"jobs/{batch.pk}/cancel").status_code == 202
    finally:
        redis_server.start()
    assert Job.objects.get(pk=waiting.pk).cancel == "asked"
    assert Job.objects.get(pk=done.pk).cancel is None


# --- many over the API


def test_a_batch_may_be_repeated_with_a_key(cast):
    body = {"task": ADD, "rows": [{"x": 1, "y": 1}, {"x": 2, "y": 1}]}
    key = {"Idempotency-Key": "orders of monday"}
    answers = [cast.api("alice", "POST", "batches", body, **key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Job.objects.filter(task=ADD).count() == 2
    assert cast.api("alice", "POST", "batches", {**body, "rows": body["rows"][:1]}, **key).status_code == 409
    assert Job.objects.filter(task=ADD).count() == 2


def test_a_batch_whose_rows_no_longer_fit_says_why(cast):
    alice = cast.users["alice"]
    batch = make(alice, "failed", task=BATCH, args={"task": ADD, "rows": 2}, children={"failed": 2})
    make(alice, "failed", parent=batch.pk, args={"x": "********", "y": 1})
    make(alice, "failed", parent=batch.pk)
    answer = cast.api("alice", "POST", f"jobs/{batch.pk}/retry")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("1 row does not fit the task; row ")
    assert [error["loc"][-1] for error in answer.json()["errors"]] == ["x"]


def test_rows_become_a_batch(cast):
    rows = [{"x": n, "y": 1} for n in range(3)]
    response = cast.api("alice", "POST", "batches", {"task": ADD, "rows": rows})
    assert response.status_code == 201, response.content
    batch = response.json()
    assert (batch["task"], batch["children"], batch["owner"]) == (BATCH, {"queued": 3}, "alice")
    listed = cast.api("alice", "GET", f"jobs?parent={batch['id']}").json()["jobs"]
    assert sorted(job["args"]["x"] for job in listed) == [0, 1, 2]
    assert {job["root"] for job in listed} == {batch["id"]}
    assert cast.api("bob", "GET", f"jobs?parent={batch['id']}").json()["jobs"] == []


def test_every_bad_row_is_named(cast):
    rows = [{"x": 1, "y": 1}, {"x": 1}, {"x": "a", "y": [], "z": 0}]
    response = cast.api("alice", "POST", "batches", {"task": ADD, "rows": rows})
    assert response.status_code == 422
    places = [error["loc"] for error in response.json()["errors"]]
    assert ["body", "rows", 1, "y"] in places
    assert ["body", "rows", 2, "z"] in places
    assert not any(place[2] == 0 for place in places)
    assert not Job.objects.exists()


def test_a_batch_is_retried_by_its_failed_ones(cast):
    alice = cast.users["alice"]
    batch = make(alice, task=BATCH, args={"task": ADD, "rows": 2}, children={"succeeded": 1, "failed": 1})
    make(alice, "succeeded", parent=batch.pk)
    bad = make(alice, "failed", parent=batch.pk)
    response = cast.api("alice", "POST", f"jobs/{batch.pk}/retry")
    assert response.status_code == 201, response.content
    new = response.json()
    assert (new["retry_of"], new["args"]["rows"]) == (str(batch.pk), 1)
    assert Job.objects.get(parent=uuid.UUID(new["id"])).retry_of == bad.pk
    whole = make(alice, "succeeded", task=BATCH, args={"task": ADD, "rows": 1})
    assert cast.api("alice", "POST", f"jobs/{whole.pk}/retry").status_code == 409


# --- what a job set off


def test_the_page_of_a_parent_shows_its_children_and_its_tree(cast):
    alice = cast.users["alice"]
    parent = make(alice, "succeeded", children={"succeeded": 1, "failed": 1})
    child = make(alice, "failed", parent=parent.pk)
    grandchild = make(alice, "succeeded", parent=child.pk)
    hidden = make(cast.users["bob"], "succeeded", parent=parent.pk)
    pages = cast.pages("alice")
    page = pages.get(f"/jobs/{parent.pk}/").content.decode()
    assert f'data-job="{child.pk}"' in page
    tree = pages.get(f"/jobs/{parent.pk}/tree/").content.decode()
    for job in (parent, child, grandchild):
        assert f'data-job="{job.pk}"' in tree
    assert str(hidden.pk) not in page + tree


def test_a_large_tree_says_what_it_leaves_out(cast, monkeypatch):
    monkeypatch.setattr("dashboard.tree.MOST", 3)
    alice = cast.users["alice"]
    parent = make(alice, "succeeded")
    for _ in range(5):
        make(alice, parent=parent.pk)
    assert "2 more jobs" in cast.pages("alice").get(f"/jobs/{parent.pk}/tree/").content.decode()


def test_a_group_is_a_view(cast):
    alice, group = cast.users["alice"], uuid.uuid4()
    member, other = make(alice, group=group), make(alice)
    page = cast.pages("alice").get(f"/jobs/?group={group}").content.decode()
    assert f'data-job="{member.pk}"' in page
    assert f'data-job="{other.pk}"' not in page
