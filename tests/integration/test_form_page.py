"""A launch form loses nothing: neither a file brought before, nor what was typed when the session ended."""

import html
import re
import uuid
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.messages import get_messages
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pydantic import SecretStr

from dashboard import limits
from dashboard.launching import relaunch
from tasks import UploadedFile, catalog, uploads
from tasks.models import Job, Upload
from tests.support.cast import Cast, make_cast, new_job
from tests.support.problems import assert_problem
from tests.support.signatures import described

ADD = "tasks.samples.arithmetic.add"
PROFILE = "tasks.samples.tables.profile_csv"

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


def odd(
    password: SecretStr,
    text: str = "",
    kind: Literal["a", "b"] = "a",
    on: bool = True,
    many: list[str] | None = None,
    was: str = "a default",
    file: UploadedFile | None = None,
) -> None:
    """Take one of each."""


def next_of(response):
    """Where the sign-in page leads to, as a path and its parameters."""
    there = urlsplit(parse_qs(urlsplit(response.headers["Location"]).query)["next"][0])
    return there.path, parse_qs(there.query, keep_blank_values=True)


def test_what_was_typed_survives_the_end_of_a_session(alice):
    browser = Client()
    response = browser.post(f"/tasks/{ADD}/", {"x": "17 & more", "y": "", "zebra": "1"})
    assert next_of(response) == (f"/tasks/{ADD}/", {"x": ["17 & more"]})
    page = browser.get(response.headers["Location"]).content.decode()
    assert "Nothing was launched: sign in first. What you typed is kept." in page
    browser.force_login(alice)
    form = browser.get(parse_qs(urlsplit(response.headers["Location"]).query)["next"][0]).content.decode()
    assert "17 &amp; more" in form
    assert not Job.objects.exists()


def test_no_secret_no_file_and_no_long_text_goes_into_an_address(monkeypatch, settings):
    settings.LOGIN_URL = "/a-projects-own/"  # where ours is, what is too long stands in its page
    task = described(odd)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    typed = {"password": "hunter2", "text": "long " * 2000, "kind": "b", "many": "a\nb", "was": ""}
    response = Client().post("/tasks/t.odd/", {**typed, "file": SimpleUploadedFile("a.csv", b"a")})
    assert next_of(response)[1] == {"kind": ["b"], "on": ["false"], "many": ["a\nb"], "was": [""]}
    assert "hunter2" not in response.headers["Location"]
    assert "secrets, files and long texts are not kept" in str(*get_messages(response.wsgi_request))


def carried(page: str) -> list[tuple[str, str]]:
    """What the page on which one signs in posts once more."""
    form = page.partition('enctype="multipart/form-data">')[2].partition("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return [(name, html.unescape(value)) for name, value in found if name != "csrfmiddlewaretoken"]


def test_a_long_text_survives_the_end_of_a_session(alice, monkeypatch):
    alice.set_password("correct horse")
    alice.save()
    task = described(odd)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    browser, long = Client(), "long <b> & “words”\r\n" * 10_000
    typed = {"password": "hunter2", "text": long, "kind": "b", "many": "a\nb", "when-kind": "in", "when-amount": "3"}
    response = browser.post("/tasks/t.odd/", {**typed, "file": SimpleUploadedFile("a.csv", b"a"), ".do": "save"})
    page = response.content.decode()
    assert (response.status_code, response.headers["Cache-Control"]) == (403, "private, no-store")
    assert "nothing was launched" in page
    again = carried(page)
    assert dict(again)["text"] == long
    assert "hunter2" not in page
    assert [name for name, _value in again].count(".do") == 1

    def sign_in(password: str) -> Any:
        sent = dict(carried(page)) | {".sign-in-username": "alice", ".sign-in-password": password}
        return browser.post("/tasks/t.odd/", sent)

    wrong = sign_in("wrong")
    assert (wrong.status_code, carried(wrong.content.decode())) == (422, again)
    form = sign_in("correct horse")
    assert form.status_code == 200
    assert form.wsgi_request.user == alice
    assert html.escape(long.replace("\r\n", "\n")) in form.content.decode().replace("\r\n", "\n").replace("&quot;", '"')
    assert 'name="when-amount" value="3"' in form.content.decode()
    assert not Job.objects.exists()
    assert browser.get("/").status_code == 200


def test_who_signs_in_there_too_often_has_to_wait(monkeypatch):
    # None comes back while the test runs, however long it takes.
    monkeypatch.setattr(limits, "SIGN_INS_AS", limits.Limit(10, 1 / 3600))
    long = {"x": "1" * 9000, "y": "2", ".sign-in-username": "nobody-else", ".sign-in-password": "wrong"}
    codes = [Client().post(f"/tasks/{ADD}/", long).status_code for _ in range(11)]
    assert (codes[0], codes[-1]) == (422, 429)


def test_signing_in_there_launches_nothing_even_for_who_is_signed_in_by_now(browser):
    page = Client().post(f"/tasks/{ADD}/", {"x": "1" * 4000, "y": "2" * 4000}).content.decode()
    sent = dict(carried(page)) | {".sign-in-username": "alice", ".sign-in-password": "x"}
    assert browser.post(f"/tasks/{ADD}/", sent).status_code == 200
    assert not Job.objects.exists()


def test_of_what_was_posted_to_no_task_nothing_is_kept():
    assert next_of(Client().post("/tasks/no.such/", {"x": "1"})) == ("/tasks/no.such/", {})


def test_an_upload_is_used_again(browser, alice):
    upload = uploads.save("data.csv", ContentFile(b"a,b\n1,2\n3,4\n"), alice)
    job = new_job(alice, task=PROFILE, args={"file": str(upload.pk), "delimiter": "comma"}, state="failed")
    page = browser.get(f"/jobs/{job.pk}/").content.decode()
    again = re.search(r'href="(/tasks/[^"]*)">Edit and run again', page)
    assert again
    form = browser.get(html.unescape(again[1])).content.decode()
    assert "data.csv, uploaded before" in form
    assert f'<input type="checkbox" name="file" value="{upload.pk}" checked>' in form

    fields = {"delimiter": "auto", "encoding": "auto", "header": "on"}
    wrong = browser.post(f"/tasks/{PROFILE}/", {**fields, "file": str(upload.pk), "columns": "zebra"})
    assert wrong.status_code == 422
    assert "data.csv, uploaded before" in wrong.content.decode()

    # A browser sends the box and the control under one name, the latter as an empty text where nothing was chosen.
    browser.post(f"/tasks/{PROFILE}/", {**fields, "file": [str(upload.pk), ""]})
    assert newest().args["file"] == str(upload.pk)
    both = [str(upload.pk), SimpleUploadedFile("new.csv", b"a,b\n5,6\n")]
    browser.post(f"/tasks/{PROFILE}/", {**fields, "file": both})
    assert Upload.objects.get(pk=newest().args["file"]).name == "new.csv"


def test_what_is_too_long_for_an_address_comes_from_the_job(browser, alice, monkeypatch):
    task = described(odd)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    long = "word " * 600
    args = {"text": long, "kind": "b", "password": "********"}
    job = new_job(alice, task=task.name, args=args, state="failed")
    address = relaunch.address(job.as_dict())
    assert long not in address
    form = browser.get(address).content.decode()
    assert long in form
    assert long.upper() in browser.get(f"{address}&{urlencode({'text': long.upper()[:4000]})}").content.decode()
    for wrong in (uuid.uuid4(), "x", new_job(task=task.name).pk, new_job(alice, task="t.other").pk):
        assert browser.get(f"/tasks/{task.name}/?.job={wrong}").status_code == 404


def test_what_was_too_long_to_be_kept_is_told(browser, alice, monkeypatch):
    task = described(odd)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    job = new_job(alice, task=task.name, args={"text": "word… (90000 characters)", "kind": "b"}, state="failed")
    form = browser.get(relaunch.address(job.as_dict())).content.decode()
    assert 'value="word' not in form
    assert ">word" not in form.replace("\n", "")
    assert "text: " in form


def newest() -> Job:
    return Job.objects.latest("created_at")


def test_a_field_that_holds_an_upload_need_not_be_filled_in(monkeypatch, browser, alice):
    def take(file: UploadedFile) -> None:
        """Take a file."""

    task = described(take)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    upload = uploads.save("data.csv", ContentFile(b"a"), alice)
    control = r'<input type="file" name="file"[^>]*\brequired\b'
    assert re.search(control, browser.get("/tasks/t.take/").content.decode())
    assert not re.search(control, browser.get(f"/tasks/t.take/?file={upload.pk}").content.decode())


def test_somebody_elses_upload_is_not_offered(cast, browser):
    upload = uploads.save("secret plan.csv", ContentFile(b"a"), cast.users["bob"])
    form = browser.get(f"/tasks/{PROFILE}/?file={upload.pk}").content.decode()
    assert "secret plan" not in form
    assert "The file used before is not yours or is gone" in form


def test_a_file_that_came_with_a_wrong_form_is_kept(browser):
    fields = {"delimiter": "auto", "encoding": "auto", "header": "on"}
    file = SimpleUploadedFile("sales.csv", b"a,b\n1,2\n")
    wrong = browser.post(f"/tasks/{PROFILE}/", {**fields, "file": file, "columns": "zebra"})
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert "sales.csv, uploaded before" in page
    (number,) = re.findall(r'<input type="checkbox" name="file" value="([^"]+)" checked>', page)
    assert not Job.objects.exists()
    assert browser.post(f"/tasks/{PROFILE}/", {**fields, "file": [number, ""], "columns": "a"}).status_code == 302
    assert newest().args["file"] == number
    assert Upload.objects.get().used_at is not None


def test_a_newer_file_takes_the_place_of_the_kept_one(browser, alice):
    fields = {"delimiter": "auto", "encoding": "auto", "header": "on", "columns": "zebra"}
    old = uploads.save("old.csv", ContentFile(b"a,b\n1,2\n"), alice)
    both = [str(old.pk), SimpleUploadedFile("new.csv", b"a,b\n5,6\n")]
    page = browser.post(f"/tasks/{PROFILE}/", {**fields, "file": both}).content.decode()
    assert "new.csv, uploaded before" in page
    assert "old.csv" not in page


@pytest.mark.parametrize(("content", "message"), [(b"", "The file is empty."), (b"\x00\x01\x02" * 99, "binary")])
def test_a_file_that_is_wrong_itself_is_not_kept(browser, content, message):
    fields = {"delimiter": "auto", "encoding": "auto", "header": "on"}
    wrong = browser.post(f"/tasks/{PROFILE}/", {**fields, "file": SimpleUploadedFile("a.csv", content)})
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert message in page
    assert "uploaded before" not in page
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "sent", [{"x": "1" * 5_000_000}, {f"x{n}": "1" for n in range(20_001)}], ids=["a long text", "many fields"]
)
def test_a_form_that_says_too_much_is_told_so(browser, sent):
    response = browser.post(f"/tasks/{ADD}/", sent)
    assert response.status_code == 413
    assert "4 MiB" in response.content.decode()


def test_a_colleague_who_edits_a_job_has_to_give_its_file_again(cast, alice):
    bob = cast.users["bob"]
    bob.user_permissions.add(Permission.objects.get(codename="view_group_jobs"))
    Group.objects.create(name="analysts").user_set.add(alice, bob)
    plan, other = (uploads.save(name, ContentFile(b"a,b\n1,2\n"), alice) for name in ("plan.csv", "other.csv"))
    job = new_job(alice, task=PROFILE, args={"file": str(plan.pk), "delimiter": "comma"}, state="failed")
    colleague = cast.pages("bob")
    page = colleague.get(f"/jobs/{job.pk}/").content.decode()
    [link] = re.findall(r'href="(/tasks/[^"]*)">Edit and run again', page)
    for address in (html.unescape(link), f"/tasks/{PROFILE}/?.job={job.pk}"):
        form = colleague.get(address).content.decode()
        assert "The file used before is not yours or is gone" in form
        assert "plan.csv" not in form
        assert f'name="file" value="{plan.pk}"' not in form
    fields = {"delimiter": "comma", "encoding": "auto", "header": "on"}
    for upload in (plan, other):
        refused = colleague.post(f"/tasks/{PROFILE}/?.job={job.pk}", {**fields, "file": str(upload.pk)})
        assert refused.status_code == 422
        assert upload.name not in refused.content.decode()
        body = {"task": PROFILE, "args": {"file": str(upload.pk)}}
        assert_problem(cast.api("bob", "POST", "jobs", body), 422, names="body.args.file")
    # Who may retry a job may use its file once more, and no other of its owner's.
    bob.user_permissions.add(Permission.objects.get(codename="steer_jobs"))
    again = cast.api("bob", "POST", f"jobs/{job.pk}/retry", {"args": {"file": str(other.pk)}})
    assert_problem(again, 422, names="body.args.file")
    assert cast.api("bob", "POST", f"jobs/{job.pk}/retry", {"args": {"delimiter": "auto"}}).status_code == 201
    assert cast.api("bob", "GET", f"uploads/{plan.pk}").status_code == 404
    assert Job.objects.filter(owner=bob).count() == 1
