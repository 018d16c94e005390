"""The catalogue by keyboard: find, keep, open."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit

ADD = "tasks.samples.arithmetic.add"
MUL = "tasks.samples.arithmetic.mul"


def test_a_task_is_found_kept_and_opened_by_keyboard(visit: Visit) -> None:
    reader = visit("bob")
    page = reader.open("/tasks/")
    card = page.locator(f'li[data-task="{MUL}"]')
    star = card.get_by_role("button", name="Favourite: Multiply two numbers")
    star.focus()
    page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()
    expect(page.locator("[data-kept] li")).to_have_count(1)
    page.keyboard.press("/")
    page.keyboard.type("two numbers")
    expect(page.locator(".task-found li")).to_have_count(2)
    # What is kept comes first among what answers equally well, and is still kept after a visit elsewhere.
    expect(page.locator(".task-found li").first).to_have_attribute("data-task", MUL)
    page.reload()
    expect(page.locator(".task-found li").first).to_have_attribute("data-task", MUL)
    page.keyboard.press("/")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/tasks/{MUL}/$"))
    page.go_back()
    expect(page.locator(".task-found li")).to_have_count(2)
    page.keyboard.press("/")
    page.keyboard.press("Control+a")
    page.keyboard.type("nothing bears this")
    expect(page.locator(".task-found .empty")).to_be_visible()
    page.get_by_role("link", name="Show all tasks").click()
    expect(page.locator("[data-kept] li")).to_have_attribute("data-task", MUL)


def test_without_a_script_words_and_stars_are_forms(visit: Visit) -> None:
    page = visit("alice", java_script_enabled=False).open("/tasks/")
    page.get_by_role("searchbox").fill("two numbers")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".task-found li")).to_have_count(2)
    page.get_by_role("button", name="Favourite: Multiply two numbers").click()
    expect(page).to_have_url(re.compile(r"/tasks/\?q=two\+numbers#"))
    star = page.get_by_role("button", name="Favourite: Multiply two numbers")
    expect(star).to_have_attribute("aria-pressed", "true")
    star.click()
    expect(page.get_by_role("button", name="Favourite: Multiply two numbers")).to_have_attribute(
        "aria-pressed", "false"
    )
