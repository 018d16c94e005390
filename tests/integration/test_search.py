"""Searching jobs: rights, indexes, how far a search without an index goes; saved searches; files."""

import csv
import io
import json
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, Permission
from django.db import connection, connections
from django.test import AsyncClient
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.models import SavedSearch
from dashboard.search import asked, export, finding, searches
from tasks.models import Job
from tests.integration.test_pages import data
from tests.support.cast import Cast, make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

ADD = "tasks.samples.arithmetic.add"
MUL = "tasks.samples.arithmetic.mul"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def alice(cast: Cast) -> Any:
    return cast.users["alice"]


@pytest.fixture
def browser(cast: Cast) -> Any:
    return cast.pages("alice")


def search(browser: Any, q: str, **more: Any) -> Any:
    return browser.get("/jobs/", {"q": q, **more})


def ids(page: Any) -> list[str]:
    return [job["id"] for job in data(page, "jobs-data")]


def test_each_qualifier_narrows_the_list(cast, alice, browser):
    view = [Permission.objects.get(codename=name) for name in ("view_group_jobs", "view_unowned_jobs")]
    alice.user_permissions.add(*view)
    Group.objects.create(name="analysts").user_set.add(alice, cast.users["bob"])
    parent, group = uuid.uuid4(), uuid.uuid4()
    wanted = new_job(
        alice,
        state="failed",
        task=MUL,
        args={"size": 120, "to": "Anna Kim"},
        error={"type": "OSError", "message": "No space left on device", "traceback": ""},
        worker="celery@w1",
        queue="mail",
        schedule="every night",
        parent=parent,
        group=group,
    )
    old = new_job(alice, state="succeeded", created_at=timezone.now() - timedelta(days=3), queue="celery")
    theirs, nobodys = new_job(cast.users["bob"], state="started"), new_job(None, state="queued")
    for q in (
        "state:failed,lost",
        "-state:succeeded,started,queued",
        "task:mul",
        "args.size:>100",
        "args.to:anna",
        '"no space"',
        "worker:w1",
        "queue:mail",
        'schedule:"every night"',
        f"parent:{parent}",
        f"group:{group}",
        f"id:{str(wanted.pk)[:12]}",
        'task:mul state:failed owner:me since:2d until:today args.size:<=120 "oserror"',
        "device space",
    ):
        assert ids(search(browser, q)) == [str(wanted.pk)], q
    assert ids(search(browser, "owner:me")) == [str(wanted.pk), str(old.pk)]
    assert ids(search(browser, "owner:bob")) == [str(theirs.pk)]
    assert ids(search(browser, "owner:nobody")) == [str(nobodys.pk)]
    assert ids(search(browser, "until:2d")) == [str(old.pk)]
    assert ids(search(browser, "owner:zoe")) == []


def test_nobody_finds_what_he_may_not_see(cast, alice):
    job = new_job(alice, state="failed", args={"note": "treasure"})
    for q in ('"treasure"', "args.note:treasure", f"id:{str(job.pk)[:8]}", "owner:alice", "state:failed"):
        for path in ("/jobs/", "/jobs/more/", "/jobs/export.csv", "/jobs/export.json", "/jobs/several/"):
            answer = cast.pages("bob").get(path, {"q": q})
            assert str(job.pk)[9:] not in answer.getvalue().decode(), (path, q)
    owners = [name for name, _ in cast.pages("bob").get("/jobs/words/").json()["values"]["owner"]]
    assert owners == ["me", "nobody"]
    assert "alice" in [name for name, _ in cast.pages("dora").get("/jobs/words/").json()["values"]["owner"]]


def test_secrets_are_not_found(alice, browser):
    new_job(alice, args={"password": "********"})
    assert ids(search(browser, "args.password:hunter2")) == []
    assert "password" not in json.dumps(browser.get("/jobs/words/").json()["args"])


def test_a_word_that_is_not_understood_is_named_and_the_rest_holds(alice, browser):
    new_job(alice, state="failed")
    new_job(alice, state="succeeded")
    page = search(browser, "state:failed stat:lost args.n:>many")
    text = page.content.decode()
    assert page.status_code == 200
    assert "“stat:lost”: there is no such qualifier. Did you mean “state:”?" in text
    assert "“args.n:&gt;many”: after &lt; and &gt; comes a number." in text
    assert len(ids(page)) == 1
    assert 'value="state:failed stat:lost args.n:&gt;many"' in text


def test_older_links_become_words_of_the_search(alice, browser):
    job = new_job(alice, state="failed", task=MUL)
    new_job(alice, state="failed")
    page = browser.get(
        "/jobs/?state=failed&state=lost&task=mul&owner=alice&since=2026-01-01T00:00:00Z&q=" + str(job.pk)[:8]
    )
    assert ids(page) == [str(job.pk)]
    shown = re.search(r'name="q" value="([^"]*)"', page.content.decode())
    assert shown
    assert shown[1].startswith("state:failed,lost task:mul owner:alice since:2026-01-01T")
    assert ids(search(browser, shown[1])) == [str(job.pk)]


def test_links_of_the_page_keep_the_search(alice, browser):
    for _ in range(3):
        new_job(alice, state="failed")
    page = search(browser, "state:failed", limit=2)
    text = page.content.decode()
    following = re.search(r'class="go-on"><a href="\?([^"]+)"', text)
    assert following
    assert len(ids(browser.get("/jobs/?" + following[1].replace("&amp;", "&")))) == 1
    for link in (
        'href="/jobs/export.csv?q=state%3Afailed"',
        'href="/jobs/several/?q=state%3Afailed"',
        'href="?q=state%3Afailed&amp;order=oldest"',
        'action="/jobs/several/?q=state%3Afailed"',
    ):
        assert link in text, link


def test_the_script_reads_on_where_the_page_ends(alice, browser):
    jobs = [new_job(alice, state="failed") for _ in range(3)][::-1]
    cursor = search(browser, "state:failed", limit=1).context["next"]
    answer = browser.get("/jobs/more/", {"q": "state:failed", "cursor": cursor}).json()
    assert [job["id"] for job in answer["jobs"]] == [str(job.pk) for job in jobs[1:]]
    assert (answer["next"], answer["reached"]) == (None, None)
    assert browser.get("/jobs/more/?cursor=x").status_code == 400


# --- what has no index


def test_a_search_without_an_index_gives_up_says_where_and_goes_on(monkeypatch, alice, browser):
    monkeypatch.setattr(finding, "MOST_LOOKED_AT", 10)
    monkeypatch.setattr(finding, "_CHUNK", 5)
    monkeypatch.setattr(finding, "_LEAST", 5)
    now = timezone.now()
    jobs = [new_job(alice, args={"n": n}, created_at=now - timedelta(minutes=n)) for n in range(25)]
    seen: list[str] = []
    cursor, pages = "", 0
    while pages < 10:
        page = search(browser, "args.n:>=8", cursor=cursor)
        seen += ids(page)
        pages += 1
        cursor = page.context["next"]
        if not cursor:
            break
        assert "Searched as far as" in page.content.decode()
        assert "Search on" in page.content.decode()
    assert pages == 3
    assert seen == [str(job.pk) for job in jobs[8:]]
    several = browser.get("/jobs/several/?q=args.n:>=8").content.decode()
    assert "At least 2 jobs fit" in several


def test_a_page_of_a_search_without_an_index_ends_where_it_is_full(alice, browser):
    now = timezone.now()
    jobs = [new_job(alice, args={"n": n % 2}, created_at=now - timedelta(minutes=n)) for n in range(9)]
    first = search(browser, "args.n:0", limit=2)
    assert ids(first) == [str(jobs[0].pk), str(jobs[2].pk)]
    assert first.context["reached"] is None
    rest = search(browser, "args.n:0", cursor=first.context["next"])
    assert ids(rest) == [str(jobs[n].pk) for n in (4, 6, 8)]
    assert rest.context["next"] is None
    oldest = search(browser, "args.n:0", limit=2, order="oldest")
    assert ids(oldest) == [str(jobs[8].pk), str(jobs[6].pk)]


def test_words_that_name_no_task_are_looked_for_in_texts(alice, browser):
    error = {"type": "ValueError", "message": "Zitrone ist leer", "traceback": ""}
    failed = new_job(alice, state="failed", error=error)
    added = new_job(alice)
    page = search(browser, "zitrone LEER")
    assert ids(page) == [str(failed.pk)]
    assert "Found by the task" not in page.content.decode()
    page = search(browser, "add numbers")
    assert set(ids(page)) == {str(failed.pk), str(added.pk)}
    assert "Found by the task" in page.content.decode()


@pytest.mark.only("sqlite")  # reads its plan; PostgreSQL scans tables of a few rows
@pytest.mark.parametrize(
    "q",
    [
        "",
        "state:failed",
        "task:mul",
        "owner:alice",
        "owner:nobody",
        "-state:succeeded",
        'args.n:1 "x"',
        'schedule:"s"',
        "queue:q",
        "state:failed since:2d until:today owner:alice worker:w",
    ],
)
def test_a_search_is_read_off_an_index_in_order(cast, alice, q):
    for _ in range(3):
        new_job(alice, state="failed", schedule="s")
    with CaptureQueriesContext(connection) as queries:
        assert search(cast.pages("dora"), q).status_code == 200
    reads = [one["sql"] for one in queries if 'FROM "tasks_job"' in one["sql"] and "ORDER BY" in one["sql"]]
    assert reads
    for sql in reads:
        assert "LIMIT" in sql
        with connection.cursor() as cursor:
            plan = " | ".join(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())
        assert "USING INDEX" in plan or "USING COVERING INDEX" in plan, plan
        assert "TEMP B-TREE" not in plan, plan


# --- order


def test_the_loaded_jobs_are_put_in_order_by_their_length_and_end(alice, browser):
    now = timezone.now()

    def ran(seconds: int, ended: int) -> str:
        end = now - timedelta(minutes=ended)
        fields = {"started_at": end - timedelta(seconds=seconds), "finished_at": end}
        return str(new_job(alice, state="succeeded", **fields).pk)

    waiting = str(new_job(alice).pk)
    short, long, middle = ran(1, 5), ran(100, 9), ran(10, 1)
    page = search(browser, "", order="longest")
    assert ids(page) == [long, middle, short, waiting]
    assert "Only the jobs that are loaded here" in page.content.decode()
    assert 'class="number" aria-sort="descending"' in page.content.decode()
    assert ids(search(browser, "", order="finished")) == [middle, short, long, waiting]
    oldest = search(browser, "", order="oldest")
    assert ids(oldest) == [waiting, short, long, middle]
    assert 'aria-sort="ascending"' in oldest.content.decode()
    assert browser.get("/jobs/?order=row").status_code == 302


# --- what the list's script is told


def test_the_script_knows_what_fits_but_for_what_only_the_server_can_tell(browser):
    page = search(browser, 'args.n:>5 "x" since:2026-11-01')
    spec = data(page, "search-data")
    assert spec["args"] == [{"path": ["n"], "op": ">", "text": "5", "number": 5.0}]
    assert spec["texts"] == ["x"]
    assert spec["since"].startswith("2026-")
    assert not page.context["is_fixed"]
    for q in ("queue:q", "schedule:s"):
        fixed = search(browser, q)
        assert fixed.context["is_fixed"]
        assert "Search again" in fixed.content.decode()
    assert data(search(browser, "add numbers"), "search-data")["words"]["tasks"][0] == ADD
    assert data(search(browser, "7B1C"), "search-data")["words"]["id"] == "7b1c"


# --- saved searches


def test_a_search_is_saved_shown_renamed_and_deleted(cast, alice, browser):
    saved = browser.post("/jobs/searches/", {"name": "Broken mail", "q": "state:failed task:mail", "order": "oldest"})
    assert saved.headers["Location"] == "/jobs/?q=state%3Afailed+task%3Amail&order=oldest"
    row = SavedSearch.objects.get()
    page = browser.get(saved.headers["Location"]).content.decode()
    assert re.search(r'<a href="/jobs/\?q=[^"]+" aria-current="true">Broken mail</a>', page)
    assert f'href="/jobs/searches/{row.pk}/"' in page
    assert "Broken mail" not in cast.pages("bob").get("/jobs/").content.decode()
    browser.post("/jobs/searches/", {"name": "Broken mail", "q": "state:lost"})
    assert list(SavedSearch.objects.values_list("text", "order")) == [("state:lost", "newest")]
    browser.post("/jobs/searches/", {"name": "Other", "q": "x"})
    taken = browser.post(f"/jobs/searches/{row.pk}/", {"name": "Other"})
    assert (taken.status_code, "of this name already" in taken.content.decode()) == (422, True)
    assert browser.post(f"/jobs/searches/{row.pk}/", {"name": "Lost"}).status_code == 302
    assert browser.post(f"/jobs/searches/{row.pk}/", {"delete": "yes"}).headers["Location"] == "/jobs/"
    assert list(SavedSearch.objects.values_list("name", flat=True)) == ["Other"]


def test_a_bad_name_loses_nothing(monkeypatch, browser):
    monkeypatch.setattr(searches, "_MOST", 1)
    for name in ("", "x" * 61, "a\x00b"):
        answer = browser.post("/jobs/searches/", {"name": name, "q": "state:lost"})
        assert answer.status_code == 422
        assert 'name="q" value="state:lost"' in answer.content.decode()
    browser.post("/jobs/searches/", {"name": "one", "q": "x"})
    assert "delete some first" in browser.post("/jobs/searches/", {"name": "two", "q": "x"}).content.decode()
    assert browser.post("/jobs/searches/", {"name": "one", "q": "y"}).status_code == 302


# --- files


def rows_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def test_the_list_becomes_a_table_that_runs_no_formulas(alice, browser):
    job = new_job(
        alice,
        state="failed",
        reason="=cmd|' /C calc'!A0",
        worker="@SUM(A1)",
        args={"x": 1},
        error={"type": "E", "message": "m, 한글", "traceback": "t"},
        started_at=timezone.now() - timedelta(seconds=2),
        finished_at=timezone.now(),
    )
    new_job(alice, state="succeeded")
    answer = browser.get("/jobs/export.csv?q=state:failed")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="jobs.csv"'
    head, row = rows_of(answer)
    found = dict(zip(head, row, strict=True))
    assert head == list(export.COLUMNS)
    assert (found["id"], found["owner"]) == (str(job.pk), "alice")
    assert (found["args"], found["error"]) == ('{"x":1}', "E: m, 한글")
    assert found["reason"].startswith("'=cmd")
    assert found["worker"] == "'@SUM(A1)"
    assert float(found["seconds"]) == pytest.approx(2, abs=0.1)


def test_the_list_becomes_json_and_says_where_it_is_cut(monkeypatch, alice, browser):
    assert json.loads(browser.get("/jobs/export.json").getvalue()) == {"jobs": [], "cut": None}
    jobs = [new_job(alice) for _ in range(5)][::-1]
    monkeypatch.setattr("dashboard.listing.MOST", 2)
    whole = json.loads(browser.get("/jobs/export.json").getvalue())
    assert [job["id"] for job in whole["jobs"]] == [str(job.pk) for job in jobs]
    assert whole["cut"] is None
    monkeypatch.setattr(export, "MOST", 3)
    cut = json.loads(browser.get("/jobs/export.json").getvalue())
    assert (len(cut["jobs"]), cut["cut"]) == (3, "Cut: there are more than these 3 jobs.")
    assert rows_of(browser.get("/jobs/export.csv"))[-1] == ["Cut: there are more than these 3 jobs."]
    korean = browser.get("/jobs/export.json", headers={"Accept-Language": "ko"})
    assert "3" in json.loads(korean.getvalue())["cut"] != cut["cut"]
    monkeypatch.setattr(export, "_MOST_PAGES", 2)
    monkeypatch.setattr(finding, "MOST_LOOKED_AT", 1)
    monkeypatch.setattr(finding, "_CHUNK", 1)
    monkeypatch.setattr(finding, "_LEAST", 1)
    looked = json.loads(browser.get('/jobs/export.json?q="nowhere"').getvalue())
    assert looked["cut"].startswith("Cut: 0 jobs were found until ")
    assert browser.get("/jobs/export.csv?limit=many").status_code == 400


@pytest.mark.django_db(transaction=True)
async def test_a_file_is_sent_while_it_is_read_also_on_the_loop(static_files):
    def made() -> tuple[Any, str]:
        cast = make_cast()
        return cast.users["alice"], str(new_job(cast.users["alice"]).pk)

    alice, job = await sync_to_async(made)()
    client = AsyncClient()
    await client.aforce_login(alice)
    answer = await client.get("/jobs/export.json")
    assert answer.is_async
    text = b"".join([part async for part in answer.streaming_content]).decode()
    assert [one["id"] for one in json.loads(text)["jobs"]] == [job]
    await sync_to_async(connections.close_all)()  # of a thread that outlives the test


def test_an_empty_address_asks_for_everything(rf):
    wanted = asked.read(rf.get("/jobs/"))
    assert (wanted.text, wanted.order, wanted.query()) == ("", "newest", "")
    assert Job.objects.count() == 0
