"""Inputs that are saved under a name, inputs of the last launches, and links: what fills a launch form in."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pydantic import BaseModel, SecretStr

from dashboard.launching import saved
from dashboard.models import SavedInputs
from tasks import UploadedFile, catalog, uploads
from tasks.models import Job, Upload
from tests.support.cast import Cast, make_cast, new_job
from tests.support.signatures import described

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

ADD = "tasks.samples.arithmetic.add"
FORM = f"/tasks/{ADD}/"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def browser(cast):
    return cast.pages("alice")


@pytest.fixture
def analysts(cast) -> Group:
    """Alice and bob are of one group."""
    group = Group.objects.create(name="analysts")
    group.user_set.add(cast.users["alice"], cast.users["bob"])
    return group


def save(browser: Any, typed: dict[str, Any], address: str = FORM, **said: Any) -> Any:
    """Both steps."""
    page = browser.post(address, {**typed, ".do": "save"}).content.decode()
    carried: dict[str, list[str]] = {}
    for name, value in re.findall(
        r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.partition('id="back"')[0]
    ):
        if name not in ("csrfmiddlewaretoken", ".do"):
            carried.setdefault(unescape(name), []).append(unescape(value))
    return browser.post(address, {**carried, ".do": "save", **{f"saved-{name}": value for name, value in said.items()}})


def text(browser: Any, path: str) -> str:
    response = browser.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_inputs_are_saved_and_fill_the_form_in(browser):
    response = save(browser, {"x": "17 & more", "y": ""}, name="Odd ones")
    row = SavedInputs.objects.get()
    # Whether they are right shows at the launch.
    assert (row.name, row.task, row.values) == ("Odd ones", ADD, {"x": ["17 & more"]})
    assert response.headers["Location"] == f"{FORM}?.saved={row.pk}"
    page = text(browser, response.headers["Location"])
    assert "17 &amp; more" in page
    assert f'<a href="{FORM}?.saved={row.pk}" aria-current="true">Odd ones</a>' in page
    assert "Odd ones" in text(browser, FORM)
    assert not Job.objects.exists()


def test_the_page_that_asks_for_a_name_shows_what_is_saved_and_brings_back_what_was_typed(browser):
    page = browser.post(FORM, {"x": "4", "y": "5", ".do": "save"}).content.decode()
    assert "Secrets and files are not saved" in page
    assert re.search(r"<dt class=\"code\">x</dt><dd>4</dd>", page)
    assert "Who sees them" not in page, "alice is in no group"
    response = save(browser, {"x": "4", "y": "5"}, name=" ")
    assert response.status_code == 422
    assert 'name="x" value="4"' in response.content.decode()
    assert not SavedInputs.objects.exists()
    assert 'name="y" value="5"' in browser.post(FORM, {"x": "4", "y": "5", ".do": "renew"}).content.decode()


class Login(BaseModel):
    user: str
    password: SecretStr


def guarded(
    key: SecretStr,
    password: str,
    login: Login,
    logins: list[Login],
    vault: dict[str, SecretStr],
    rest: dict[str, Any],
    letter: UploadedFile | None = None,
    name: str = "somebody",
) -> None:
    """Take secrets in every shape."""


def test_no_secret_and_no_file_is_saved_nor_linked(monkeypatch, browser, cast):
    task = described(guarded)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    typed = {
        "key": "hunter-key",
        "password": "hunter-password",
        "login.user": "root",
        "login.password": "hunter-login",
        "login": "on",
        "logins": json.dumps([{"user": "a", "password": "hunter-row"}]),
        "vault": '{"a": "hunter-vault"}',
        "rest": '{"plain": 1}',
        "name": "me",
    }
    address = f"/tasks/{task.name}/"
    file = SimpleUploadedFile("letter.txt", b"hunter-file")
    asked = browser.post(address, {**typed, "letter": file, ".do": "save"}).content.decode()
    response = save(
        browser, {**typed, "letter": SimpleUploadedFile("letter.txt", b"hunter-file")}, address, name="Mine"
    )
    row = SavedInputs.objects.get()
    assert "hunter" not in json.dumps(row.values)
    assert "hunter" not in asked
    assert row.values["name"] == ["me"]
    assert json.loads(row.values["login"][0]) == {"user": "root"}
    assert json.loads(row.values["logins"][0]) == [{"user": "a"}]
    assert row.values["rest"] == ['{"plain": 1}']
    assert {"key", "password", "vault", "letter"}.isdisjoint(row.values)
    # The file is not saved, but stays in the form.
    file_id = str(Upload.objects.latest("created_at").pk)
    assert parse_qs(urlsplit(response.headers["Location"]).query) == {".saved": [str(row.pk)], "letter": [file_id]}
    assert "letter.txt, uploaded before" in text(browser, response.headers["Location"])

    link = browser.post(address, {**typed, "letter": file_id, ".do": "link"}).json()
    assert "hunter" not in link["address"]
    assert "letter" not in link["address"]
    assert link["complete"] is False
    broken = browser.post(address, {"vault": '{"a": "hunter-', "login": '{"password": "hunter-', ".do": "link"}).json()
    assert "hunter" not in broken["address"]
    # JSON that the fields do not hold.
    strange = '{"user": "root", "password": "hunter-2", "shell": "sh"}'
    told = browser.post(address, {"login": strange, ".do": "link"}).json()["address"]
    assert json.loads(parse_qs(urlsplit(told).query)["login"][0]) == {"user": "root", "shell": "sh"}


def test_a_link_fills_the_form_in(browser):
    link = browser.post(FORM, {"x": "1 + 1", "y": "5", "when-kind": "in", ".do": "link"}).json()
    assert link == {"address": f"http://testserver{FORM}?x=1+%2B+1&y=5", "complete": True}
    assert "1 + 1" in text(browser, link["address"])
    long = browser.post(FORM, {"x": "9" * 9000, "y": "5", ".do": "link"}).json()
    assert long == {"address": f"http://testserver{FORM}?y=5", "complete": False}


def test_the_same_name_replaces_only_what_is_meant_to_be_replaced(browser):
    save(browser, {"x": "1", "y": "1"}, name="Ones")
    response = save(browser, {"x": "2", "y": "2"}, name="Ones")
    assert response.status_code == 422
    assert "tick this, or choose another name" in response.content.decode()
    assert SavedInputs.objects.get().values["x"] == ["1"]
    assert save(browser, {"x": "2", "y": "2"}, name="Ones", replace="on").status_code == 302
    row = SavedInputs.objects.get()
    assert row.values["x"] == ["2"]
    # Whoever opened them is offered their name, to be replaced.
    page = browser.post(f"{FORM}?.saved={row.pk}", {"x": "3", "y": "3", ".do": "save"}).content.decode()
    assert 'value="Ones"' in page
    assert re.search(r'name="saved-replace"[^>]*checked', page)


def test_there_is_an_end_to_what_one_may_save(browser, monkeypatch):
    monkeypatch.setattr(saved, "_MOST", 1)
    assert save(browser, {"x": "1"}, name="One").status_code == 302
    assert save(browser, {"x": "1"}, name="Two").status_code == 422
    assert save(browser, {"x": "2"}, name="One", replace="on").status_code == 302


def test_a_group_sees_what_is_shared_while_it_may_launch(cast, analysts):
    save(cast.pages("alice"), {"x": "1", "y": "1"}, name="For us", group=str(analysts.pk))
    save(cast.pages("alice"), {"x": "2", "y": "2"}, name="For me", group="")
    shared = SavedInputs.objects.get(name="For us")
    page = text(cast.pages("bob"), FORM)
    assert "For us" in page
    assert "alice, for analysts" in page
    assert "For me" not in page
    assert 'value="1"' in text(cast.pages("bob"), f"{FORM}?.saved={shared.pk}")
    mine = SavedInputs.objects.get(name="For me")
    assert cast.pages("bob").get(f"{FORM}?.saved={mine.pk}").status_code == 404
    # A member who may not launch it, and one of the group who left it.
    analysts.user_set.add(cast.users["charlie"])
    assert cast.pages("charlie").get(f"/saved/{shared.pk}/").status_code == 404
    cast.users["alice"].user_permissions.clear()
    assert cast.pages("alice").get(f"/saved/{mine.pk}/").status_code == 404
    analysts.user_set.remove(cast.users["bob"])
    assert cast.pages("bob").get(f"{FORM}?.saved={shared.pk}").status_code == 404


def test_who_leaves_the_group_shares_nothing_there_any_more(cast, browser, analysts):
    save(browser, {"x": "1", "y": "1"}, name="For us", group=str(analysts.pk))
    row = SavedInputs.objects.get()
    others = Group.objects.create(name="others")
    cast.users["bob"].groups.add(others)
    cast.users["alice"].groups.set([others])
    bob = cast.pages("bob")
    assert "For us" not in text(bob, FORM)
    assert bob.get(f"{FORM}?.saved={row.pk}").status_code == 404
    page = text(browser, FORM)
    assert "For us" in page
    assert "for analysts" not in page
    assert "analysts" not in text(browser, f"/saved/{row.pk}/")
    # Who comes back shares them again.
    cast.users["alice"].groups.add(analysts)
    assert "alice, for analysts" in text(bob, FORM)


def test_nothing_is_shared_with_a_group_of_others(cast, browser, analysts):
    others = Group.objects.create(name="others")
    response = save(browser, {"x": "1", "y": "1"}, name="For them", group=str(others.pk))
    assert response.status_code == 422
    assert not SavedInputs.objects.exists()


def test_only_the_owner_renames_shares_and_deletes(cast, browser, analysts):
    save(browser, {"x": "1", "y": "1"}, name="Ones", group=str(analysts.pk))
    save(browser, {"x": "2", "y": "2"}, name="Twos")
    row = SavedInputs.objects.get(name="Ones")
    bob = cast.pages("bob")
    for sent in ({"saved-name": "Mine"}, {"delete": "yes"}):
        assert bob.post(f"/saved/{row.pk}/", sent).status_code == 403
    assert browser.post(f"/saved/{row.pk}/", {"saved-name": "Twos"}).status_code == 422
    assert browser.post(f"/saved/{row.pk}/", {"saved-name": "First", "saved-group": ""}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.group, row.values) == ("First", None, {"x": ["1"], "y": ["1"]})
    assert "cannot be brought back" in text(browser, f"/saved/{row.pk}/")
    assert browser.post(f"/saved/{row.pk}/", {"delete": "yes"}).headers["Location"] == FORM
    assert not SavedInputs.objects.filter(pk=row.pk).exists()
    assert "“First” is deleted." in text(browser, FORM)


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "٣", ""])
def test_what_is_not_there_is_not_found(browser, number):
    assert browser.get(FORM, {".saved": number}).status_code == 404


def test_those_of_another_task_are_not_found(browser):
    save(browser, {"x": "1", "y": "1"}, name="Ones")
    assert browser.get(f"/tasks/tasks.samples.arithmetic.mul/?.saved={SavedInputs.objects.get().pk}").status_code == 404


def test_a_launch_from_inputs_that_were_deleted_meanwhile_goes_on(browser):
    assert browser.post(f"{FORM}?.saved=7", {"x": "1", "y": "1"}).status_code == 302


def changed(
    count: int,
    kind: Literal["new", "newer"] = "new",
    kinds: list[Literal["new", "newer"]] | None = None,
    note: Annotated[str, "kept"] = "",
    login: Login | None = None,
    fresh: str = "a default",
) -> None:
    """What the task is by now."""


def test_what_no_longer_fits_is_said_at_its_field_and_nothing_is_lost(monkeypatch, cast, browser):
    task = described(changed)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    values = {"count": ["many"], "kind": ["old"], "kinds": ["old", "new"], "note": ["as it was"], "gone": ["was here"]}
    values["login"] = ['{"user": "root", "shell": "sh"}']
    row = SavedInputs.objects.create(task=task.name, name="Old", owner=cast.users["alice"], values=values)
    page = unescape(text(browser, f"/tasks/{task.name}/?.saved={row.pk}"))
    assert "Not all that was saved fits any more" in page
    for place, words in (("count", "“many” was saved here."), ("kind", "“old” was saved here.")):
        (said,) = re.findall(rf'<ul class="errorlist" id="id_{place}_error">.*?</ul>', page)
        assert words in said
    assert "“old, new” was saved here." in page
    assert "has no “gone” any more; saved for it is “was here”" in page
    assert '"shell": "sh"' in page
    assert 'value="as it was"' in page
    assert 'value="a default"' in page, "what is new keeps its default"
    # What merely lacks, such as a secret, is not complained about.
    row.values = {"count": ["3"], "login": ['{"user": "root"}']}
    row.save()
    page = text(browser, f"/tasks/{task.name}/?.saved={row.pk}")
    assert "errorlist" not in page
    assert "error-summary" not in page


def test_staff_changes_them_in_the_admin_with_the_permission_for_it(cast):
    save(cast.pages("alice"), {"x": "1", "y": "1"}, name="Ones")
    row, dora = SavedInputs.objects.get(), cast.users["dora"]
    address = f"/admin/dashboard/savedinputs/{row.pk}/"
    assert cast.pages("dora").get(f"{address}change/").status_code == 403
    dora.user_permissions.add(*Permission.objects.filter(content_type__model="savedinputs"))
    pages = cast.pages("dora")
    assert "Ones" in text(pages, "/admin/dashboard/savedinputs/")
    assert pages.post(f"{address}change/", {"name": "By dora", "group": ""}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.values) == ("By dora", {"x": ["1"], "y": ["1"]})
    assert pages.get("/admin/dashboard/savedinputs/add/").status_code == 403
    pages.post(f"{address}delete/", {"post": "yes"})
    assert not SavedInputs.objects.exists()


def recent(browser: Any) -> list[str]:
    """The addresses that are offered."""
    return [unescape(found) for found in re.findall(r'<a class="args" href="([^"]+)"', text(browser, FORM))]


def test_the_last_inputs_are_offered_once_each(cast, browser):
    alice = cast.users["alice"]
    for x in (1, 2, 3, 2, 1, 7, 8, 9):
        new_job(alice, args={"x": x, "y": 0})
    new_job(cast.users["bob"], args={"x": 50, "y": 0})
    new_job(alice, args={"x": 51, "y": 0}, parent=new_job(alice, args={}).pk)  # of a batch, or sent by a job
    new_job(alice, args={"x": 52, "y": 0}, schedule="hourly")
    new_job(alice, args={"x": 53, "y": 0}, task="tasks.samples.arithmetic.mul")
    assert recent(browser) == [f"{FORM}?x={x}&y=0" for x in (9, 8, 7, 1, 2)]
    assert 'value="9"' in text(browser, recent(browser)[0])


def test_the_last_inputs_have_files_by_their_names_and_no_secrets(cast, browser):
    alice, task = cast.users["alice"], "tasks.samples.tables.profile_csv"
    upload = uploads.save("sales.csv", ContentFile(b"a,b\n"), alice)
    new_job(alice, task=task, args={"file": str(upload.pk), "path": "********"})
    page = unescape(text(browser, f"/tasks/{task}/"))
    assert 'file="sales.csv"' in page
    assert f'href="/tasks/{task}/?file={upload.pk}"' in page


def test_the_last_inputs_are_found_by_one_index(cast):
    mine = Job.objects.filter(owner=cast.users["alice"].pk, task=ADD, parent=None, schedule=None)
    with CaptureQueriesContext(connection):
        plan = mine.order_by("-created_at", "-id")[:30].explain()
    if connection.vendor == "sqlite":  # PostgreSQL reads a table this small as a whole
        assert "job_by_hand" in plan
        assert "TEMP B-TREE" not in plan
