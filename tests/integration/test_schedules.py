"""The pages of schedules: what is typed is kept, nothing secret is stored, beat's own rows are made and changed."""

import json
import re
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from celery import current_app
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from pydantic import BaseModel, Field, SecretStr

from dashboard.models import Schedule
from dashboard.schedules import runs as schedule_runs
from dashboard.schedules import store as schedules
from tasks import UploadedFile, catalog, uploads
from tasks.models import Job
from tests.support.cast import Cast, make_cast, new_job, new_schedule
from tests.support.signatures import described

ADD = "tasks.samples.arithmetic.add"
NEW = f"/schedules/new/?task={ADD}"
HOURLY = {"x": "4", "y": "5", "schedule-kind": "interval", "schedule-every": "2", "schedule-period": "hours"}

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


def made(browser: Client, **fields: str) -> PeriodicTask:
    response = browser.post(NEW, {**HOURLY, **fields})
    assert response.status_code == 302, response.content.decode()
    return PeriodicTask.objects.get(pk=response.headers["Location"].split("/")[2])


def text(browser: Client, path: str) -> str:
    response = browser.get(path)
    assert response.status_code == 200
    return response.content.decode()


def no_right(user) -> None:
    user.user_permissions.clear()


# --- a launch later


def test_a_launch_at_a_time_waits_for_it(browser, alice):
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False):
        response = browser.post(
            f"/tasks/{ADD}/", {"x": "1", "y": "2", "when-kind": "at", "when-at": "2026-01-02T09:00"}
        )
        job = Job.objects.get()
        assert response.headers["Location"] == f"/jobs/{job.pk}/"
        assert (job.state, job.eta) == ("scheduled", datetime.fromisoformat("2026-01-02T00:00:00+00:00"))
        assert "It will be launched at 2026-01-02 09:00:00." in text(browser, f"/jobs/{job.pk}/")


def test_a_launch_in_a_while_waits_for_it(browser):
    browser.post(f"/tasks/{ADD}/", {"x": "1", "y": "2", "when-kind": "in", "when-amount": "3", "when-unit": "hours"})
    job = Job.objects.get()
    assert job.state == "scheduled"
    assert timedelta(hours=2, minutes=59) < job.eta - timezone.now() <= timedelta(hours=3)


def test_a_time_that_does_not_exist_launches_nothing_and_loses_nothing(browser, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False), timezone.override("Europe/Berlin"):
        sent = {"x": "17", "y": "no", "when-kind": "at", "when-at": "2026-03-29T02:30"}
        response = browser.post(f"/tasks/{ADD}/", sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert "In Europe/Berlin clocks are set forward then: this time does not exist." in page
    assert re.search(r'name="when-at"[^>]*value="2026-03-29T02:30"|value="2026-03-29T02:30"[^>]*name="when-at"', page)
    assert re.search(r'name="when-kind" value="at"[^>]*checked', page)
    assert '<details class="when" open>' in page
    assert re.search(r'name="x"[^>]*17', page)
    assert not Job.objects.exists()


def test_the_time_survives_the_end_of_a_session(alice):
    browser = Client()
    response = browser.post(f"/tasks/{ADD}/", {"x": "1", "when-kind": "in", "when-amount": "7"})
    back = parse_qs(urlsplit(response.headers["Location"]).query)["next"][0]
    assert parse_qs(urlsplit(back).query) == {"x": ["1"], "when-kind": ["in"], "when-amount": ["7"]}
    browser.force_login(alice)
    page = text(browser, back)
    assert re.search(r'name="when-kind" value="in"[^>]*checked', page)
    assert re.search(r'name="when-amount" value="7"', page)


# --- making and changing


def test_a_schedule_is_made_as_beats_own(browser, alice):
    row = made(browser, **{"schedule-title": "The sum"})
    assert (row.task, json.loads(row.kwargs), row.enabled, row.one_off) == (ADD, {"x": 4, "y": 5}, True, False)
    assert (row.interval.every, row.interval.period) == (2, "hours")
    assert Schedule.objects.get(name=row.name).owner == alice
    page = text(browser, f"/schedules/{row.pk}/")
    assert "The sum" in page
    assert "Every 2 hours" in page
    assert page.count("<li><time") == 5
    assert "The sum" in text(browser, "/schedules/")


def test_a_crontab_has_its_own_zone(browser):
    row = made(
        browser,
        **{"schedule-kind": "crontab", "schedule-crontab": "0 9 * * 1-5", "schedule-zone": "Europe/Berlin"},
    )
    assert str(row.crontab.timezone) == "Europe/Berlin"
    page = text(browser, f"/schedules/{row.pk}/")
    assert "Monday to Friday at 09:00 (Europe/Berlin)" in page
    runs = re.findall(r"<li><time datetime=\"(.*?)\">(.*?)</time> <span class=\"quiet\">\((.*?) Europe/Berlin", page)
    assert len(runs) == 5
    assert all(there.endswith("09:00") for _iso, _here, there in runs)
    assert not any(here.endswith("09:00:00") for _iso, here, _there in runs)


def test_once_at_a_time(browser):
    at = timezone.localtime() + timedelta(days=2)
    row = made(browser, **{"schedule-kind": "clocked", "schedule-at": f"{at:%Y-%m-%dT%H:%M}"})
    assert row.one_off
    assert row.clocked.clocked_time == at.replace(second=0, microsecond=0)
    assert text(browser, f"/schedules/{row.pk}/").count("<li><time") == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"schedule-kind": ""}, "Choose when it runs."),
        ({"schedule-every": ""}, "Enter how often."),
        ({"schedule-every": "0"}, "greater than or equal to 1"),
        ({"schedule-kind": "crontab"}, "Enter the five fields"),
        ({"schedule-kind": "crontab", "schedule-crontab": "0 9 * *"}, "five fields with spaces"),
        ({"schedule-kind": "crontab", "schedule-crontab": "61 9 * * *"}, "look at the minute"),
        ({"schedule-kind": "crontab", "schedule-crontab": "0 9 * * someday"}, "look at the weekday"),
        ({"schedule-kind": "crontab", "schedule-crontab": "0 9 * * 7"}, "look at the weekday"),
        ({"schedule-kind": "crontab", "schedule-crontab": "0 9 31 2 *"}, "this would never run"),
        (
            {"schedule-kind": "crontab", "schedule-crontab": "0 9 * * *", "schedule-zone": "Mars"},
            "Select a valid choice",
        ),
        ({"schedule-kind": "clocked"}, "Enter a date and a time."),
        ({"schedule-kind": "clocked", "schedule-at": "2020-01-01T00:00"}, "This time is past."),
        ({"x": "four & more"}, "four &amp; more"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(browser, fields, said):
    sent = {**HOURLY, "schedule-title": "kept & whole", **fields}
    response = browser.post(NEW, sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert said in page
    assert "kept &amp; whole" in page
    assert re.search(r'name="y"[^>]*value="5"|name="y"[^>]*>\s*5', page)
    assert not Schedule.objects.exists()
    assert not PeriodicTask.objects.exists()


def test_what_was_typed_survives_the_end_of_a_session(alice):
    browser = Client()
    response = browser.post(NEW, {**HOURLY, "schedule-title": "kept"})
    back = parse_qs(urlsplit(response.headers["Location"]).query)["next"][0]
    browser.force_login(alice)
    page = text(browser, back)
    assert re.search(r'name="schedule-title" value="kept"', page)
    assert re.search(r'name="schedule-every" value="2"', page)
    assert re.search(r'name="x"[^>]*4', page)
    assert not Schedule.objects.exists()


def test_a_schedule_is_changed_in_place(browser, alice):
    row = made(browser, **{"schedule-title": "Old"})
    PeriodicTask.objects.filter(pk=row.pk).update(last_run_at=timezone.now(), total_run_count=3)
    page = text(browser, f"/schedules/{row.pk}/change/")
    for held in ('name="schedule-title" value="Old"', 'name="schedule-every" value="2"'):
        assert held in page
    assert re.search(r'name="x"[^>]*4', page)
    new = {**HOURLY, "x": "40", "schedule-title": "New"}
    assert browser.post(f"/schedules/{row.pk}/change/", new).status_code == 302
    row.refresh_from_db()
    assert (row.description, json.loads(row.kwargs)) == ("New", {"x": 40, "y": 5})
    assert row.total_run_count == 3, "it is counted on where its time is the same"
    browser.post(f"/schedules/{row.pk}/change/", {**new, "schedule-kind": "crontab", "schedule-crontab": "0 9 * * *"})
    row.refresh_from_db()
    assert (row.interval, row.crontab.hour, row.last_run_at) == (None, "9", None)
    # Others may share the row that says when: it is left as it is.
    assert IntervalSchedule.objects.filter(every=2, period="hours").exists()


def test_every_kind_of_argument_comes_back_as_it_was(browser, alice, monkeypatch):
    def odd(
        day: datetime | None = None,
        many: list[str] | None = None,
        on: bool = True,
        text: str = "a default",
        anything=None,
        *rest: int,
        **more: int,
    ) -> None:
        """Take one of each."""

    task = described(odd)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    sent = {
        "day": "2026-07-01T09:00",
        "many": "a\nb",
        "text": "",
        "anything": '"4"',
        "rest": "1\n2",
        "more": '{"z": 3}',
        "schedule-kind": "interval",
        "schedule-every": "1",
    }
    response = browser.post("/schedules/new/?task=t.odd", sent)
    assert response.status_code == 302, response.content.decode()
    row = PeriodicTask.objects.get()
    stored = (row.args, row.kwargs)
    page = text(browser, f"/schedules/{row.pk}/change/")
    for held in ("2026-07-01T09:00", "&quot;4&quot;", "a\nb", "1\n2", "&quot;z&quot;: 3"):
        assert held in page
    assert not re.search(r'name="on"[^>]*checked', page)
    assert "a default" not in re.sub(r"Default: a default", "", page)
    again = {**sent, "more": '{"z": 3}'}
    assert browser.post(f"/schedules/{row.pk}/change/", again).status_code == 302
    row.refresh_from_db()
    assert (row.args, row.kwargs) == stored


def test_what_stands_in_the_fields_of_another_choice_does_not_matter(browser):
    row = made(browser, **{"schedule-at": "2020-01-01T00:00", "schedule-zone": "Mars"})
    assert row.interval


def test_pausing_and_deleting(browser):
    row = made(browser)
    browser.post(f"/schedules/{row.pk}/pause/")
    assert not PeriodicTask.objects.get(pk=row.pk).enabled
    page = text(browser, f"/schedules/{row.pk}/")
    assert "Paused" in page
    assert "No run is planned." in page
    browser.post(f"/schedules/{row.pk}/resume/")
    assert PeriodicTask.objects.get(pk=row.pk).enabled
    assert "It will not run any more." in text(browser, f"/schedules/{row.pk}/delete/")
    assert PeriodicTask.objects.filter(pk=row.pk).exists(), "it asks first"
    browser.post(f"/schedules/{row.pk}/delete/")
    assert not PeriodicTask.objects.filter(pk=row.pk).exists()
    assert not Schedule.objects.exists()
    assert "No schedules yet." in text(browser, "/schedules/")


def test_what_was_for_once_and_is_past_is_over(browser):
    at = timezone.localtime() + timedelta(days=2)
    row = made(browser, **{"schedule-kind": "clocked", "schedule-at": f"{at:%Y-%m-%dT%H:%M}"})
    with time_machine.travel(at + timedelta(days=1)):
        PeriodicTask.objects.filter(pk=row.pk).update(enabled=False)
        assert "Over" in text(browser, f"/schedules/{row.pk}/")
        browser.post(f"/schedules/{row.pk}/resume/")
        assert not PeriodicTask.objects.get(pk=row.pk).enabled, "it would run at once"
        # A new time wakes it up.
        later = timezone.localtime() + timedelta(days=1)
        fields = {**HOURLY, "schedule-kind": "clocked", "schedule-at": f"{later:%Y-%m-%dT%H:%M}"}
        browser.post(f"/schedules/{row.pk}/change/", fields)
        assert PeriodicTask.objects.get(pk=row.pk).enabled


# --- runs


def test_a_run_is_a_job_of_the_owner_and_stands_under_its_schedule(cast, browser, alice):
    row = made(browser)
    response = browser.post(f"/schedules/{row.pk}/run/")
    job = Job.objects.get()
    assert response.headers["Location"] == f"/jobs/{job.pk}/"
    assert (job.owner, job.schedule, job.args) == (alice, row.name, {"x": 4, "y": 5})
    assert "schedule" not in job.as_dict()
    assert f'data-job="{job.pk}"' in text(browser, f"/schedules/{row.pk}/")
    # Staff who may launch it run it as its owner too.
    cast.users["dora"].user_permissions.set(alice.user_permissions.all())
    cast.pages("dora").post(f"/schedules/{row.pk}/run/")
    assert set(Job.objects.values_list("owner__username", flat=True)) == {"alice"}


def test_a_schedule_made_elsewhere_is_for_staff(cast):
    row = new_schedule(None, name="from code")
    job = new_job(None, schedule="from code")
    dora = cast.pages("dora")
    assert "from code" in text(dora, "/schedules/")
    page = text(dora, f"/schedules/{row.pk}/")
    assert f'data-job="{job.pk}"' in page
    assert "This schedule was made elsewhere" in page
    assert "from code" not in text(cast.pages("alice"), "/schedules/")


def test_celerys_own_housekeeping_is_no_schedule_of_anybodys(cast):
    new_schedule(None, name="celery.backend_cleanup", task="celery.backend_cleanup")
    assert "backend_cleanup" not in text(cast.pages("dora"), "/schedules/")


@pytest.mark.parametrize(
    ("lose", "said"),
    [
        (no_right, "its owner may no longer launch this task"),
        (lambda user: type(user).objects.filter(pk=user.pk).update(is_active=False), "account is switched off"),
        (lambda user: user.delete(), "account is gone"),
    ],
)
def test_a_schedule_whose_owner_may_not_does_not_run_and_says_so(cast, browser, alice, lose, said):
    row = made(browser)
    lose(alice)
    with pytest.raises(schedule_runs.Refused, match=said):
        schedule_runs.run(schedules.find(row.pk))
    page = text(cast.pages("dora"), f"/schedules/{row.pk}/")
    assert said in page
    assert "No run is planned." in page
    assert not Job.objects.exists()


def test_a_schedule_without_owner_is_taken_over_by_whoever_changes_it(cast, browser, alice):
    row = made(browser)
    dora = cast.users["dora"]
    dora.user_permissions.set(alice.user_permissions.all())
    alice.delete()
    cast.pages("dora").post(f"/schedules/{row.pk}/change/", HOURLY)
    assert Schedule.objects.get().owner == dora
    schedule_runs.run(schedules.find(row.pk))
    assert Job.objects.get().owner == dora


def test_a_schedule_of_others_stays_theirs_when_staff_changes_it(cast, browser, alice):
    row = made(browser)
    cast.users["dora"].user_permissions.set(alice.user_permissions.all())
    cast.pages("dora").post(f"/schedules/{row.pk}/change/", {**HOURLY, "x": "9"})
    assert Schedule.objects.get().owner == alice
    assert json.loads(PeriodicTask.objects.get().kwargs)["x"] == 9


def test_arguments_that_the_task_no_longer_takes_are_told(browser):
    row = made(browser)
    PeriodicTask.objects.filter(pk=row.pk).update(kwargs='{"x": "four", "y": 5}')
    response = browser.post(f"/schedules/{row.pk}/run/", follow=True)
    assert "The task does not take its arguments: x: " in response.content.decode()
    assert not Job.objects.exists()


def test_arguments_are_shown_as_those_of_a_job_are(browser, alice, monkeypatch):
    def remind(text: str, wait: timedelta, many: list[str]) -> None: ...

    monkeypatch.setitem(current_app.tasks, "t.remind", described(remind).registered)
    kwargs = json.dumps({"text": "Hi there", "wait": "P0DT5400S", "many": ["a", "b"]})
    page = text(browser, f"/schedules/{new_schedule(alice, task='t.remind', kwargs=kwargs).pk}/")
    assert '<dd><span class="value-text">Hi there</span></dd>' in page
    assert '<dd><span class="value-text" title="P0DT5400S">1h 30m</span></dd>' in page
    assert '<dd><span class="value-list">a, b</span></dd>' in page


def test_a_long_text_survives_the_end_of_a_session(alice):
    alice.set_password("correct horse")
    alice.save()
    long = "1" * 9000
    browser = Client()
    response = browser.post(NEW, {**HOURLY, "x": long})
    page = response.content.decode()
    assert response.status_code == 403
    assert "nothing was saved" in page
    assert f'<input type="hidden" name="x" value="{long}">' in page
    sign_in = {".do": "renew", ".sign-in-username": "alice", ".sign-in-password": "correct horse"}
    back = browser.post(NEW, {**HOURLY, "x": long, **sign_in})
    assert (back.status_code, long in back.content.decode()) == (200, True)
    assert not PeriodicTask.objects.exists()


# --- secrets and files


class Login(BaseModel):
    user: str
    password: SecretStr | None = None


def test_no_secret_is_stored(browser, monkeypatch):
    def sign_in(user: str, token: str = "none", login: Login | None = None, **more: str) -> None:
        """Take secrets."""

    task = described(sign_in)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    timing = {"schedule-kind": "interval", "schedule-every": "1", "user": "anna"}
    page = "/schedules/new/?task=t.sign_in"
    for secret in (
        {"token": "hunter2"},
        {"login": '{"user": "a", "password": "hunter2"}'},
        {"more": '{"db_password": "hunter2"}'},
    ):
        response = browser.post(page, {**timing, **secret})
        assert response.status_code == 422
        said = response.content.decode()
        assert "A schedule keeps no secrets" in said
        assert f'id="id_{next(iter(secret))}_error"' in said
        assert not PeriodicTask.objects.exists()
    # The task's own default is fine.
    assert browser.post(page, {**timing, "token": "", "login": '{"user": "a"}'}).status_code == 302
    assert "hunter2" not in PeriodicTask.objects.get().kwargs


def test_no_file_is_kept(browser, alice, monkeypatch):
    class Box(BaseModel):
        inside: Annotated[UploadedFile | None, Field()] = None

    def take(file: UploadedFile | None = None, box: Box | None = None) -> None:
        """Take a file."""

    task = described(take)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    upload = uploads.save("a.csv", ContentFile(b"a"), alice)
    for sent in ({"file": str(upload.pk)}, {"box": json.dumps({"inside": str(upload.pk)})}):
        response = browser.post("/schedules/new/?task=t.take", {**HOURLY, **sent})
        assert response.status_code == 422
        assert "A schedule keeps no files" in response.content.decode()
    assert not PeriodicTask.objects.exists()


def test_a_task_that_needs_a_secret_cannot_be_scheduled(browser, monkeypatch):
    def sign_in(password: SecretStr) -> None:
        """Take a secret."""

    task = described(sign_in)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    assert "This task needs “Password”" in text(browser, "/schedules/new/?task=t.sign_in")
    response = browser.post("/schedules/new/?task=t.sign_in", {**HOURLY, "password": "hunter2"})
    assert response.status_code == 422
    assert "hunter2" not in response.content.decode()
    assert not PeriodicTask.objects.exists()


def test_a_broken_crontab_of_others_breaks_no_page(cast):
    bad = CrontabSchedule.objects.create(minute="0", hour="9", day_of_month="31", month_of_year="2")
    new_schedule(None, name="never", interval=None, crontab=bad, kwargs="no json")
    assert "never" in text(cast.pages("dora"), "/schedules/")
