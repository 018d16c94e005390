"""Reading by the API: one job, lists, events, files."""

import uuid
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tasks import eventlog, events, result_files
from tasks.eventlog import Change
from tasks.models import Job, JobEvents
from tests.support.cast import Cast, in_log, make_cast, new_job
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


def test_head_is_answered_as_get_is_without_the_body(cast, alice):
    job = new_job(alice)
    eventlog.open_epoch(1)
    for path in ("jobs", f"jobs/{job.pk}", "tasks", "workers"):
        get, head = call(cast, "GET", path), call(cast, "HEAD", path)
        assert (head.status_code, head.content) == (200, b""), path
        assert head["Content-Type"] == get["Content-Type"]
    assert cast.api("charlie", "HEAD", f"jobs/{job.pk}").status_code == 404
    assert call(cast, "HEAD", f"jobs/{job.pk}/cancel").status_code == 405, "what is not read is not asked for so"
    assert Job.objects.get().cancel is None


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


def test_the_oldest_first_is_the_same_list_from_its_other_end(cast, alice):
    now = timezone.now()
    jobs = [new_job(alice, created_at=now - timedelta(seconds=n // 3), row=n + 1) for n in range(10)]
    newest = [job["id"] for job in call(cast, "GET", "jobs").json()["jobs"]]
    assert sorted(newest) == sorted(str(job.pk) for job in jobs)
    seen, cursor = [], ""
    while cursor is not None:
        page = call(cast, "GET", f"jobs?order=oldest&limit=3&state=queued&cursor={cursor}").json()
        seen += page["jobs"]
        cursor = page["next"]
    assert [job["id"] for job in seen] == newest[::-1]
    assert {job["row"] for job in seen} == set(range(1, 11))


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
    assert found("until=6104-03-01T22:06:04-19:17") == "abc"  # more than PostgreSQL knows
    assert call(cast, "GET", "jobs?owner=bob").json() == {"jobs": [], "next": None}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=done", "query.state.0"),
        ("since=yesterday", "query.since"),
        ("since=2026-05-31T12:00:00", "query.since"),
        ("limit=0", "query.limit"),
        ("order=row", "query.order"),
        ("limit=201", "query.limit"),
        ("cursor=nonsense", "query.cursor"),
        ("cursor=bnVsbA", "query.cursor"),
        ("q=%00", "query.q"),
    ],
)
def test_bad_filters_are_named(cast, query, names):
    assert_problem(call(cast, "GET", f"jobs?{query}"), 422, names=names)


@pytest.mark.only("sqlite")  # reads its plan; PostgreSQL scans tables of a few rows
@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=failed",
        f"task={ADD}",
        "owner=alice",
        "state=failed&state=lost",
        "q=add",
        f"parent={uuid.UUID(int=1)}&order=oldest",
    ],
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
    cost()  # also notes the token's use, once a minute
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
    page = eventlog.read(str(job.pk), 0, upto)
    assert page
    stored = page.events
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
    head = call(cast, "HEAD", f"jobs/{job.pk}/files/{name}")
    assert (head.content, dict(head.headers)) == (b"", dict(response.headers))


ROWS = [{"열": 1.5, "n": None}]
INLINE = [
    {"name": "columns", "kind": "table", "value": ROWS, "size": 20, "rows": 1},
    {"name": "표 1.json", "kind": "json", "value": {"a": "b"}},
    {"name": "note", "kind": "markdown", "value": "# 제목\n"},
]


@pytest.mark.parametrize(
    ("name", "content", "media_type", "download_name"),
    [
        ("columns", '[{"열":1.5,"n":null}]', "application/json", "columns.json"),
        ("표 1.json", '{"a":"b"}', "application/json", "%ED%91%9C%201.json"),
        ("note", "# 제목\n", "text/markdown; charset=utf-8", "note.md"),
        ("result", '{"rows":3}', "application/json", "result.json"),
    ],
)
def test_a_value_that_stands_in_the_job_is_a_file_too(cast, alice, name, content, media_type, download_name):
    job = new_job(alice, state="succeeded", outputs=INLINE, result={"rows": 3})
    response = call(cast, "GET", f"jobs/{job.pk}/files/{name}")
    assert response.content.decode() == content
    assert response.headers["Content-Type"] == media_type
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert download_name in response.headers["Content-Disposition"]
    assert response.headers["Content-Length"] == str(len(content.encode()))
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert_problem(cast.api("bob", "GET", f"jobs/{job.pk}/files/{name}"), 404)


def test_a_result_too_large_for_a_frame_is_a_file_of_its_job(cast, alice):
    big = ["x" * 100] * 1000
    job = new_job(alice, state="succeeded", result=big, truncated=["result"])
    assert call(cast, "GET", f"jobs/{job.pk}/files/result").json() == big


def test_there_is_no_result_before_the_end_nor_one_that_could_not_be_kept(cast, alice):
    for fields in ({"state": "started"}, {"state": "failed"}, {"state": "succeeded", "truncated": ["result"]}):
        assert_problem(call(cast, "GET", f"jobs/{new_job(alice, **fields).pk}/files/result"), 404)
    assert call(cast, "GET", f"jobs/{new_job(alice, state='succeeded').pk}/files/result").content == b"null"


def test_what_frames_cut_is_a_file_too(cast, alice):
    args, error = {"text": "x" * 20_000}, {"type": "E", "message": "m" * 20_000, "traceback": ""}
    job = new_job(alice, state="failed", args=args, error=error)
    assert call(cast, "GET", f"jobs/{job.pk}/files/args").json() == args
    assert call(cast, "GET", f"jobs/{job.pk}/files/error").json() == error
    assert_problem(call(cast, "GET", f"jobs/{job.pk}/files/progress"), 404)
    assert_problem(call(cast, "GET", f"jobs/{job.pk}/files/owner"), 404)


@pytest.mark.parametrize("name", ["nothing", "../secret", "..%2f..%2fsecret", "a/b", "%00", "x" * 300])
def test_names_that_are_no_files_are_404(cast, alice, name):
    assert_problem(call(cast, "GET", f"jobs/{new_job(alice).pk}/files/{name}"), 404)


@pytest.mark.django_db(transaction=True)
async def test_a_large_file_is_streamed_by_asgi(async_client, alice):
    job = await sync_to_async(new_job)(alice)
    content = b"0123456789abcdef" * 100_000
    await sync_to_async(result_files.save)(str(job.pk), "large.bin", "file", content)
    await async_client.aforce_login(alice)
    response = await async_client.get(f"/api/v1/jobs/{job.pk}/files/large.bin")
    chunks = [chunk async for chunk in response.streaming_content]
    response.close()
    assert b"".join(chunks) == content
    assert max(map(len, chunks)) <= 256 * 1024
    await sync_to_async(lambda: connection.close())()  # of the thread that did the work
