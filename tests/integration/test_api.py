"""The HTTP API, contract section 5: launching, reading, errors, and what it says of itself."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.api import jobs
from dashboard.models import IdempotencyKey
from tasks import eventlog
from tasks.eventlog import Change
from tasks.events import JOB_FIELDS
from tasks.models import Job
from tests.support.cast import Cast, in_log, make_cast, new_job
from tests.support.database import database_away
from tests.support.problems import assert_problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

ADD = "tasks.samples.arithmetic.add"
XSUM = "tasks.samples.arithmetic.xsum"
LAUNCH = {"task": ADD, "args": {"x": 4, "y": 4}}


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def alice(cast):
    return cast.users["alice"]


def call(cast, method, path, body=None, **headers):
    return cast.api("alice", method, path, body, **headers)


# --- launching


def test_a_launch_answers_with_the_whole_durable_job(cast):
    response = call(cast, "POST", "jobs", LAUNCH)
    assert response.status_code == 201
    job = response.json()
    assert set(JOB_FIELDS) <= job.keys()
    assert (job["task"], job["args"], job["owner"], job["state"]) == (ADD, {"x": 4, "y": 4}, "alice", "queued")
    assert Job.objects.get(pk=job["id"]).owner == cast.users["alice"]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"task": ADD, "args": {"x": "four", "y": 4}}, "body.args.x"),
        ({"task": ADD, "args": {"x": 4}}, "body.args.y"),
        ({"task": ADD, "args": {"x": 4, "y": 4, "z": 4}}, "body.args.z"),
        ({"task": ADD, "args": [4, 4]}, "body.args"),
        ({"args": {}}, "body.task"),
        ({**LAUNCH, "eta": "tomorrow"}, "body.eta"),
        ({**LAUNCH, "eta": "2026-05-31T12:00:00"}, "body.eta"),
        ({"task": ADD, "args": {"x": "4", "y": 4}}, "body.args.x"),
        ({**LAUNCH, "eta": 1780000000}, "body.eta"),
        ({**LAUNCH, "eta": "1780000000"}, "body.eta"),
        ({**LAUNCH, "countdown": -1}, "body.countdown"),
        ({**LAUNCH, "countdown": 1e300}, "body.countdown"),
        ({**LAUNCH, "countdown": 5, "eta": "2099-01-01T00:00:00Z"}, "body.countdown"),
        ({**LAUNCH, "queue": "a queue"}, "body.queue"),
        ({**LAUNCH, "priority": 9}, "body.priority"),
        ("jobs", "body"),
    ],
)
def test_bad_arguments_are_named_and_launch_nothing(cast, body, names):
    assert_problem(call(cast, "POST", "jobs", body), 422, names=names)
    assert not Job.objects.exists()


def test_eta_and_countdown_put_a_job_off(cast):
    later = timezone.now() + timedelta(hours=1)
    by_eta = call(cast, "POST", "jobs", {**LAUNCH, "eta": later.isoformat()}).json()
    never = call(cast, "POST", "jobs", {**LAUNCH, "eta": "9999-12-31T23:59:59-12:00"}).json()
    assert (never["state"], Job.objects.get(pk=never["id"]).eta.year) == ("scheduled", 9000)
    by_countdown = call(cast, "POST", "jobs", {**LAUNCH, "countdown": 3600}).json()
    assert (by_eta["state"], by_countdown["state"]) == ("scheduled", "scheduled")
    assert Job.objects.get(pk=by_eta["id"]).eta == later
    both = {**LAUNCH, "countdown": 5, "eta": later.isoformat()}
    assert_problem(call(cast, "POST", "jobs", both), 422, names="body.countdown")


def test_the_same_key_and_body_are_one_job(cast):
    key = {"Idempotency-Key": "k1"}
    first = call(cast, "POST", "jobs", LAUNCH, **key)
    again = call(cast, "POST", "jobs", {"args": LAUNCH["args"], "task": ADD}, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert Job.objects.count() == 1
    assert_problem(call(cast, "POST", "jobs", {"task": ADD, "args": {"x": 1, "y": 1}}, **key), 409)
    # Somebody else's key of the same name is another key.
    assert cast.api("bob", "POST", "jobs", LAUNCH, **key).json()["id"] != first.json()["id"]


def test_a_key_is_forgotten_after_a_day_and_freed_by_a_refusal(cast):
    key = {"Idempotency-Key": "k1"}
    assert_problem(call(cast, "POST", "jobs", {"task": ADD, "args": {}}, **key), 422)
    first = call(cast, "POST", "jobs", LAUNCH, **key).json()["id"]
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert call(cast, "POST", "jobs", LAUNCH, **key).json()["id"] != first


def test_a_key_whose_job_is_gone_is_free(cast, alice):
    call(cast, "POST", "jobs", LAUNCH, **{"Idempotency-Key": "k1"})
    Job.objects.all().delete()
    again = call(cast, "POST", "jobs", LAUNCH, **{"Idempotency-Key": "k1"})
    assert (again.status_code, IdempotencyKey.objects.get().job) == (201, Job.objects.get().pk)


def test_who_dies_while_launching_leaves_neither_key_nor_job(cast, monkeypatch):
    class Killed(BaseException):
        """What ends the process."""

    def die(*args, **options):
        real(*args, **options)
        raise Killed

    real = jobs.launch
    monkeypatch.setattr(jobs, "launch", die)
    with pytest.raises(Killed):
        call(cast, "POST", "jobs", LAUNCH, **{"Idempotency-Key": "k1"})
    assert (Job.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    monkeypatch.undo()
    other = call(cast, "POST", "jobs", {"task": ADD, "args": {"x": 1, "y": 1}}, **{"Idempotency-Key": "k1"})
    assert other.status_code == 201


# --- cancelling


def test_a_waiting_job_is_cancelled_at_once_and_then_never_again(cast, alice):
    job = new_job(alice)
    in_log(job)
    response = call(cast, "POST", f"jobs/{job.pk}/cancel")
    assert (response.status_code, response.json()["state"]) == (202, "cancelled")
    assert_problem(call(cast, "POST", f"jobs/{job.pk}/cancel", {"force": True}), 409)
    for wrong in ("perhaps", "true", 0, 1):
        assert_problem(call(cast, "POST", f"jobs/{job.pk}/cancel", {"force": wrong}), 422, names="body.force")


def test_a_started_job_is_asked(cast, alice):
    job = new_job(alice)
    in_log(job)
    eventlog.append(str(job.pk), [Change("state", {"state": "started"})], writer="w", n=1)
    shown = call(cast, "POST", f"jobs/{job.pk}/cancel", {}).json()
    assert (shown["state"], shown["cancel"]) == ("started", "asked")


# --- errors


def test_every_error_is_a_problem(cast, alice):
    token = {"Authorization": f"Bearer {cast.tokens['alice']}"}
    client = Client(raise_request_exception=False)

    def post(body, kind="application/json"):
        return client.post("/api/v1/jobs", body, content_type=kind, headers=token)

    assert_problem(call(cast, "GET", "no/such/call"), 404)
    assert_problem(call(cast, "GET", "jobs/not-a-uuid"), 404)
    assert_problem(call(cast, "GET", "jobs/"), 404)
    not_allowed = call(cast, "DELETE", "jobs")
    assert_problem(not_allowed, 405)
    assert set(not_allowed.headers["Allow"].replace(" ", "").split(",")) == {"GET", "POST"}
    assert_problem(post(b"{"), 400)
    assert_problem(post(b"\xff"), 400)
    assert_problem(post(b'{"task": "t", "args": {"x": NaN}}'), 400)
    assert_problem(post(b"[" * 100_000), 400)
    assert_problem(post(b""), 422)
    assert_problem(post(b"x" * 5_000_000), 413)
    assert_problem(post("task=a", "application/x-www-form-urlencoded"), 400)


def test_credentials(cast):
    anonymous = Client().get("/api/v1/jobs")
    assert_problem(anonymous, 401)
    assert anonymous.headers["WWW-Authenticate"].startswith("Bearer")
    assert_problem(Client().post("/api/v1/jobs"), 401)
    # A wrong token is not made good by a session.
    browser = cast.pages("alice")
    assert_problem(browser.get("/api/v1/jobs", headers={"Authorization": "Bearer taskcast_wrong"}), 401)
    assert_problem(browser.get("/api/v1/jobs", headers={"Authorization": "Basic YTpi"}), 401)
    assert browser.get("/api/v1/jobs").status_code == 200


@pytest.mark.parametrize("path", ["nope", "jobs/not-an-id/cancel"])
def test_a_programs_post_to_no_call_is_not_found(cast, path):
    client = Client(enforce_csrf_checks=True)
    headers = {"Authorization": f"Bearer {cast.tokens['alice']}"}
    response = client.post(f"/api/v1/{path}", {}, content_type="application/json", headers=headers)
    assert_problem(response, 404)


def test_a_session_needs_the_csrf_token_and_a_token_does_not(cast, alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)

    def post(**headers):
        return browser.post("/api/v1/jobs", json.dumps(LAUNCH), "application/json", headers=headers)

    assert_problem(post(), 403)
    assert not Job.objects.exists()
    page = browser.get("/jobs/").content.decode()
    token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    assert post(**{"X-CSRFToken": token}).status_code == 201
    assert call(cast, "POST", "jobs", LAUNCH).status_code == 201


def test_redis_away_is_said_and_reading_goes_on(cast, alice, redis_server):
    job = new_job(alice)
    in_log(job)
    redis_server.kill()
    try:
        assert call(cast, "GET", f"jobs/{job.pk}").json()["state"] == "queued"
        assert len(call(cast, "GET", "jobs").json()["jobs"]) == 1
        assert call(cast, "POST", f"jobs/{job.pk}/cancel").json()["cancel"] == "asked"
        assert_problem(call(cast, "POST", f"jobs/{job.pk}/cancel", {"force": True}), 503)
    finally:
        redis_server.start()


def test_the_database_away_is_503_everywhere(cast):
    browser = cast.pages("alice")
    with database_away() as ask:
        for response in (
            ask(lambda: call(cast, "GET", "jobs")),
            ask(lambda: call(cast, "POST", "jobs", LAUNCH)),
            ask(lambda: browser.get("/api/v1/jobs")),
        ):
            assert_problem(response, 503)
            assert b"nowhere" not in response.content
        page = ask(lambda: browser.get("/jobs/"))
    assert page.status_code == 503
    assert b"nowhere" not in page.content
    assert page.headers["Retry-After"]


# --- what it says of itself


def test_the_page_about_the_api_works_offline(cast):
    response = Client().get("/api/v1/docs")
    page = response.content.decode()
    assert response.status_code == 200
    assert "POST /api/v1/jobs" in page
    assert "Idempotency-Key" in page
    assert "https://" not in page
    assert page.count("<script") == page.count('<script type="module" src="/static/')
    assert "style=" not in page


def test_openapi_names_errors_as_problems(cast):
    document = Client().get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"]
    assert set(document["components"]["schemas"]["Job"]["properties"]) == {*JOB_FIELDS, "seq", "truncated"}
