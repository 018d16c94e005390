"""The page of one job before any script runs: how it is stopped, what it shows of its steps, result and files."""

import json
import re

import pytest
from django.core.files.base import ContentFile

from tasks import uploads
from tasks.batch import launch_batch
from tasks.models import Job
from tests.support.cast import Cast, make_cast, new_job

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


def step(description, current, total=None, steps=()):
    return {"description": description, "current": current, "total": total, "steps": list(steps)}


def test_steps_that_are_over_are_one_quiet_line(browser, alice):
    progress = step("1,000 rows", 80, 80, [step("Looking for the encoding", 80, 80)])
    job = new_job(alice, state="succeeded", progress=progress)
    page = browser.get(f"/jobs/{job.pk}/").content.decode()
    assert page.count('role="progressbar"') == 1
    assert re.search(r'<li class="step-over"><span[^>]*aria-label="Done">✓</span> Looking for the encoding</li>', page)


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
    assert re.search(r'aria-label="Done">✓</span> Step 1</li>', page)
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
    pieces = re.findall(r'<rect data-state="(\w+)" x="([\d.]+)%" width="([\d.]+)%"', page)
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
    hint = re.search("<noscript>(.*?)</noscript>", page)
    assert hint
    assert "Without JavaScript this page does not refresh by itself." in hint[1]
    assert f'<a href="/jobs/{running.pk}/">Load it again</a>' in hint[1]
    assert "<noscript>" not in browser.get(f"/jobs/{ended.pk}/").content.decode()


def test_who_may_not_launch_the_task_is_offered_no_form(cast, alice):
    page = cast.pages("dora").get(f"/jobs/{new_job(alice, state='failed').pk}/").content.decode()
    assert "Cancel" not in page
    assert "Edit and run" not in page
    assert "Run again" not in page
