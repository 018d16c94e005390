"""Rows, models and choices that code knows: with scripts and without, by mouse, by keyboard, on a phone."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import THIRTY, Reader, Visit
from tests.browser.test_readable import LOOKS, axe
from tests.support.stack import wait_for

WAYS: dict[str, dict[str, Any]] = {
    "scripts": {},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True},
    "no scripts": {"java_script_enabled": False},
    "no scripts, phone": {"java_script_enabled": False, "viewport": {"width": 360, "height": 740}},
}
FORMS = ["order", "search", "route", "deliver", "pizza", "unlock"]


def form(reader: Reader, task: str, query: str = "") -> Page:
    return reader.open(f"/tasks/{THIRTY}.{task}/{query}")


def result(page: Page) -> str:
    """What the task was given, once it has ended."""
    page.get_by_role("button", name="Launch").click()
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/"))

    def ended() -> bool:
        job = page.locator("taskcast-job")
        if job.get_attribute("data-state") not in ("succeeded", "failed"):
            page.reload()
            return False
        return True

    wait_for(ended, "the job has ended")
    return page.locator(".job-result .value").inner_text()


@pytest.mark.parametrize("way", WAYS)
def test_a_table_of_rows(way: str, visit: Visit) -> None:
    page = form(visit("alice", **WAYS[way]), "invite")
    page.locator("[name='people.0.name']").fill("Ann")
    page.locator("[name='people.0.age']").fill("40")
    page.get_by_role("button", name="Add a row").click()
    added = page.locator("tbody tr").last
    added.get_by_label("Name").fill("Ben")
    added.get_by_label("Age").fill("7")
    added.get_by_label("Member").check()
    page.get_by_role("button", name="Add a row").click()
    page.locator("tbody tr").last.get_by_label("Name").fill("Nobody")
    page.locator("tbody tr").last.get_by_role("button", name=re.compile("Remove row")).click()
    expect(page.locator("[name='people.0.name']")).to_have_value("Ann")
    expect(page.locator("tbody input[value=Nobody]")).to_have_count(0)
    assert result(page) == (
        "{'people': [Person(name='Ann', age=40, member=False), Person(name='Ben', age=7, member=True)]}"
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_model_in_a_model_and_its_messages(way: str, visit: Visit) -> None:
    page = form(visit("alice", complains=True, **WAYS[way]), "order")
    page.get_by_label("Name").first.fill("Kim")
    page.locator("[name='order.customer.since']").fill("2020-02-29")
    page.locator("[name='order.lines.0.name']").fill("Ann")
    page.locator("[name='order.lines.0.age']").fill("40.5")
    page.locator("[name='order.lines.0.age']").evaluate("input => { input.form.noValidate = true }")
    page.get_by_role("button", name="Launch").click()
    wrong = page.locator("[aria-invalid=true]")
    expect(wrong).to_have_count(1)
    expect(wrong).to_have_attribute("name", "order.lines.0.age")
    expect(wrong).to_have_value("40.5")
    expect(page.locator("[name='order.customer.name']")).to_have_value("Kim")
    page.locator(".error-summary a").click()
    expect(wrong).to_be_focused()
    wrong.fill("40")
    assert result(page) == (
        "{'order': Order(customer=Customer(name='Kim', since=datetime.date(2020, 2, 29)), urgent=False, "
        "lines=[Person(name='Ann', age=40, member=False)]), 'note': ''}"
    )


@pytest.mark.parametrize("way", WAYS)
def test_choices_that_depend_on_another_field(way: str, visit: Visit) -> None:
    has_script = WAYS[way].get("java_script_enabled", True)
    page = form(visit("alice", **WAYS[way]), "deliver")
    expect(page.get_by_text("Needs “Country” first.")).to_be_visible()
    page.get_by_label("France").check()
    if not has_script:
        page.get_by_role("button", name="Update the choices").click()
        expect(page.locator(".error-summary")).to_have_count(0)
        expect(page.get_by_label("France")).to_be_checked()
        page.get_by_label("City").select_option("Lyon")
    else:
        expect(page.get_by_text("Needs “Country” first.")).to_be_hidden()
        city = page.get_by_role("combobox", name="City")
        city.click()
        expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["Paris", "Lyon"])
        page.get_by_role("listbox").get_by_role("option", name="Lyon").click()
        expect(city).to_have_value("Lyon")
    assert result(page) == "{'country': 'France', 'city': 'Lyon'}"


def test_a_country_that_changes_takes_its_cities_along(visit: Visit) -> None:
    page = form(visit("alice"), "deliver", "?country=France&city=Lyon")
    city = page.get_by_role("combobox", name="City")
    expect(city).to_have_value("Lyon")
    page.get_by_label("Atlantis").check()
    expect(page.get_by_text("Atlantis has no cities any more.")).to_be_visible()
    expect(city).to_have_value("")
    page.get_by_label("Korea").check()
    city.fill("bu")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["Busan"])
    page.keyboard.press("Enter")
    expect(city).to_have_value("Busan")
    assert result(page) == "{'country': 'Korea', 'city': 'Busan'}"


def test_a_choice_of_many_by_keyboard(visit: Visit) -> None:
    page = form(visit("alice"), "travel")
    city = page.get_by_role("combobox", name="City")
    page.get_by_role("button", name="Launch").click()  # required: the browser says so at the control that is seen
    assert city.evaluate("input => input.validity.valueMissing")
    city.press_sequentially("c1")
    expect(city).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["C1", "C10", "C11"])
    page.keyboard.press("ArrowDown")
    active = page.get_by_role("listbox").get_by_role("option", selected=True)
    expect(active).to_have_text("C10")
    assert city.get_attribute("aria-activedescendant") == active.get_attribute("id")
    page.keyboard.press("Escape")
    expect(city).to_have_attribute("aria-expanded", "false")
    city.fill("Atlantis")
    page.keyboard.press("Tab")
    assert "Choose one from the list" in city.evaluate("input => input.validationMessage")
    city.fill("c11")
    page.keyboard.press("Tab")
    expect(city).to_have_value("C11")
    assert result(page) == "{'city': <City.C11: 'city 11'>}"


def test_one_searches_among_five_hundred(visit: Visit) -> None:
    page = form(visit("alice"), "route", "?country=Korea")
    city = page.get_by_role("combobox", name="City in row 1")
    city.click()
    page.get_by_role("listbox").get_by_role("option", name="Seoul").click()
    page.get_by_role("checkbox", name="Number 7", exact=True).check()
    page.get_by_role("searchbox").fill("499")
    page.get_by_role("checkbox", name="Number 499").check()
    expect(page.locator("taskcast-checklist label:visible")).to_have_count(2)
    assert result(page) == "{'country': 'Korea', 'legs': [Leg(city='Seoul', nights=1)], 'picks': [7, 499]}"


def test_json_is_judged_while_it_is_typed(visit: Visit) -> None:
    page = form(visit("alice"), "payload")
    box = page.locator("[name=numbers]")
    box.fill('{"a": ')
    assert box.evaluate("box => box.validationMessage") == "Enter valid JSON."
    box.fill('{"a": 1}')
    assert box.evaluate("box => box.validationMessage") == ""


def test_enter_in_a_cell_launches(visit: Visit) -> None:
    page = form(visit("alice", java_script_enabled=False), "invite")
    page.locator("[name='people.0.name']").fill("Ann")
    page.locator("[name='people.0.age']").fill("40")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/"))


def test_what_was_launched_can_be_launched_again(visit: Visit) -> None:
    page = form(visit("alice"), "search")
    page.get_by_label("Text").fill("t")
    page.locator("[name='options.depth']").fill("5")
    expect(page.get_by_role("checkbox")).to_be_checked()
    first = result(page)
    assert "Options(depth=5, tags=[])" in first
    page.get_by_role("link", name="Edit and run again…").click()
    expect(page.locator("[name='options.depth']")).to_have_value("5")
    assert result(page) == first


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("task", FORMS)
def test_axe_finds_nothing_in_forms(task: str, look: str, visit: Visit) -> None:
    page = form(visit("alice", complains=True, **LOOKS[look]), task)
    assert look_at(page) == []
    with page.expect_navigation():
        page.locator("form.form").evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    assert look_at(page) == []


def look_at(page: Page) -> list[str]:
    box = page.get_by_role("combobox").and_(page.locator("input")).first
    if box.count():
        box.click()
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return axe(page) + ([f"{wider} px too wide"] if wider > 0 else [])
