"""A NUL, and half of a surrogate pair: the database takes neither, so they are refused where they are typed."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from dashboard.models import SavedInputs
from tasks import catalog
from tasks.models import Job
from tests.support import plain_tasks
from tests.support.cast import Cast, make_cast
from tests.support.signatures import described

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

ADD, INVITE = "tasks.samples.arithmetic.add", plain_tasks.invite.name


class Person(BaseModel):
    user: str


REFUSED = "This contains a character that cannot be stored"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def browser(cast: Cast) -> Any:
    return cast.pages("alice")


def test_no_form_takes_it(browser: Any):
    for address, typed in (
        (f"/tasks/{INVITE}/", {"subject": "a\x00b"}),
        (f"/tasks/{ADD}/", {"x": "1\x00", "y": '"\\u0000"'}),
    ):
        response = browser.post(address, typed)
        assert (response.status_code, REFUSED in response.content.decode()) == (422, True)
    response = browser.post(f"/tasks/{INVITE}/batch/", {"table": "subject,times\na\x00b,1\n"})
    assert (response.status_code, REFUSED in response.content.decode()) == (422, True)
    assert (
        browser.post("/schedules/new/?task=" + ADD, {"x": "1\x00", "y": "2", "timing-kind": "every"}).status_code == 422
    )
    assert not Job.objects.exists()


@pytest.fixture
def letter(monkeypatch: Any) -> str:
    """A task with texts inside of a model; its form."""

    def letter(person: Person | None = None, note: str = "") -> None: ...

    task = described(letter)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    return "/tasks/t.letter/"


def test_saved_inputs_do_not(browser: Any, letter: str):
    for more in ({}, {"saved-name": "Mine"}):
        response = browser.post(letter, {"note": "a\x00b", ".do": "save", **more})
        assert (response.status_code, REFUSED in response.content.decode()) == (422, True)
    kept = browser.post(letter, {"note": "fine", ".do": "save", "saved-name": "a\x00"})
    assert (kept.status_code, SavedInputs.objects.exists()) == (422, False)


def test_half_of_a_pair_in_json_is_told_where_it_was_typed(browser: Any, letter: str):
    half = '{"user": "\\ud800"}'
    response = browser.post(letter, {"person": half})
    assert (response.status_code, REFUSED in response.content.decode()) == (422, True)
    assert browser.get(letter, {"person": half}).status_code == 200
    # JSON's own spelling of it is a text like any other: it is judged at the launch.
    assert browser.post(letter, {"person": half, ".do": "save", "saved-name": "Mine"}).status_code == 302
    assert SavedInputs.objects.get().values["person"] == [half]


@pytest.mark.parametrize("name", ["q", "owner", "task", "cursor", "since"])
def test_lists_do_not(cast: Cast, browser: Any, name: str):
    assert cast.api("alice", "GET", f"jobs?{name}=a%00b").status_code < 500
    assert browser.get(f"/jobs/?{name}=a%00b", follow=True).status_code < 500
    assert browser.get(f"/jobs/several/?{name}=a%00b", follow=True).status_code < 500


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("jobs", {"task": ADD, "args": {"x": "\x00", "y": 1}}),
        ("jobs", {"task": ADD, "args": {"x\x00": 1, "y": 1}}),
        ("jobs", {"task": f"{ADD}\x00", "args": {"x": 1, "y": 1}}),
        ("jobs", {"task": ADD, "args": {"x": 1, "y": 1}, "queue": "a\x00"}),
        ("jobs", {"task": INVITE, "args": {"subject": "\ud800"}}),
        ("batches", {"task": INVITE, "rows": [{"subject": "a\x00"}]}),
        ("batches", {"task": INVITE, "rows": [{"subject": "a"}], "queue": "a\x00"}),
        ("uploads", {"name": "a\x00.csv", "size": 3}),
    ],
)
def test_the_api_does_not(cast: Cast, path: str, body: Any):
    response = cast.api("alice", "POST", path, body)
    assert response.status_code < 500


def test_other_forms_do_not(cast, browser: Any):
    for address, typed in (
        ("/accounts/login/", {"username": "a\x00", "password": "b\x00"}),
        ("/accounts/tokens/", {"name": "a\x00", "scopes": "read"}),
        ("/accounts/notifications/", {"url": "https://a.example/\x00", "webhook": "https://a.example/\x00"}),
    ):
        assert browser.post(address, typed).status_code < 500
    assert browser.get(f"/tasks/{ADD}/?x=%00&.saved=%00&y=%00").status_code < 500
    assert browser.get("/tasks/a%00b/").status_code == 404
    assert browser.get(f"/tasks/{ADD}/?x=%00&.job=%00").status_code < 500
