"""The HTTP API, contract section 5: launching, reading, errors, and what it says of itself."""

import json
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.models import IdempotencyKey
from tasks import eventlog, events, result_files
from tasks.eventlog import Change
from tasks.events import JOB_FIELDS
from tasks.models import Job, JobEvents
from tests.support.cast import Cast, in_log, make_cast, new_job
from tests.support.database import database_away

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


def assert_problem(response, status, *, names=""):
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem.keys() >= {"type", "title", "status", "detail"}
    assert problem["status"] == status
    if names:
        # A union has an error for each of its branches, below the parameter.
        assert any(".".join(map(str, error["loc"])).startswith(names) for error in problem["errors"]), problem
    return problem


# --- launching


def test_a_launch_answers_with_the_whole_durable_job(cast):
    response = call(cast, "POST", "jobs", LAUNCH)
    assert response.status_code == 201
    job = response.json()
    assert set(JOB_FIELDS) <= job.keys()
    assert (job["task"], job["args"], job["owner"], job["state"]) == (ADD, {"x": 4, "y": 4}, "alice", "queued")
    assert Job.objects.get(pk=job["id"]).owner.username == "alice"


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
        ({**LAUNCH, "eta": "2001-01-01T00:00:00Z"}, "body.eta"),
        ({**LAUNCH, "eta": "9999-12-31T23:59:59-12:00"}, "body.eta"),
        ({**LAUNCH, "countdown": -1}, "body.countdown"),
        ({**LAUNCH, "countdown": 1e300}, "body.countdown"),
        ({**LAUNCH, "countdown": 5, "eta": "2099-01-01T00:00:00Z"}, "body.eta"),
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


def test_who_died_between_keeping_the_key_and_launching_launches_the_same_job(cast, alice):
    call(cast, "POST", "jobs", LAUNCH, **{"Idempotency-Key": "k1"})
    kept = IdempotencyKey.objects.get()
    Job.objects.all().delete()
    again = call(cast, "POST", "jobs", LAUNCH, **{"Idempotency-Key": "k1"})
    assert again.json()["id"] == str(kept.job)


# --- one job


def test_a_job_is_its_row_with_the_logs_newer_snapshot_over_it(cast, alice):
    job = new_job(alice)
    in_log(job)
    eventlog.append(str(job.pk), [Change("state", {"state": "started", "worker": "w"})], writer="w", n=1)
    shown = call(cast, "GET", f"jobs/{job.pk}").json()
    assert (shown["state"], shown["worker"], shown["seq"]) == ("started", "w", 2)
    listed = call(cast, "GET", "jobs").json()["jobs"]
    assert listed == [shown]
    assert Job.objects.get().state == "queued"


def test_a_row_that_is_ahead_of_the_log_wins(cast, alice):
    job = new_job(alice)
    in_log(job)
    Job.objects.update(state="succeeded", result=3, seq=9)
    shown = call(cast, "GET", f"jobs/{job.pk}").json()
    assert (shown["state"], shown["result"], shown["seq"]) == ("succeeded", 3, 9)


def test_a_job_of_a_shell_is_there_before_its_row(cast):
    eventlog.open_epoch(1)
    job_id = str(uuid.uuid4())
    eventlog.announce(events.blank_job(job_id, task=ADD, created_at=events.now()))
    assert cast.api("dora", "GET", f"jobs/{job_id}").json()["id"] == job_id
    assert_problem(call(cast, "GET", f"jobs/{job_id}"), 404)


# --- the list


def test_pages_of_a_list_are_complete_while_new_jobs_come(cast, alice):
    now = timezone.now()
    same_time = [new_job(alice, created_at=now) for _ in range(5)]
    older = [new_job(alice, created_at=now - timedelta(seconds=n + 1)) for n in range(5)]
    seen, cursor = [], None
    while True:
        page = call(cast, "GET", "jobs?limit=3" + (f"&cursor={cursor}" if cursor else "")).json()
        seen += [job["id"] for job in page["jobs"]]
        new_job(alice, created_at=now + timedelta(seconds=1))
        if not (cursor := page["next"]):
            break
    assert sorted(seen[:5]) == sorted(str(job.pk) for job in same_time)
    assert seen[5:] == [str(job.pk) for job in older]


def test_filters_narrow_the_list(cast, alice):
    bob = cast.users["bob"]
    now = timezone.now()
    jobs = {
        "a": new_job(alice, state="failed"),
        "b": new_job(alice, state="succeeded", task=XSUM, id=uuid.UUID("abcdef01" + 24 * "0")),
        "c": new_job(bob, state="succeeded", created_at=now - timedelta(days=2)),
    }

    def found(query):
        listed = cast.api("dora", "GET", f"jobs?{query}").json()["jobs"]
        return "".join(sorted(name for name, job in jobs.items() if str(job.pk) in {one["id"] for one in listed}))

    assert found("") == "abc"
    assert found("state=&task=&owner=&q=&since=&until=&cursor=") == "abc"
    assert found("state=failed") == "a"
    assert found("state=failed&state=succeeded") == "abc"
    assert found(f"task={XSUM}") == "b"
    assert found("owner=bob") == "c"
    assert found("owner=nobody") == ""
    assert found("q=abcdef") == "b"
    assert found("q=abcdef01-0000") == "b"
    assert found("q=xsum") == "b"
    assert found("q=arithmetic two") == "ac"
    assert found("q=zebra") == ""
    # Unencoded, the plus of an offset arrives as a space.
    assert found(f"since={(now - timedelta(days=1)).isoformat()}") == "ab"
    assert found(f"until={(now - timedelta(days=1)).strftime('%Y-%m-%dT%H:%M:%SZ')}") == "c"
    assert found("since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59-12:00") == "abc"
    assert call(cast, "GET", "jobs?owner=bob").json() == {"jobs": [], "next": None}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=done", "query.state.0"),
        ("since=yesterday", "query.since"),
        ("since=2026-05-31T12:00:00", "query.since"),
        ("limit=0", "query.limit"),
        ("limit=201", "query.limit"),
        ("cursor=nonsense", "query.cursor"),
        ("cursor=bnVsbA", "query.cursor"),
        ("q=%00", "query.q"),
    ],
)
def test_bad_filters_are_named(cast, query, names):
    assert_problem(call(cast, "GET", f"jobs?{query}"), 422, names=names)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plan; PostgreSQL scans tables of a few rows")
@pytest.mark.parametrize(
    "query", ["", "state=failed", f"task={ADD}", "owner=alice", "state=failed&state=lost", "q=add"]
)
def test_a_list_is_read_off_an_index_in_order(cast, alice, query):
    for _ in range(3):
        new_job(alice, state="failed")
    with CaptureQueriesContext(connection) as queries:
        assert cast.api("dora", "GET", f"jobs?limit=2&{query}").status_code == 200
    reads = [q["sql"] for q in queries if 'FROM "tasks_job"' in q["sql"] and "ORDER BY" in q["sql"]]
    assert reads
    for sql in reads:
        with connection.cursor() as cursor:
            plan = " | ".join(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())
        if "BETWEEN" not in sql:
            assert "USING INDEX" in plan, plan
            assert "TEMP B-TREE" not in plan, plan


def test_a_list_costs_the_same_for_one_job_and_for_many(cast, alice):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert call(cast, "GET", "jobs").status_code == 200
        return len(queries)

    new_job(alice)
    one = cost()
    for _ in range(20):
        new_job(alice)
    assert cost() == one


# --- events


def log_lines(job, count):
    for n in range(1, count + 1):
        line = {"time": events.now(), "level": "info", "text": f"line {n}\u2028end"}
        eventlog.append(str(job.pk), [Change("log", lines=[line])], writer="w", n=n)


def archive(job, upto, size=3):
    stored = eventlog.read(str(job.pk), 0, upto).events
    for start in range(0, upto, size):
        chunk = stored[start : start + size]
        body = "\n".join(events.dumps(event) for event in chunk)
        JobEvents.objects.create(job=job, epoch=1, first=chunk[0]["seq"], last=chunk[-1]["seq"], body=body)


def test_events_come_from_the_log_while_it_reaches_back(cast, alice):
    job = new_job(alice)
    in_log(job)
    log_lines(job, 9)
    page = call(cast, "GET", f"jobs/{job.pk}/events?after=3&limit=4").json()
    assert [event["seq"] for event in page["events"]] == [4, 5, 6, 7]
    assert (page["seq"], page["archived"]) == (10, False)
    assert call(cast, "GET", f"jobs/{job.pk}/events?after=10").json()["events"] == []


@pytest.mark.parametrize("gone", ["trimmed", "expired", "redis"])
def test_older_events_come_from_the_archive(cast, alice, gone, redis_server):
    job = new_job(alice)
    in_log(job)
    log_lines(job, 9)
    archive(job, upto=7 if gone == "trimmed" else 10)
    Job.objects.update(seq=10, state="succeeded")
    if gone == "trimmed":
        eventlog.trim(str(job.pk), keep_after=7)
    elif gone == "expired":
        redis_server.client().flushall()
    else:
        redis_server.kill()
    try:
        page = call(cast, "GET", f"jobs/{job.pk}/events?after=1").json()
        some = call(cast, "GET", f"jobs/{job.pk}/events?after=2&limit=3").json()
    finally:
        if gone == "redis":
            redis_server.start()
    assert [event["seq"] for event in page["events"]] == list(range(2, 11))
    assert (page["seq"], page["archived"]) == (10, True)
    assert page["events"][0]["lines"][0]["text"] == "line 1\u2028end"
    assert [event["seq"] for event in some["events"]] == [3, 4, 5]


def test_events_fold_into_the_job(cast, alice):
    job = new_job(alice)
    in_log(job)
    big = {"rows": "x" * 20_000}
    eventlog.append(
        str(job.pk),
        [Change("state", {"state": "started"}), Change("state", {"state": "succeeded", "result": big})],
        writer="w",
        n=1,
    )
    log_lines(job, 3)
    shown = call(cast, "GET", f"jobs/{job.pk}").json()
    page = call(cast, "GET", f"jobs/{job.pk}/events").json()
    assert events.fold_all(events.blank_job(str(job.pk)), page["events"]) == shown
    assert shown["result"] == big


# --- files


@pytest.mark.parametrize(
    ("name", "kind", "content", "media_type", "disposition"),
    [
        ("page.html", "file", b"<script>alert(1)</script>", "application/octet-stream", "attachment"),
        ("picture", "image", b"\x89PNG\r\n\x1a\n....", "image/png", "inline"),
        ("drawing", "image", b"<svg onload='alert(1)'/>", "application/octet-stream", "attachment"),
        ("표 1", "table", b"[]", "application/json", "attachment"),
        ("result", "json", b"[1]", "application/json", "attachment"),
    ],
)
def test_files_never_run_in_the_readers_session(cast, alice, name, kind, content, media_type, disposition):
    job = new_job(alice)
    result_files.save(str(job.pk), name, kind, content)
    response = call(cast, "GET", f"jobs/{job.pk}/files/{name}")
    assert response.getvalue() == content
    assert response.headers["Content-Type"] == media_type
    assert response.headers["Content-Disposition"].startswith(disposition)
    assert response.headers["Content-Length"] == str(len(content))
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["nothing", "../secret", "..%2f..%2fsecret", "a/b", "%00", "x" * 300])
def test_names_that_are_no_files_are_404(cast, alice, name):
    assert_problem(call(cast, "GET", f"jobs/{new_job(alice).pk}/files/{name}"), 404)


@pytest.mark.django_db(transaction=True)
async def test_a_large_file_is_streamed_by_asgi(async_client, alice):
    from asgiref.sync import sync_to_async

    job = await sync_to_async(new_job)(alice)
    content = b"0123456789abcdef" * 100_000
    await sync_to_async(result_files.save)(str(job.pk), "large.bin", "file", content)
    await async_client.aforce_login(alice)
    response = await async_client.get(f"/api/v1/jobs/{job.pk}/files/large.bin")
    chunks = [chunk async for chunk in response.streaming_content]
    response.close()
    assert b"".join(chunks) == content
    assert max(map(len, chunks)) <= 256 * 1024


# --- cancelling


def test_a_waiting_job_is_cancelled_at_once_and_then_never_again(cast, alice):
    job = new_job(alice)
    in_log(job)
    response = call(cast, "POST", f"jobs/{job.pk}/cancel")
    assert (response.status_code, response.json()["state"]) == (202, "cancelled")
    assert_problem(call(cast, "POST", f"jobs/{job.pk}/cancel", {"force": True}), 409)
    assert_problem(call(cast, "POST", f"jobs/{job.pk}/cancel", {"force": "perhaps"}), 422, names="body.force")


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


def test_a_session_needs_the_csrf_token_and_a_token_does_not(cast, alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    body = {"data": json.dumps(LAUNCH), "content_type": "application/json"}
    assert_problem(browser.post("/api/v1/jobs", **body), 403)
    assert not Job.objects.exists()
    page = browser.get("/jobs/").content.decode()
    token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    assert browser.post("/api/v1/jobs", **body, headers={"X-CSRFToken": token}).status_code == 201
    assert call(cast, "POST", "jobs", LAUNCH).status_code == 201


def test_redis_away_is_said_and_reading_goes_on(cast, alice, redis_server):
    job = new_job(alice)
    in_log(job)
    redis_server.kill()
    try:
        assert call(cast, "GET", f"jobs/{job.pk}").json()["state"] == "queued"
        assert len(call(cast, "GET", "jobs").json()["jobs"]) == 1
        assert_problem(call(cast, "POST", f"jobs/{job.pk}/cancel"), 503)
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
