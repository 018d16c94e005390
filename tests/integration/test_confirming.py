"""A task that asks to be confirmed: no person launches it by one click, and nothing typed is lost in between."""

from __future__ import annotations

import io
import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from dashboard.launching import asked as asked_module
from dashboard.models import AskedLaunch
from dashboard.terminal import ends
from tasks import catalog, eventlog, launchable, uploads
from tasks.models import BATCH, Job, Upload
from tests.support import plain_tasks
from tests.support.cast import Cast, in_log, make_cast, new_job, new_schedule
from tests.support.signatures import described

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

INVITE, DOUBLE = plain_tasks.invite.name, plain_tasks.double.name
TABLE = "subject,times\r\nHi,1\r\nYou,2\r\n"
WORDS = "This will e-mail 3,000 customers."


@pytest.fixture
def cast() -> Cast:
    eventlog.open_epoch(1)
    return make_cast()


@pytest.fixture
def browser(cast):
    return cast.pages("alice")


def hidden(page: str) -> dict[str, list[str]]:
    """What the page posts once more."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page):
        found.setdefault(unescape(name), []).append(unescape(value))
    return {name: values for name, values in found.items() if name not in ("csrfmiddlewaretoken", "next")}


def asked(browser: Any, address: str, typed: dict[str, Any]) -> tuple[str, str]:
    """The question after a form was posted: its address, and its page."""
    response = browser.post(address, typed)
    assert (response.status_code, response.headers["Location"].partition("=")[0]) == (302, f"{address}?.asked")
    page = browser.get(response.headers["Location"])
    assert page.status_code == 200
    return response.headers["Location"], page.content.decode()


def ended(owner: Any, task: str = INVITE, **fields: Any) -> Job:
    job = new_job(owner, task=task, **{"state": "failed", "args": {"subject": "Hi"}, **fields})
    in_log(job)
    return job


def test_the_form_asks_and_launches_after_a_yes_with_all_that_was_typed(browser):
    letter = SimpleUploadedFile("letter.txt", b"Dear all")
    typed = {"subject": "<Hi>\r\nyou", "times": "2", "key": "hunter2", "letter": letter, "when-priority": "low"}
    question, page = asked(browser, f"/tasks/{INVITE}/", typed)
    assert WORDS in page
    assert "letter.txt" in page
    assert re.search(r"<dt>Priority in the queue</dt><dd>Low</dd>", page)
    assert not Job.objects.exists()
    # The secret is shown to nobody, and is nowhere in clear text.
    assert "hunter2" not in page
    assert b"hunter2" not in bytes(AskedLaunch.objects.get().sealed)
    upload = Upload.objects.get()
    assert hidden(page) == {}

    response = browser.post(question, {".sure": "yes"})
    job = Job.objects.get()
    assert response.headers["Location"] == f"/jobs/{job.pk}/"
    assert job.message["kwargs"] == {"subject": "<Hi>\nyou", "times": 2, "key": "hunter2", "letter": str(upload.pk)}
    assert job.priority == 6


def test_who_goes_back_finds_the_form_as_it_was(browser):
    letter = SimpleUploadedFile("letter.txt", b"Dear all")
    _question, page = asked(browser, f"/tasks/{INVITE}/", {"subject": "Hi", "times": "7", "letter": letter})
    form = browser.get(back_of(page)).content.decode()
    assert 'name="times" value="7"' in form
    assert "letter.txt, uploaded before" in form
    assert not Job.objects.exists()


def back_of(page: str) -> str:
    link = re.search(r'<a class="button" href="([^"]+)">Back</a>', page)
    assert link
    return unescape(link[1])


def test_who_goes_back_after_the_launch_finds_the_form_and_launches_nothing_twice(browser):
    question, page = asked(browser, f"/tasks/{INVITE}/", {"subject": "Hi", "times": "7", "key": "hunter2"})
    assert browser.get(question).headers["Cache-Control"] == "private, no-store"
    job = browser.post(question, {".sure": "yes"}).headers["Location"]
    assert browser.get(question).headers["Cache-Control"] == "private, no-cache"
    for address in (question, back_of(page)):
        form = browser.get(address).content.decode()
        assert 'name="times" value="7"' in form
        assert "This was launched already" in form
        assert WORDS not in form
    assert browser.post(question, {".sure": "yes"}).headers["Location"] == job
    assert Job.objects.count() == 1
    assert ("key", "hunter2") not in asked_fields(AskedLaunch.objects.get())
    # From the form that was gone back to it is asked again.
    assert asked(browser, f"/tasks/{INVITE}/", {"subject": "Hi", "times": "7"})[0] != question


def asked_fields(row: AskedLaunch) -> list[tuple[str, str]]:
    found = asked_module.fields(row)
    return [(name, value) for name, values in found.lists() for value in values]


def test_what_was_typed_is_its_own_readers_alone_and_not_kept_for_ever(cast, browser, settings):
    question, _page = asked(browser, f"/tasks/{INVITE}/", {"subject": "Hi"})
    for reader in (cast.pages("bob"), cast.pages("dora")):
        assert WORDS not in reader.get(question, follow=True).content.decode()
        assert reader.post(question, {".sure": "yes"}).headers.get("Location") != "/jobs/"
    assert not Job.objects.exists()
    assert browser.get(question.replace(INVITE, DOUBLE)).headers["Location"] == f"/tasks/{DOUBLE}/"
    for wrong in (f"/tasks/{INVITE}/?.asked=x", f"/tasks/{INVITE}/batch/?.asked={uuid.uuid4()}"):
        response = browser.get(wrong, follow=True)
        assert "What was typed is not kept any more." in response.content.decode()
    for _ in range(25):
        asked(browser, f"/tasks/{INVITE}/", {"subject": "Hi"})
    assert AskedLaunch.objects.count() == 20
    AskedLaunch.objects.update(asked_at=timezone.now() - timedelta(hours=25))
    question, _page = asked(browser, f"/tasks/{INVITE}/", {"subject": "Hi"})
    assert AskedLaunch.objects.count() == 1
    settings.SECRET_KEY = "another one, of more than thirty-two characters"
    browser.force_login(cast.users["alice"])
    assert browser.post(question, {".sure": "yes"}).headers["Location"] == f"/tasks/{INVITE}/"
    assert not Job.objects.exists()


def test_a_newer_file_takes_the_place_of_one_used_before(cast, browser):
    old = uploads.save("old.txt", ContentFile(b"old"), cast.users["alice"])
    both = [str(old.pk), SimpleUploadedFile("new.txt", b"new")]
    question, page = asked(browser, f"/tasks/{INVITE}/", {"subject": "Hi", "letter": both})
    assert "new.txt" in page
    assert "old.txt" not in page
    browser.post(question, {".sure": "yes"})
    assert Upload.objects.get(pk=Job.objects.get().args["letter"]).name == "new.txt"
    assert "old.txt" in asked(browser, f"/tasks/{INVITE}/", {"subject": "Hi", "letter": [str(old.pk), ""]})[1]


def test_what_is_wrong_is_told_before_anything_is_asked(browser):
    response = browser.post(f"/tasks/{INVITE}/", {"subject": "Hi", "times": "x", ".sure": "yes"})
    assert response.status_code == 422
    assert WORDS not in browser.post(f"/tasks/{INVITE}/", {"subject": "Hi", "times": "x"}).content.decode()


def test_a_task_that_asks_for_nothing_is_launched_at_once(browser):
    assert browser.post(f"/tasks/{DOUBLE}/", {"x": "1"}).status_code == 302


def test_running_again_asks_too(cast, browser):
    old = ended(cast.users["alice"], args={"subject": "Once more"})
    page = browser.post(f"/jobs/{old.pk}/retry/").content.decode()
    assert WORDS in page
    assert "Once more" in page
    assert Job.objects.count() == 1
    assert browser.post(f"/jobs/{old.pk}/retry/", {".sure": "yes"}).status_code == 302
    assert Job.objects.filter(retry_of=old.pk).count() == 1


def test_nothing_is_asked_where_nothing_could_be_launched(cast, browser):
    running = ended(cast.users["alice"], state="started")
    assert browser.post(f"/jobs/{running.pk}/retry/").headers["Location"] == f"/jobs/{running.pk}/"
    secret = ended(cast.users["alice"], args={"subject": "Hi", "key": "********"})
    assert browser.post(f"/jobs/{secret.pk}/retry/").headers["Location"] == f"/tasks/{INVITE}/?subject=Hi"


def test_the_failed_ones_of_a_batch_are_asked_about_together(cast, browser):
    alice = cast.users["alice"]
    batch = ended(alice, BATCH, args={"task": INVITE, "rows": 3}, children={"failed": 2, "succeeded": 1})
    for _ in range(2):
        ended(alice, parent=batch.pk)
    page = browser.post(f"/jobs/{batch.pk}/retry/").content.decode()
    assert "Invite everybody × 2" in page
    assert browser.post(f"/jobs/{batch.pk}/retry/", {".sure": "yes"}).status_code == 302
    assert Job.objects.get(retry_of=batch.pk).args["rows"] == 2


def test_a_table_is_asked_about_once_all_of_it_is_right(cast, browser):
    address = f"/tasks/{INVITE}/batch/"
    posted = {"table": TABLE, "once": str(uuid.uuid4())}
    refused = browser.post(address, {**posted, "table": TABLE + "No,many\r\n"})
    assert refused.status_code == 422
    question, page = asked(browser, address, posted)
    assert "× 2" in page
    assert not Job.objects.exists()
    back = browser.get(back_of(page)).content.decode()
    assert TABLE.splitlines()[1] in back
    assert posted["once"] in back
    assert not Job.objects.exists()
    for _ in range(2):
        response = browser.post(question, {".sure": "yes"})
        assert response.headers["Location"].startswith("/jobs/")
    assert Job.objects.filter(task=INVITE).count() == 2
    again = browser.get(question).content.decode()
    assert TABLE.splitlines()[1] in again
    assert "This was launched already" in again
    assert posted["once"] not in again


def test_several_are_asked_about_by_their_tasks_and_only_those_that_were_ticked_are_launched(cast, browser):
    alice = cast.users["alice"]
    jobs = [ended(alice), ended(alice), ended(alice, DOUBLE, args={"x": 1})]
    page = browser.post("/jobs/several/", {"action": "retry", "all": "1"}).content.decode()
    assert "Invite everybody × 2" in page
    assert "Double" not in page
    assert Job.objects.count() == 3
    ended(alice)  # fits the filter too, but was not asked about
    done = browser.post("/jobs/several/", {**hidden(page), ".sure": "yes"})
    assert done.status_code == 200
    assert set(Job.objects.exclude(retry_of=None).values_list("retry_of", flat=True)) == {job.pk for job in jobs}
    other = ended(alice, DOUBLE, args={"x": 2})
    assert (
        "Yes, launch" not in browser.post("/jobs/several/", {"action": "retry", "job": str(other.pk)}).content.decode()
    )
    assert (
        "Yes, launch"
        not in browser.post("/jobs/several/", {"action": "cancel", "job": str(jobs[0].pk)}).content.decode()
    )


def test_a_schedule_that_is_run_by_hand_asks(cast, browser):
    schedule = new_schedule(cast.users["alice"], task=INVITE, kwargs='{"subject": "Weekly"}')
    page = browser.post(f"/schedules/{schedule.pk}/run/").content.decode()
    assert WORDS in page
    assert "Weekly" in page
    assert not Job.objects.exists()
    assert browser.post(f"/schedules/{schedule.pk}/run/", {".sure": "yes"}).status_code == 302
    assert Job.objects.get().schedule == schedule.name


def test_a_program_is_not_asked(cast):
    assert cast.api("alice", "POST", "jobs", {"task": INVITE, "args": {"subject": "Hi"}}).status_code == 201
    old = ended(cast.users["alice"])
    assert cast.api("alice", "POST", f"jobs/{old.pk}/retry").status_code == 201


def test_who_must_sign_in_again_is_asked_again(cast):
    response = cast.pages("anonymous").post(f"/tasks/{INVITE}/", {"subject": "Hi", ".sure": "yes"})
    assert response.status_code == 302
    assert "sure" not in response.headers["Location"]


def test_a_question_in_the_readers_language(cast, browser, monkeypatch):
    def sweep() -> None:
        """Sweep."""

    monkeypatch.setattr(catalog, "get", lambda name: described(launchable(confirm=True)(sweep)))
    browser.cookies["django_language"] = "ko"
    _question, page = asked(browser, "/tasks/t.sweep/", {})
    assert "이 태스크는 실행하기 전에 확인이 필요합니다." in page
    assert "예, 실행합니다" in page


def run(*words: str, answer: str | None, monkeypatch: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    stdin = io.StringIO(answer or "")
    monkeypatch.setattr(stdin, "isatty", lambda: answer is not None, raising=False)
    monkeypatch.setattr("sys.stdin", stdin)
    call_command(*words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def no_secrets(monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda prompt: "")


@pytest.mark.usefixtures("cast", "no_secrets")
def test_the_command_asks_on_a_terminal(monkeypatch):
    out, err = run("launch", INVITE, "subject=Hi", answer="y\n", monkeypatch=monkeypatch)
    assert (WORDS in err, "Launch it?" in err) == (True, True)
    assert out.strip() == str(Job.objects.get().pk)
    for answer in ("n\n", "\n", ""):
        with pytest.raises(CommandError, match="Nothing was launched") as refused:
            run("launch", INVITE, "subject=Hi", answer=answer, monkeypatch=monkeypatch)
        assert refused.value.returncode == ends.CANCELLED
    assert Job.objects.count() == 1


@pytest.mark.usefixtures("cast")
def test_a_script_says_yes_or_nothing_happens(monkeypatch):
    with pytest.raises(CommandError, match="--yes") as refused:
        run("launch", INVITE, "subject=Hi", answer=None, monkeypatch=monkeypatch)
    assert refused.value.returncode == ends.BAD_USAGE
    assert not Job.objects.exists()
    run("launch", INVITE, "subject=Hi", "--yes", "--priority", "high", answer=None, monkeypatch=monkeypatch)
    assert Job.objects.get().priority == 0


@pytest.mark.usefixtures("no_secrets")
def test_the_command_that_retries_asks_too(cast, monkeypatch):
    old = ended(cast.users["alice"])
    with pytest.raises(CommandError, match="--yes"):
        run("retry", str(old.pk), answer=None, monkeypatch=monkeypatch)
    run("retry", str(old.pk), "--yes", answer=None, monkeypatch=monkeypatch)
    run("retry", str(old.pk), answer="yes\n", monkeypatch=monkeypatch)
    assert Job.objects.filter(retry_of=old.pk).count() == 2


@pytest.mark.usefixtures("cast")
def test_wrong_arguments_are_told_before_the_command_asks(monkeypatch):
    with pytest.raises(CommandError, match="times"):
        run("launch", INVITE, "subject=Hi", "times=x", "key=", answer="y\n", monkeypatch=monkeypatch)
