"""Keys instead of the mouse, a theme that stays, and neither where one types."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import PLAIN, Visit, launch
from tests.support.stack import Stack

ADD = "/tasks/tasks.samples.arithmetic.add/"


def test_the_pages_are_walked_through_by_keys(site: Stack, visit: Visit) -> None:
    jobs = [launch(site, f"{PLAIN}.double", owner="dora", x=x) for x in (1, 2)]
    page = visit("dora", permissions=["clipboard-read", "clipboard-write"]).open("/")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    page.keyboard.press("n")  # behind the overlay nothing happens
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    for keys, path in (("gt", "/tasks/"), ("gs", "/schedules/"), ("gw", "/workers/"), ("go", "/"), ("n", "/tasks/")):
        page.keyboard.type(keys)
        expect(page).to_have_url(site.url + path)
    page.keyboard.type("gj")
    expect(page).to_have_url(f"{site.url}/jobs/")
    page.keyboard.type("jjk")
    expect(page.locator(f"[data-job='{jobs[1]}'] .task-name")).to_be_focused()
    # Not while one types.
    page.keyboard.type("/g?o")
    expect(page.locator("[data-search], main input[type=search]").first).to_have_value("g?o")
    page.goto(f"{site.url}/jobs/")
    page.keyboard.type("jj")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/jobs/{jobs[0]}/")
    page.keyboard.type("c")
    expect(page.locator("taskcast-keys [role=status]")).to_have_text("Job ID copied")
    assert page.evaluate("navigator.clipboard.readText()") == jobs[0]
    # A Korean keyboard has the same keys in the same places; with Ctrl they are the browser's.
    page.keyboard.press("Control+g")
    page.evaluate("""() => ["KeyG", "KeyJ"].forEach(code => document.body.dispatchEvent(
        new KeyboardEvent("keydown", {code, key: "ㅎ", bubbles: true})))""")
    expect(page).to_have_url(f"{site.url}/jobs/")


def test_they_can_be_turned_off(site: Stack, visit: Visit) -> None:
    reader = visit("dora")
    page = reader.open("/tasks/")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_label("Use these shortcuts in this browser").uncheck()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Keyboard shortcuts")).to_be_focused()
    page.keyboard.type("gj?")
    other = reader.open("/tasks/")
    other.keyboard.type("gj?")
    for tab in (page, other):
        expect(tab.get_by_role("dialog")).to_be_hidden()
        expect(tab).to_have_url(f"{site.url}/tasks/")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_label("Use these shortcuts in this browser").check()
    page.keyboard.press("Escape")
    page.keyboard.type("gj")
    expect(page).to_have_url(f"{site.url}/jobs/")


def test_a_theme_is_taken_at_once_and_stays(visit: Visit) -> None:
    reader = visit("dora", color_scheme="light")
    page = reader.open(ADD)
    page.locator("[name=x]").fill("7")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    with page.expect_response(re.compile("/theme/")):
        page.get_by_role("button", name="Dark").click()
    dark = page.evaluate(ground)
    assert dark != light
    expect(page.locator("[name=x]")).to_have_value("7")
    assert reader.open("/jobs/").evaluate(ground) == dark
    plain = visit("dora", color_scheme="dark", java_script_enabled=False).open(ADD)
    plain.get_by_role("button", name="Light").click()
    expect(plain).to_have_url(re.compile(f"{ADD}$"))
    expect(plain.locator("html")).to_have_attribute("data-theme", "light")
    expect(plain.get_by_role("button", name="Light")).to_have_attribute("aria-current", "true")
