"""The pages as they are served, before any script runs."""

import json
import re

import pytest
from django.test import Client

from dashboard import accounts
from tasks import eventlog, events
from tasks.eventlog import Change
from tasks.models import Job
from tests.support.cast import Cast, in_log, make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

ADD = "tasks.samples.arithmetic.add"
PAGES = [
    "/",
    "/tasks/",
    f"/tasks/{ADD}/",
    "/jobs/",
    "/accounts/login/",
    "/welcome/x/",
    "/no/such/page/",
    "/api/v1/docs",
]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def alice(cast):
    return cast.users["alice"]


@pytest.fixture
def browser(cast):
    return cast.pages("alice")


def data(page, name):
    text = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', page.content.decode(), re.S)
    assert text, f"the page has no {name}"
    return json.loads(text.group(1))


def say(job, count, text="line", writer="w"):
    for n in range(1, count + 1):
        line = {"time": events.now(), "level": "info", "text": f"{text} {n}"}
        eventlog.append(str(job.pk), [Change("log", lines=[line])], writer=writer, n=n)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_the_strict_headers_and_nothing_inline(browser, path):
    response = browser.get(path)
    page = response.content.decode()
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "no-" in response.headers["Cache-Control"]
    assert not re.search(r'\sstyle="|\son\w+="|<style|javascript:', page)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", page))
    assert not re.search(r'(src|href)="https?://', page)


def test_the_overview_tells_running_from_waiting_as_the_log_has_it(browser, alice):
    waiting, retrying, running = new_job(alice), new_job(alice, state="retrying"), new_job(alice)
    new_job(alice, state="succeeded")
    failed, lost = new_job(alice, state="failed"), new_job(alice, state="lost")
    in_log(running)
    eventlog.append(str(running.pk), [Change("state", {"state": "started"})], writer="w", n=1)
    page = browser.get("/")
    assert [job["id"] for job in data(page, "running-data")] == [str(running.pk)]
    assert [job["id"] for job in data(page, "waiting-data")] == [str(retrying.pk), str(waiting.pk)]
    lines = re.findall(r'data-job="([^"]+)" data-state="(?:failed|lost)"', page.content.decode())
    assert lines == [str(lost.pk), str(failed.pk)]
    assert f'data-job="{running.pk}" data-state="started"' in page.content.decode()


def test_the_catalogue_leads_to_the_forms(cast, browser):
    page = browser.get("/tasks/").content.decode()
    assert f'href="/tasks/{ADD}/"' in page
    assert "Add two numbers" in page
    assert "/tasks/tasks." not in cast.pages("charlie").get("/tasks/").content.decode()


def test_a_launch_leads_to_its_job(browser, alice):
    response = browser.post(f"/tasks/{ADD}/", {"x": "4", "y": "4.5"})
    job = Job.objects.get()
    assert response.headers["Location"] == f"/jobs/{job.pk}/"
    assert (job.task, job.args, job.owner) == (ADD, {"x": 4, "y": 4.5}, alice)
    assert browser.get(f"/jobs/{job.pk}/").status_code == 200


def test_a_form_is_filled_in_by_its_address(browser):
    page = browser.get(f"/tasks/{ADD}/?x=17").content.decode()
    assert re.search(r'<[^>]*name="x"[^>]*(value="17"|>17)', page)


def test_a_wrong_form_loses_nothing_and_launches_nothing(browser):
    page = browser.post(f"/tasks/{ADD}/", {"x": "four & more", "y": "4"})
    assert page.status_code == 422
    text = page.content.decode()
    assert "four &amp; more" in text
    assert re.search(r'name="x"[^>]*aria-invalid="true"', text)
    assert not Job.objects.exists()


def test_a_form_without_its_csrf_token_launches_nothing(alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.post(f"/tasks/{ADD}/", {"x": "4", "y": "4"}).status_code == 403
    assert not Job.objects.exists()


def test_the_page_of_a_job_goes_on_where_its_data_ends(browser, alice):
    job = new_job(alice)
    in_log(job)
    say(job, 250)
    response = browser.get(f"/jobs/{job.pk}/")
    start = data(response, "job-data")
    assert (start["epoch"], start["seq"], start["job"]["seq"]) == (1, 251, 251)
    assert [event["seq"] for event in start["events"]] == list(range(52, 252))
    assert all("set" not in event for event in start["events"])
    page = response.content.decode()
    assert "line 250<" in page
    assert "line 51<" in page
    assert "line 50<" not in page


def test_one_event_of_many_or_long_lines_does_not_fill_the_page(browser, alice):
    job = new_job(alice)
    in_log(job)
    many = [{"time": events.now(), "level": "info", "text": f"many {n}"} for n in range(1000)]
    eventlog.append(str(job.pk), [Change("log", lines=many)], writer="many", n=1)
    assert len(browser.get(f"/jobs/{job.pk}/").context["lines"]) == 200
    say(job, 50, "x" * 8000)
    start = data(browser.get(f"/jobs/{job.pk}/"), "job-data")
    assert len(json.dumps(start)) < 256 * 1024
    assert start["events"][-1]["seq"] == start["seq"]


def test_the_page_of_a_job_whose_log_is_gone_has_its_row(browser, alice):
    job = new_job(alice, state="succeeded", result={"answer": 42}, seq=7)
    start = data(browser.get(f"/jobs/{job.pk}/"), "job-data")
    assert (start["job"]["result"], start["seq"], start["events"]) == ({"answer": 42}, 7, [])


def test_text_of_a_job_is_never_markup(browser, alice):
    job = new_job(alice, args={"x": "</script><script>alert(1)</script>"}, state="failed", seq=2)
    Job.objects.update(error={"type": "E", "message": "<img src=x onerror=alert(1)>", "traceback": "<b>"})
    for path in ("/", "/jobs/", f"/jobs/{job.pk}/"):
        page = browser.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "alert(1)" in page


def test_cancelling_goes_back_to_the_job(browser, alice):
    job = new_job(alice)
    in_log(job)
    assert "Cancel" in browser.get(f"/jobs/{job.pk}/").content.decode()
    assert browser.post(f"/jobs/{job.pk}/cancel/").headers["Location"] == f"/jobs/{job.pk}/"
    snapshot = eventlog.snapshot(str(job.pk))
    assert snapshot
    assert snapshot.job["state"] == "cancelled"
    again = browser.post(f"/jobs/{job.pk}/cancel/", follow=True)
    assert "The job has ended already." in again.content.decode()
    assert browser.get(f"/jobs/{job.pk}/cancel/").status_code == 405


def test_cancelling_after_the_session_has_ended_leads_back_to_the_job(alice):
    job = new_job(alice)
    response = Client().post(f"/jobs/{job.pk}/cancel/")
    assert response.headers["Location"] == f"/accounts/login/?next=/jobs/{job.pk}/"


def test_cancelling_while_redis_is_away_says_so(browser, alice, redis_server):
    job = new_job(alice)
    redis_server.kill()
    try:
        page = browser.post(f"/jobs/{job.pk}/cancel/", follow=True)
    finally:
        redis_server.start()
    assert page.status_code == 200
    assert page.context["job"]["cancel"] == "asked"

    redis_server.kill()
    try:
        page = browser.post(f"/jobs/{job.pk}/cancel/", {"force": "1"}, follow=True)
    finally:
        redis_server.start()
    assert page.status_code == 200
    assert "could not be ended by force" in page.content.decode()


def test_the_list_of_jobs_is_narrowed_and_paged(browser, alice):
    for n in range(3):
        new_job(alice, state="failed" if n else "succeeded")
    page = browser.get("/jobs/?state=failed&limit=1")
    assert len(data(page, "jobs-data")) == 1
    following = page.context["next"]
    rest = browser.get("/jobs/", {"state": "failed", "limit": 1, "cursor": following})
    assert len(data(rest, "jobs-data")) == 1
    assert rest.context["next"] is None
    assert 'name="q" value="state:failed"' in page.content.decode()


@pytest.mark.parametrize("query", ["state=done", "cursor=nonsense", "limit=many", "since=yesterday", "q=%00"])
def test_a_broken_link_to_the_list_shows_all_of_it_and_says_so(browser, query):
    assert browser.get(f"/jobs/?{query}").headers["Location"] == "/jobs/"
    page = browser.get("/jobs/").content.decode()
    assert f"“{query.removesuffix('%00')}” means nothing here" in page


def test_what_is_right_in_a_broken_link_is_kept(browser):
    response = browser.get("/jobs/?state=done&task=add&limit=many")
    assert response.headers["Location"] == "/jobs/?task=add"


def test_a_part_of_a_tasks_name_is_enough(browser, alice):
    jobs = {task: new_job(alice, task=task) for task in (ADD, "somebody.elses.addition", "tasks.x.other")}

    def found(text):
        page = browser.get("/jobs/", {"task": text})
        shown = {job["task"] for job in data(page, "jobs-data")}
        return shown, json.loads(page.context["tasks"]), page.content.decode()

    both = {ADD, "somebody.elses.addition"}
    assert found("ADD")[0] == both
    assert both <= set(found("add")[1])
    assert found(ADD)[:2] == ({ADD}, [ADD])
    shown, names, page = found("nothing.like.it")
    assert (shown, names) == (set(), ["nothing.like.it"])
    assert "No task is known that has “nothing.like.it” in its name." in page
    offered = [name for name, _ in browser.get("/jobs/words/").json()["values"]["task"]]
    assert set(jobs) <= set(offered)


def test_names_of_tasks_are_offered_to_who_may_know_them(cast, alice):
    new_job(alice, task="tasks.of.alice")
    answers = {name: cast.pages(name).get("/jobs/words/").json()["values"] for name in ("bob", "charlie", "dora")}
    known = {name: [task for task, _ in values["task"]] for name, values in answers.items()}
    assert ADD in known["bob"]
    assert "tasks.of.alice" not in known["bob"]
    assert known["charlie"] == []
    assert {ADD, "tasks.of.alice"} <= set(known["dora"])


def test_pages_are_korean_for_who_chose_so(browser):
    assert '<html lang="en"' in browser.get("/").content.decode()
    browser.post("/language/", {"language": "ko", "next": "/jobs/"})
    assert '<html lang="ko"' in browser.get("/").content.decode()
    assert '<html lang="ko"' in Client().get("/accounts/login/", headers={"Accept-Language": "ko"}).content.decode()


def test_who_comes_first_is_told_how_to_begin(django_user_model):
    words = "Open the link that <code>make up</code> printed"
    assert words in Client().get("/accounts/login/").content.decode()
    used = Client().get("/welcome/x/").content.decode()
    assert "<code>.venv/bin/python manage.py welcome</code>" in used
    welcome = Client().get("/" + (accounts.welcome_link() or "").split("/", 3)[3]).content.decode()
    assert "does not work again" in welcome
    django_user_model.objects.create_user("carol", password="correct horse battery")
    assert words not in Client().get("/accounts/login/").content.decode()


def test_a_foreign_host_is_told_what_to_set(client, static_files):
    page = client.get("/", headers={"Host": "box.example"})
    assert page.status_code == 400
    assert "ALLOWED_HOSTS" in page.content.decode()


def test_who_may_launch_nothing_is_not_led_to_it(cast):
    assert "Launch a task" in cast.pages("alice").get("/").content.decode()
    assert "Launch a task" not in cast.pages("charlie").get("/").content.decode()
    refused = cast.pages("charlie").get(f"/tasks/{ADD}/")
    assert refused.status_code == 403
    said = refused.content.decode()
    assert "You may not launch this task. An administrator can give you the right to." in said
