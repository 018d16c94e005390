"""The overview: its numbers, reasons and charts, for who may see which jobs."""

import json
import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard import access, glance
from dashboard.overview import tiles, waiting
from tasks import leases, queues, tallies
from tasks.eventlog import LogUnavailable
from tasks.models import BATCH, Job, Tally
from tests.support.cast import make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]


@pytest.fixture
def cast():
    return make_cast()


def tally(owner=None, *, span=tallies.MINUTE, ago=timedelta(minutes=5), state="succeeded", **sums):
    seconds = int((timezone.now() - ago).timestamp()) // span * span
    start = timezone.datetime.fromtimestamp(seconds, timezone.get_default_timezone())
    values = {"ended": 4, "waits": 4, "waited": 2.0, "runs": 4, "ran": 12.0, **sums}
    return Tally.objects.create(
        span=span, start=start, owner=str(owner.pk) if owner else "", task="t", state=state, **values
    )


def parts(cast, name, query=""):
    answer = cast.pages(name).get(f"/overview/parts/{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def plot(cast, name, query=""):
    return parts(cast, name, query)["plots"]


def total(cast, name):
    return sum(sum(series["values"]) for series in plot(cast, name)["ended"]["series"])


def tile(cast, name, which):
    found = re.search(
        rf'href="([^"]*)" data-tile="{which}".*?tile-value">(.*?)<.*?tile-detail">(.*?)<',
        parts(cast, name)["parts"]["tiles"],
        re.DOTALL,
    )
    assert found
    return tuple(text.replace("&amp;", "&") for text in found.groups())


def test_figures_are_those_of_jobs_that_the_reader_may_see(cast):
    alice, bob, charlie = (cast.users[name] for name in ("alice", "bob", "charlie"))
    tally(alice), tally(bob, ended=1), tally(None, ended=10)
    assert {name: total(cast, name) for name in ("alice", "bob", "charlie", "dora")} == {
        "alice": 4,
        "bob": 1,
        "charlie": 0,
        "dora": 15,
    }
    group = Group.objects.create(name="team")
    alice.groups.add(group), charlie.groups.add(group)
    charlie.user_permissions.add(Permission.objects.get(codename="view_group_jobs"))
    assert total(cast, "charlie") == 4
    charlie.user_permissions.add(Permission.objects.get(codename="view_unowned_jobs"))
    assert total(cast, "charlie") == 14
    charlie.is_active = False
    assert not access.tallies_for(charlie).exists()


def test_an_hour_is_drawn_from_minutes_and_a_day_from_ten_at_once(cast):
    alice = cast.users["alice"]
    tally(alice), tally(alice, state="failed", ended=2, waits=0, waited=0.0, runs=2, ran=0.0)
    tally(alice, state="lost", ended=1, waits=1, waited=2.0, runs=1, ran=500.0)
    tally(alice, span=tallies.TEN_MINUTES, ago=timedelta(hours=20), ended=7)
    tally(alice, ago=timedelta(minutes=61)), tally(alice, span=tallies.TEN_MINUTES, ago=timedelta(hours=25))
    hour, day = plot(cast, "alice"), plot(cast, "alice", "?range=day")
    assert [len(hour["ended"]["x"]), len(day["ended"]["x"])] == [60, 144]
    assert {one["label"]: sum(one["values"]) for one in hour["ended"]["series"]} == {
        "Succeeded": 4,
        "Failed": 2,
        "Lost": 1,
        "Cancelled": 0,
    }
    assert [sum(one["values"]) for one in day["ended"]["series"]] == [7, 0, 0]
    # Of jobs that were lost nobody knows how long they ran.
    assert [value for value in hour["ran"]["series"][0]["values"] if value is not None] == [2.0]
    assert [value for value in hour["waited"]["series"][0]["values"] if value is not None] == [0.8]
    page = cast.pages("alice").get("/?range=day").content.decode()
    assert '<a href="?range=day" aria-current="true">Day</a>' in page
    assert cast.pages("alice").get("/?range=nonsense").status_code == 200


def test_the_same_stands_in_a_table_for_who_does_not_see_the_chart(cast):
    tally(cast.users["alice"], ended=1204)
    table = parts(cast, "alice")["parts"]["table"]
    assert [re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<td.*?</td>", table)] == [
        "1,204", "0", "0", "0", "0.50 s", "3.0 s",
    ]  # fmt: skip
    assert "No job ended" in parts(cast, "bob")["parts"]["table"]


def test_each_number_leads_to_the_jobs_that_it_counts(cast):
    alice = cast.users["alice"]
    for state in ("started", "queued", "scheduled", "retrying", "failed", "lost", "succeeded"):
        new_job(alice, state=state)
    new_job(alice, state="failed", created_at=timezone.now() - timedelta(hours=30))
    new_job(cast.users["bob"], state="started")
    for which, number in (("running", 1), ("waiting", 3), ("failed", 2)):
        url, value, _ = tile(cast, "alice", which)
        assert value == str(number)
        listed = cast.pages("alice").get(url).content.decode()
        assert listed.count("<tr data-job=") == number, which
    assert tile(cast, "charlie", "running")[1] == "0"
    assert tile(cast, "dora", "running")[1] == "2"


def test_no_number_is_counted_without_end(cast, monkeypatch):
    monkeypatch.setattr(tiles, "MOST", 2)
    for _ in range(4):
        new_job(cast.users["alice"], state="queued")
    assert tile(cast, "alice", "waiting")[1] == "2+"
    assert "More than 2 jobs wait" in parts(cast, "alice")["parts"]["why"]


def failed_child(parent, number, **fields):
    error = {"type": "ValueError", "message": f"row {number}", "traceback": ""}
    return new_job(parent.owner, state="failed", parent=parent.pk, error=error, finished_at=timezone.now(), **fields)


def lines(cast, name):
    text = parts(cast, name)["parts"]["failed"]
    rows = [re.sub(r"<[^>]+>", " ", row) for row in re.findall(r"<tr data-job.*?</tr>", text, re.DOTALL)]
    return [" ".join(row.split()) for row in rows]


def test_many_failed_jobs_of_a_batch_are_one_line(cast):
    alice = cast.users["alice"]
    first = new_job(alice, state="failed", error={"type": "OSError", "message": "disk", "traceback": ""})
    batch = new_job(
        alice, task=BATCH, args={"task": "shop.mail", "rows": 60}, state="started",
        children={"failed": 45, "succeeded": 10, "queued": 5},
    )  # fmt: skip
    for number in range(45):
        failed_child(batch, number)
    own = new_job(alice)
    failed_child(own, 99)
    found = lines(cast, "alice")
    assert len(found) == 3
    assert "ValueError: row 99" in found[0]
    assert "shop. mail × 60" in found[1]
    assert "45 of 60 failed; the newest: ValueError: row 44" in found[1]
    assert "OSError: disk" in found[2]
    text = parts(cast, "alice")["parts"]["failed"]
    assert f"/jobs/{batch.pk}/" in text
    assert f"/jobs/{first.pk}/" in text
    assert lines(cast, "bob") == []


def test_a_batch_that_has_itself_failed_is_still_one_line(cast):
    alice = cast.users["alice"]
    batch = new_job(
        alice, task=BATCH, args={"task": "shop.mail", "rows": 2}, state="failed", finished_at=timezone.now(),
        children={"failed": 1, "succeeded": 1},
        error={"type": "JobsFailed", "message": "1 of 2 jobs did not succeed", "traceback": ""},
    )  # fmt: skip
    failed_child(batch, 7)
    assert len(lines(cast, "alice")) == 1
    assert "1 of 2 failed; the newest: ValueError: row 7" in lines(cast, "alice")[0]


def test_failures_below_a_parent_that_is_gone_are_still_told(cast):
    alice = cast.users["alice"]
    for number in range(2):
        error = {"type": "ValueError", "message": f"row {number}", "traceback": ""}
        new_job(alice, state="failed", parent=uuid.UUID(int=5), error=error, finished_at=timezone.now())
    assert len(lines(cast, "alice")) == 1


def test_waiting_jobs_are_grouped_by_their_reason_and_lead_to_what_one_can_do(cast):
    alice = cast.users["alice"]
    now = timezone.now()
    queues.pause("mails")
    for _ in range(2):
        new_job(alice, state="queued", queue="mails", published_at=now)
    new_job(alice, state="scheduled", eta=now + timedelta(hours=1))
    text = parts(cast, "alice")["parts"]["why"]
    assert [re.sub(r"<[^>]+>", "", one) for one in re.findall(r"<a .*?</a>", text)] == [
        "2 Queue mails is paused",
        "1 Scheduled for later",
    ]
    assert 'href="/workers/"' in text
    assert tile(cast, "alice", "queues")[2].endswith("1 paused")
    assert parts(cast, "bob")["parts"]["why"].strip() == ""


def test_with_redis_away_the_page_says_so(cast, monkeypatch):
    def away(*_):
        raise LogUnavailable("away")

    monkeypatch.setattr(leases, "workers", away)
    new_job(cast.users["alice"], state="queued", queue="celery", published_at=timezone.now())
    assert tile(cast, "alice", "workers")[1:] == ("–", "Redis does not answer")
    assert "1</b> About to start" in parts(cast, "alice")["parts"]["why"]


def test_a_fresh_install_says_how_to_begin(cast):
    starts = {name: parts(cast, name)["parts"]["start"] for name in ("alice", "charlie", "dora")}
    assert 'href="/tasks/tasks.samples.arithmetic.add/"' in starts["alice"]
    assert "TASKCAST_APPS" not in starts["alice"]
    assert "There is no job that you may see yet." in starts["charlie"]
    assert "/tasks/" not in starts["charlie"]
    page = cast.pages("alice").get("/").content.decode()
    assert 'aria-labelledby="charts" hidden' in page
    new_job(cast.users["alice"])
    assert parts(cast, "alice")["new"] is False
    assert parts(cast, "alice")["parts"]["start"].strip() == ""
    assert 'aria-labelledby="charts">' in cast.pages("alice").get("/").content.decode()
    assert parts(cast, "bob")["new"] is True


def test_how_many_queries_it_takes_does_not_grow_with_the_jobs(cast):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            parts(cast, "alice")
        return len(seen)

    alice = cast.users["alice"]
    new_job(alice, state="failed", error={"type": "E", "message": "", "traceback": ""})
    before = queries()
    for number in range(30):
        new_job(alice, state=("failed", "queued", "started")[number % 3], queue="celery")
    assert queries() == before


def test_at_a_glance_workers_are_counted_as_their_leases_tell(monkeypatch):
    said = {
        "one": {"name": "a", "size": 2, "queues": ["celery"], "active": {"x": [1], "y": [2]}},
        "two": {"name": "b", "size": 4, "queues": ["mails", "celery"], "active": None},
        "gone": {"name": "c", "size": 4, "queues": ["old"], "active": {}},
    }
    monkeypatch.setattr(leases, "workers", lambda: said)
    monkeypatch.setattr(leases, "alive", lambda keys: {key: said[key] for key in keys if key != "gone"})
    queues.pause("mails")
    now = glance.glance(["named"])
    assert (now.alive, now.gone, now.busy, now.size) == (2, 1, 2, 6)
    assert now.free == {"celery"}
    assert {"celery", "mails", "named"} <= set(now.lengths)


SERVED = waiting.Served(paused={"held"}, listening={"celery", "full"}, free={"celery"})


@pytest.mark.parametrize(
    ("state", "reason", "queue", "words"),
    [
        ("queued", None, "celery", "About to start"),
        ("queued", None, "full", "All processes are busy"),
        ("queued", None, "held", "Queue held is paused"),
        ("queued", "waiting for a worker: none is listening to queue x", "x", "No worker listens to queue x"),
        ("queued", None, "x", "No worker listens to queue x"),
        (
            "queued",
            "the broker does not answer; the job will be sent when it does",
            "celery",
            "The broker does not answer",
        ),
        ("retrying", "Timeout; next try at 12:00:00", "celery", "To be tried again"),
        ("queued", "its process died; waiting to be started again", "celery", "To be tried again"),
        ("scheduled", None, "celery", "Scheduled for later"),
        ("queued", "the shop is closed", "", "the shop is closed"),
    ],
)
def test_why_one_job_waits(state, reason, queue, words):
    job = waiting.Waiting(state, reason, queue, None, is_sent=True)
    assert [(one.words, one.count) for one in waiting.why([job], SERVED)] == [(words, 1)]


def test_the_charts_data_is_json_that_a_page_can_hold(cast):
    tally(cast.users["alice"])
    page = cast.pages("alice").get("/").content.decode()
    found = re.search(r'<script id="plot-ended" type="application/json">(.*?)</script>', page)
    assert found
    assert json.loads(found[1])["series"][0]["kind"] == "bars"
    assert Job.objects.count() == 0
