"""The page of one job before any script runs: how it is stopped, what it shows of its steps, result and files."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from tasks import eventlog, uploads
from tasks.batch import launch_batch
from tasks.models import Job
from tests.support.cast import Cast, in_log, make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def alice(cast):
    return cast.users["alice"]


@pytest.fixture
def browser(cast):
    return cast.pages("alice")


@pytest.mark.parametrize(
    ("cancel", "words"),
    [
        ("asked", "Asked to stop; the task has not looked yet"),
        ("seen", "The task has seen the cancel and is stopping"),
    ],
)
def test_a_job_that_does_not_stop_can_be_stopped_by_force(browser, alice, monkeypatch, cancel, words):
    job = new_job(alice, state="started", cancel=cancel)
    page = browser.get(f"/jobs/{job.pk}/").content.decode()
    assert words in page
    assert '<button class="button danger" name="force" value="1">' in page
    asked = []
    monkeypatch.setattr("tasks.control.cancel", lambda job_id, force, user: asked.append((job_id, force)))
    browser.post(f"/jobs/{job.pk}/cancel/", {"force": "1"})
    browser.post(f"/jobs/{job.pk}/cancel/")
    assert asked == [(str(job.pk), True), (str(job.pk), False)]


@pytest.mark.parametrize("fields", [{"state": "started"}, {"state": "queued", "cancel": "asked"}])
def test_force_is_for_jobs_that_run_and_were_asked(browser, alice, fields):
    page = browser.get(f"/jobs/{new_job(alice, **fields).pk}/").content.decode()
    assert 'name="force"' not in page


def test_files_are_shown_by_their_names(cast, browser, alice):
    mine, other = (uploads.save(f"{name}.csv", ContentFile(b"a"), cast.users[name]) for name in ("alice", "bob"))
    job = new_job(alice, args={"file": str(mine.pk), "many": [str(mine.pk)], "not mine": str(other.pk)})
    page = browser.get(f"/jobs/{job.pk}/").content.decode()
    assert names_in(page) == {str(mine.pk): "alice.csv"}
    assert f'<span class="file-name" title="{mine.pk}">alice.csv</span>' in page
    assert '<span class="value-list">alice.csv</span>' in page
    for path in ("/", "/jobs/"):
        listed = browser.get(path).content.decode()
        assert names_in(listed) == {str(mine.pk): "alice.csv"}
        assert "file=&quot;alice.csv&quot;, many=[&quot;alice.csv&quot;]" in listed
        assert "bob.csv" not in listed


def test_names_of_files_are_told_to_who_sees_the_job(cast, alice):
    upload = uploads.save("data.csv", ContentFile(b"a"), alice)
    job = new_job(alice, args={"file": str(upload.pk)})
    told = {name: cast.pages(name).get(f"/jobs/file-names/?job={job.pk}&job=x") for name in ("alice", "bob", "dora")}
    assert told["alice"].json() == told["dora"].json() == {str(upload.pk): "data.csv"}
    assert told["bob"].json() == {}


def names_in(page):
    text = re.search(r'<script id="file-names" type="application/json">(.*?)</script>', page)
    assert text
    return json.loads(text[1])


def test_a_result_does_not_repeat_its_outputs(browser, alice):
    table = [{"name": "amount", "mean": 4951.48273}]
    job = new_job(
        alice,
        state="succeeded",
        outputs=[
            {"name": "note", "kind": "markdown", "value": "hi", "size": 2},
            {"name": "columns", "kind": "table", "value": table, "size": 9, "rows": 1},
        ],
        result={"columns": table, "rows": 1500000, "note": 3},
    )
    page = browser.get(f"/jobs/{job.pk}/").content.decode()
    assert page.index('id="output-2" data-output="columns">') < page.index("job-result")
    assert page.count(">4,951.48<") == 1
    assert '<a class="value-above" href="#output-2">See the output above</a>' in page
    assert '<dt>rows</dt><dd><span class="value-number">1,500,000</span></dd>' in page
    assert '<dt>note</dt><dd><span class="value-number">3</span></dd>' in page
    assert f'href="/api/v1/jobs/{job.pk}/files/result" download' in page


OVER = r'<li class="step-over">\s*<div class="step-line"><span class="step-name"><span[^>]*aria-label="Done">✓</span> '


def step(description, current, total=None, steps=()):
    return {"description": description, "current": current, "total": total, "steps": list(steps)}


def test_steps_that_are_over_are_one_quiet_line(browser, alice):
    progress = step("1,000 rows", 80, 80, [step("Looking for the encoding", 80, 80)])
    job = new_job(alice, state="succeeded", progress=progress)
    page = browser.get(f"/jobs/{job.pk}/").content.decode()
    assert page.count('role="progressbar"') == 1
    assert re.search(OVER + "Looking for the encoding</span>", page)


def test_of_steps_after_each_other_the_one_at_work_is_named_once(browser, alice):
    progress = step("Writing", 1, None, [step("Reading", 5, 5), step("Writing", 2, 8)])
    job = new_job(alice, state="started", progress=progress)
    page = browser.get(f"/jobs/{job.pk}/").content.decode()
    assert '<span class="progress-text" aria-live="polite">Step 2</span>' in page
    assert page.count(">Writing<") == 1
    Job.objects.update(state="succeeded", progress={**progress, "current": 2, "total": 2})
    page = browser.get(f"/jobs/{job.pk}/").content.decode()
    assert '<span class="progress-text" aria-live="polite">Steps</span>' in page


def test_steps_without_a_name_are_called_by_their_place(browser, alice):
    steps = [step("", 5, 5), step("Reading", 5, 5), step("", 2, 8)]
    job = new_job(alice, state="started", progress=step("all", 1, 9, steps))
    page = browser.get(f"/jobs/{job.pk}/").content.decode()
    assert re.search(r'aria-label="Done">✓</span> Step 1</span>', page)
    assert '<span class="step-text">Step 3</span>' in page


def test_a_job_is_headed_by_what_its_task_is_called(browser, alice):
    known = new_job(alice, task="tasks.samples.tables.profile_csv")
    page = browser.get(f"/jobs/{known.pk}/").content.decode()
    assert "<h1>Profile a CSV file</h1>" in page
    assert '<code class="quiet task-path">tasks.samples.tables.profile_csv</code>' in page
    unknown = new_job(alice, task="elsewhere.sweep")
    assert "<h1>elsewhere.sweep</h1>" in browser.get(f"/jobs/{unknown.pk}/").content.decode()


BATCH = {"task": "taskcast.batch", "args": {"task": "tasks.samples.arithmetic.add", "rows": 10}}


@pytest.mark.parametrize(
    ("state", "children", "words"),
    [
        ("succeeded", {"succeeded": 10}, None),
        ("failed", {"succeeded": 9, "failed": 1}, "Run the failed ones again"),
        ("failed", {"succeeded": 9, "lost": 1}, "Run the failed ones again"),
        ("failed", {"succeeded": 8, "failed": 1, "cancelled": 1}, "Run the failed and cancelled ones again"),
        ("cancelled", {"succeeded": 8, "cancelled": 2}, "Run the cancelled ones again"),
        ("started", {"started": 1, "succeeded": 8, "failed": 1}, None),
    ],
)
def test_of_a_batch_only_what_did_not_succeed_is_offered_again(browser, alice, state, children, words):
    progress = {"current": 10, "total": 10, "description": "", "steps": []}
    batch = new_job(alice, state=state, children=children, progress=progress, **BATCH)
    page = browser.get(f"/jobs/{batch.pk}/").content.decode()
    assert re.findall(r'<button class="button">(Run [^<]*)</button>', page) == ([words] if words else [])


def test_the_bar_of_a_batch_says_how_its_jobs_ended(browser, alice):
    progress = {"current": 10, "total": 10, "description": "", "steps": []}
    children = {"succeeded": 7, "failed": 2, "cancelled": 1}
    error = {"type": "JobsFailed", "message": "2 of 10 jobs did not succeed", "traceback": ""}
    batch = new_job(alice, state="failed", children=children, progress=progress, error=error, **BATCH)
    page = browser.get(f"/jobs/{batch.pk}/").content.decode()
    bar = page[page.index('class="ends-bar"') : page.index('class="ends-words"')]
    pieces = re.findall(r'<rect data-state="(\w+)" x="([\d.]+)%" width="([\d.]+)%"', bar)
    assert pieces == [("succeeded", "0.00", "70.00"), ("failed", "70.00", "20.00"), ("cancelled", "90.00", "10.00")]
    assert "<progress" not in page
    assert '<p class="ends-words">Succeeded 7, Failed 2, Cancelled 1</p>' in page
    assert "100 %" not in page
    korean = browser.get(f"/jobs/{batch.pk}/", headers={"Accept-Language": "ko"}).content.decode()
    assert '<p class="error-line"><span>작업 10개 중 2개가 성공하지 못했습니다</span></p>' in korean


def test_children_stand_in_the_order_of_their_rows(browser, alice):
    batch = launch_batch("tasks.samples.arithmetic.add", [{"x": n, "y": 0} for n in range(60)], user=alice)
    Job.objects.filter(parent=batch.pk, row=7).update(change=10**9)
    page = browser.get(f"/jobs/{batch.pk}/").content.decode()
    assert re.findall(r'<span class="row-number">row (\d+)</span>', page) == [str(n) for n in range(1, 51)]
    assert '<p class="quiet more">… and 10 more</p>' in page
    link = f"/jobs/?parent={batch.pk}&amp;order=oldest"
    assert f'href="{link}">All</a>' in page
    first = browser.get(link.replace("&amp;", "&")).content.decode()
    later = re.search(r'<a href="([^"]+)">Later jobs</a>', first)
    assert later
    rest = browser.get(f"/jobs/{later[1]}".replace("&amp;", "&")).content.decode()
    assert re.findall(r'<span class="row-number">row (\d+)</span>', rest) == [str(n) for n in range(51, 61)]
    assert ">First jobs</a>" in rest


def test_without_a_script_a_job_that_runs_says_how_to_see_more(browser, alice):
    running, ended = new_job(alice, state="started"), new_job(alice, state="succeeded")
    page = browser.get(f"/jobs/{running.pk}/").content.decode()
    words = "Without JavaScript this page does not refresh by itself."
    (hint,) = [hint for hint in re.findall("<noscript>(.*?)</noscript>", page) if words in hint]
    assert f'<a href="/jobs/{running.pk}/">Load it again</a>' in hint
    assert words not in browser.get(f"/jobs/{ended.pk}/").content.decode()


def test_who_may_not_launch_the_task_is_offered_no_form(cast, alice):
    page = cast.pages("dora").get(f"/jobs/{new_job(alice, state='failed').pk}/").content.decode()
    assert "Cancel" not in page
    assert "Edit and run" not in page
    assert "Run again" not in page


def pace_of(page):
    line = re.search(r'<p class="pace">(.*?)</p>', page, re.DOTALL)
    assert line
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", line[1])).strip()


def at(seconds):
    """So many seconds before now."""
    return timezone.now() - timedelta(seconds=seconds)


def test_what_is_left_is_said_by_the_progress_and_by_what_is_usual(cast, browser, alice):
    for n in range(12):
        new_job(alice, state="succeeded", started_at=at(300), finished_at=at(300 - 110 - n))
        new_job(alice, state="failed", started_at=at(300), finished_at=at(299))
        new_job(cast.users["bob"], state="succeeded", started_at=at(9000), finished_at=at(5))
    begun = new_job(alice, state="started", started_at=at(30), progress=step("", 50, 100))
    page = browser.get(f"/jobs/{begun.pk}/").content.decode()
    assert re.fullmatch(r"about 20 to 40 s left 1\.\d/s usually 2 min", pace_of(page))
    data = json.loads(re.findall(r'<script id="job-data" type="application/json">(.*?)</script>', page)[0])
    assert data["usual"]["n"] == 12
    assert data["usual"]["middle"] == pytest.approx(115.5, abs=0.1)
    late = new_job(alice, state="started", started_at=at(200))
    assert pace_of(browser.get(f"/jobs/{late.pk}/").content.decode()) == "slower than usual: usually 2 min"
    korean = browser.get(f"/jobs/{late.pk}/", headers={"Accept-Language": "ko"}).content.decode()
    assert pace_of(korean) == "평소보다 느림: 보통 2분"


def test_of_a_task_that_ran_seldom_nothing_is_usual(browser, alice):
    for _ in range(2):
        new_job(alice, state="succeeded", started_at=at(300), finished_at=at(100))
    job = new_job(alice, state="started", started_at=at(30))
    assert pace_of(browser.get(f"/jobs/{job.pk}/").content.decode()) == ""


def test_steps_say_how_long_they_took(browser, alice):
    inside = step("sheet", 4, 4) | {"started": 1000.0, "finished": 1001.5}
    steps = [
        step("Reading", 5, 5, [inside]) | {"started": 1000.0, "finished": 1012.25},
        step("Writing", 2, 8) | {"started": 1012.25},
        step("Sending", 0, 2),
    ]
    ended = datetime.fromtimestamp(1090, UTC)
    job = new_job(alice, state="failed", progress=step("all", 0, None, steps), finished_at=ended)
    page = browser.get(f"/jobs/{job.pk}/").content.decode()
    assert re.findall(r'<span class="step-time">([^<]+)</span>', page) == ["12 s", "1.5 s", "1 min 17 s"]


def test_the_way_of_a_job_that_was_tried_again_stands_on_its_page(browser, alice):
    job = new_job(alice)
    in_log(job)
    for n, change in enumerate(
        (
            {"state": "started", "attempt": 1, "started_at": at(50).isoformat()},
            {"state": "retrying", "reason": "OSError: not yet; next try at 05:00"},
            {"state": "started", "attempt": 2, "started_at": at(20).isoformat()},
        ),
        1,
    ):
        eventlog.append(
            str(job.pk), [eventlog.Change("state", change)], writer="w", n=n, attempt=change.get("attempt", 1)
        )
    page = browser.get(f"/jobs/{job.pk}/").content.decode()
    words = re.findall(r'<span class="timeline-words">(.*?)</span>(?:\s|<)', page, re.DOTALL)
    assert [re.sub("<[^>]+>", "", text) for text in words] == [
        "Waiting",
        "Running",
        "Retrying OSError: not yet; next try at 05:00",
        "Running, attempt 2",
    ]
    assert page.count('<rect data-state="started"') == 2
