"""What a launch form asks for while it is filled in: other rows, other choices; what it keeps when a session ends."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from tasks import catalog
from tasks.models import Job
from tests.support import signatures_thirty as s
from tests.support.cast import make_cast
from tests.support.signatures_thirty import THIRTY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]


@pytest.fixture
def browser():
    return make_cast().pages("alice")


def choices(browser, task, query):
    return browser.get(f"/tasks/{task.name}/choices/?{query}")


def test_choices_are_renewed_by_what_they_depend_on(browser):
    assert choices(browser, s.deliver, ".of=city&country=France").json() == {
        "choices": [["Paris", "Paris"], ["Lyon", "Lyon"]],
        "trouble": "",
    }
    assert choices(browser, s.store, ".of=warehouse").json()["choices"][:2] == [["A1", "North"], ["B2", "South"]]
    assert choices(browser, s.route, ".of=picks").json()["choices"][499] == ["499", "Number 499"]
    # In a row too, also in one that is only a pattern for others.
    for row in ("0", "__row__"):
        answer = choices(browser, s.route, f".of=legs.{row}.city&country=Korea").json()
        assert [key for key, _label in answer["choices"]] == ["Seoul", "Busan"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (".of=city", "Needs “Country” first."),
        (".of=city&country=Narnia", "Needs “Country” first."),
        (".of=city&country=Atlantis", "Atlantis has no cities any more."),
    ],
)
def test_why_there_are_no_choices_is_said(browser, query, says):
    assert choices(browser, s.deliver, query).json() == {"choices": [], "trouble": says}


def test_an_authors_error_is_told_without_its_words(browser, caplog):
    answer = choices(browser, s.route, ".of=legs.0.city&country=Narnia")
    assert answer.json()["trouble"].startswith("The choices could not be read.")
    assert "Narnia" not in answer.content.decode()
    assert "KeyError: 'Narnia'" in caplog.text


@pytest.mark.parametrize("of", ["", "country", "nothing", "city.more", "legs.0", "legs.0.nights", "legs.0.city.x"])
def test_a_field_without_choices_is_not_found(browser, of):
    assert choices(browser, s.route, f".of={of}").status_code == 404


def test_buttons_change_the_rows_and_launch_nothing(browser):
    address = f"/tasks/{s.invite.name}/"
    page = browser.post(address, {"people.0.name": "Ann", "people.0.age": "x", ".do": "add people"})
    assert page.status_code == 200
    text = page.content.decode()
    assert 'name="people.0.name" value="Ann"' in text
    assert '<input type="hidden" name="people.1" value="on">' in text
    assert "Enter a whole number" not in text
    after = browser.post(address, {"people.0.name": "Ann", "people.1.name": "Ben", ".do": "remove people.0"})
    assert b'value="Ann"' not in after.content
    assert b'value="Ben"' in after.content
    assert not Job.objects.exists()


def test_a_table_may_be_long(browser):
    rows = {f"people.{n}.{name}": value for n in range(900) for name, value in (("name", "a"), ("age", "1"))}
    assert browser.post(f"/tasks/{s.invite.name}/", rows).status_code == 302
    assert len(Job.objects.get().args["people"]) == 900


def test_models_and_tables_survive_the_end_of_a_session(browser):
    (order,) = [one for one in THIRTY if one.task is s.order]
    data = {**order.form, "order.lines.0.age": "forty"}
    response = Client().post(f"/tasks/{order.name}/", data)
    there = parse_qs(urlsplit(response.headers["Location"]).query)["next"][0]
    page = browser.get(there).content.decode()
    for text in ('value="Kim"', 'value="2020-02-29"', 'value="forty"', 'name="order.urgent"'):
        assert text in page


def test_no_secret_of_a_model_goes_into_a_page_or_an_address():
    (unlock,) = [one for one in THIRTY if one.task is s.unlock]
    response = Client().post(f"/tasks/{unlock.name}/", unlock.form)
    assert response.status_code == 403
    assert "Location" not in response.headers
    page = response.content.decode()
    assert "hunter22" not in page
    assert 'value="ann"' in page


def test_all_thirty_pages_are_there_in_korean(browser):
    for one in THIRTY:
        page = browser.get(f"/tasks/{one.name}/", headers={"Accept-Language": "ko"})
        assert page.status_code == 200
        assert catalog.get(one.name).name in page.content.decode()
