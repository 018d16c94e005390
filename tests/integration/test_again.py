"""A job once more: who may, what is kept, what has to be given again; and the audit trail of it all."""

import uuid

import pytest
from django.contrib.auth.models import Group, Permission

from dashboard import access, task_permissions
from project.supervisor import prepare
from project.supervisor.console import Console
from tasks import eventlog, retention, uploads
from tasks.models import AuditEntry, Job
from tests.support.cast import Cast, in_log, make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

ADD = "tasks.samples.arithmetic.add"


@pytest.fixture
def cast() -> Cast:
    eventlog.open_epoch(1)
    return make_cast()


def allow(user, *codenames):
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return type(user).objects.get(pk=user.pk)


def colleagues(cast):
    """Alice and bob are of one group."""
    group = Group.objects.create(name="analysts")
    group.user_set.add(cast.users["alice"], cast.users["bob"])


def ended(owner=None, **fields):
    job = new_job(owner, **{"state": "failed", **fields})
    in_log(job)
    return job


def retry(cast, who, job, body=None):
    return cast.api(who, "POST", f"jobs/{job.pk}/retry", body)


def test_a_retry_is_a_new_job_with_the_same_arguments(cast):
    old = ended(cast.users["alice"], queue="slow")
    response = retry(cast, "alice", old)
    assert response.status_code == 201, response.content
    new = response.json()
    assert (new["retry_of"], new["task"], new["args"], new["owner"]) == (str(old.pk), ADD, old.args, "alice")
    row = Job.objects.get(pk=new["id"])
    assert (row.queue, row.message["kwargs"]) == ("slow", {"x": 1, "y": 2})


def test_a_mask_that_is_sent_back_is_no_secret(cast):
    answer = retry(cast, "alice", ended(cast.users["alice"]), {"args": {"x": "********"}})
    assert answer.status_code == 422
    assert "not kept" in answer.json()["errors"][0]["msg"]


def test_some_arguments_may_be_changed(cast):
    new = retry(cast, "alice", ended(cast.users["alice"]), {"args": {"y": 40}}).json()
    assert new["args"] == {"x": 1, "y": 40}


@pytest.mark.parametrize("state", ["scheduled", "queued", "started", "retrying"])
def test_what_has_not_ended_is_not_retried(cast, state):
    response = retry(cast, "alice", ended(cast.users["alice"], state=state))
    assert response.status_code == 409
    assert state in response.json()["detail"]
    assert Job.objects.count() == 1


@pytest.mark.parametrize("body", [{"args": {"z": 1}}, {"args": {"x": []}}, {"arguments": {}}, {"args": 3}])
def test_bad_changes_are_named_and_launch_nothing(cast, body):
    response = retry(cast, "alice", ended(cast.users["alice"]), body)
    assert response.status_code == 422
    assert response.json()["errors"]
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [("********", "secret"), ({"deep": ["********"]}, "secret"), ("aaa… (900000 characters)", "long")],
)
def test_what_was_not_kept_has_to_be_given_again(cast, value, words):
    old = ended(cast.users["alice"], args={"x": 1, "y": value})
    response = retry(cast, "alice", old)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"] == ["body", "args", "y"]
    assert words in error["msg"]
    assert retry(cast, "alice", old, {"args": {"y": 2}}).status_code == 201


def test_a_task_that_is_gone_is_not_retried(cast):
    old = ended(cast.users["alice"], task="gone.task")
    assert retry(cast, "alice", old).status_code == 404


def test_a_colleague_may_use_the_files_of_the_job_he_retries(cast, settings, tmp_path):
    from django.core.files.base import ContentFile

    colleagues(cast)
    cast.users["bob"] = allow(cast.users["bob"], "view_group_jobs", "steer_jobs")
    file = uploads.save("t.csv", ContentFile(b"a,b\n1,2\n"), cast.users["alice"])
    task = "tasks.samples.tables.profile_csv"
    old = ended(cast.users["alice"], task=task, args={"file": str(file.pk)})
    assert retry(cast, "bob", old).status_code == 201
    launched = cast.api("bob", "POST", "jobs", {"task": task, "args": {"file": str(file.pk)}})
    assert launched.status_code == 422, "a file of others is nobody else's to launch with"


def test_the_page_retries_and_sends_what_it_cannot_to_the_form(cast):
    old = ended(cast.users["alice"])
    pages = cast.pages("alice")
    assert "Run again" in pages.get(f"/jobs/{old.pk}/").content.decode()
    response = pages.post(f"/jobs/{old.pk}/retry/")
    new = Job.objects.get(retry_of=old.pk)
    assert response.headers["Location"] == f"/jobs/{new.pk}/"
    secret = ended(cast.users["alice"], args={"x": 7, "y": "********"})
    response = pages.post(f"/jobs/{secret.pk}/retry/")
    assert response.headers["Location"] == f"/tasks/{ADD}/?x=7"
    assert "y: This is secret" in pages.get(response.headers["Location"]).content.decode()
    running = ended(cast.users["alice"], state="started")
    assert "Run again" not in pages.get(f"/jobs/{running.pk}/").content.decode()
    assert pages.post(f"/jobs/{running.pk}/retry/").headers["Location"] == f"/jobs/{running.pk}/"


# --- who may


def test_sight_is_given_by_permissions(cast):
    theirs, nobodys = new_job(cast.users["alice"]), new_job(None)
    colleagues(cast)

    def seen(user):
        found = {job.pk for job in (theirs, nobodys) if access.may_see(user, job.owner_id)}
        assert {*access.jobs_for(user).values_list("pk", flat=True)} == found
        return found

    bob, charlie = cast.users["bob"], cast.users["charlie"]
    assert seen(bob) == set()
    bob = allow(bob, "view_group_jobs")
    assert seen(bob) == {theirs.pk}
    assert not access.may_steer(bob, theirs.owner_id)
    bob = allow(bob, "steer_jobs")
    assert access.may_steer(bob, theirs.owner_id)
    assert not access.may_steer(bob, None)
    assert seen(allow(charlie, "view_group_jobs")) == set(), "he is of no group"
    assert seen(allow(charlie, "view_unowned_jobs")) == {nobodys.pk}
    assert not access.may_steer(allow(charlie, "view_unowned_jobs"), None)
    bob.is_active = False
    assert seen(bob) == set()


def test_to_see_is_not_to_steer(cast):
    job = ended(cast.users["alice"])
    colleagues(cast)
    allow(cast.users["bob"], "view_group_jobs")
    assert cast.api("bob", "GET", f"jobs/{job.pk}").status_code == 200
    assert retry(cast, "bob", job).status_code == 403
    assert cast.api("bob", "POST", f"jobs/{job.pk}/cancel").status_code == 403
    pages = cast.pages("bob")
    assert "Run again" not in pages.get(f"/jobs/{job.pk}/").content.decode()
    assert pages.post(f"/jobs/{job.pk}/retry/").status_code == 403
    assert pages.post(f"/jobs/{job.pk}/cancel/").status_code == 403


def test_one_task_alone_may_be_given(cast):
    charlie = allow(cast.users["charlie"], task_permissions.of(ADD).partition(".")[2])
    assert access.may_launch_anything(charlie)
    assert [task.name for task in access.tasks_for(charlie)] == [ADD]
    assert cast.api("charlie", "POST", "jobs", {"task": ADD, "args": {"x": 1, "y": 2}}).status_code == 201
    other = {"task": "tasks.samples.arithmetic.mul", "args": {"x": 1, "y": 2}}
    assert cast.api("charlie", "POST", "jobs", other).status_code == 403


def test_a_long_name_has_a_permission_too():
    name = "a_package.of_tasks." + "x" * 200
    assert len(task_permissions.of(name)) <= len("tasks.") + 100
    assert task_permissions.of(name) != task_permissions.of(name + "y")
    assert task_permissions.is_one(task_permissions.of(name))


def test_a_start_makes_the_permissions_of_tasks_that_came_without_a_migration():
    codename = task_permissions.of(ADD).partition(".")[2]
    Permission.objects.filter(codename=codename).delete()
    prepare._migrate(Console())
    assert Permission.objects.get(codename=codename).name == f"Can launch {ADD}"


# --- the audit trail


def trail():
    return list(AuditEntry.objects.order_by("id").values_list("actor_name", "action", "task", "job"))


def test_who_launched_cancelled_and_retried_what(cast, monkeypatch):
    alice = cast.users["alice"]
    job = uuid.UUID(cast.api("alice", "POST", "jobs", {"task": ADD, "args": {"x": 1, "y": 2}}).json()["id"])
    in_log(Job.objects.get(pk=job))
    cast.api("dora", "POST", f"jobs/{job}/cancel")
    old = ended(alice)
    again = uuid.UUID(retry(cast, "alice", old).json()["id"])
    assert trail() == [
        ("alice", "launched", ADD, job),
        ("dora", "cancelled", ADD, job),
        ("alice", "retried", ADD, again),
    ]
    alice.delete()
    assert AuditEntry.objects.filter(actor_name="alice").count() == 2


def test_what_was_refused_is_not_in_it(cast):
    cast.api("alice", "POST", f"jobs/{ended(cast.users['alice']).pk}/cancel")
    cast.api("alice", "POST", "jobs", {"task": ADD, "args": {}})
    assert trail() == []


def test_it_is_searched_by_staff_and_changed_by_nobody(cast):
    job = ended(cast.users["alice"])
    retry(cast, "alice", job)
    staff = cast.pages("dora")
    page = staff.get("/admin/tasks/auditentry/?q=alice")
    assert page.status_code == 200
    assert ADD in page.content.decode()
    assert ADD not in staff.get("/admin/tasks/auditentry/?q=nobody").content.decode()
    number = AuditEntry.objects.get().pk
    assert staff.post(f"/admin/tasks/auditentry/{number}/change/", {}).status_code == 403
    assert staff.post(f"/admin/tasks/auditentry/{number}/delete/", {"post": "yes"}).status_code == 403
    assert cast.pages("alice").get("/admin/tasks/auditentry/").status_code == 302
    assert "auditentry" in staff.get("/admin/").content.decode()


def test_it_is_kept_as_long_as_jobs_are(cast, settings):
    retry(cast, "alice", ended(cast.users["alice"]))
    settings.TASKCAST_KEEP_DAYS = None
    retention.forget_once()
    assert len(trail()) == 1
    settings.TASKCAST_KEEP_DAYS = 1
    AuditEntry.objects.update(at="2026-01-01T00:00:00Z")
    assert retention.forget_once() == 1
    assert trail() == []
