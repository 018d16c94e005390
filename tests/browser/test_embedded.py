"""Taskcast's pages in a project of somebody else's, in Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.support.shop import Shop

ALICE, PASSWORD = "alice@shop.example", "correct horse"
GREET = "shop.people.tasks.greet"


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    running = Shop()
    try:
        running.up()
        running.user(ALICE, PASSWORD, launch=True)
        yield running
    finally:
        running.down()


def test_a_job_of_the_project_is_launched_and_watched_live(shop: Shop, visit: Visit) -> None:
    page = visit(None, stack=shop).open(f"/jobs-ui/tasks/{GREET}/")
    assert page.title() == "Enter the shop", "the project's own page signs in"
    page.get_by_label("Email").fill(ALICE)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Enter").click()

    expect(page.get_by_label("Name", exact=True)).to_be_visible()
    page.locator("[name=name]").fill("Bob")
    page.locator("[name=times]").fill("40")
    page.locator("[name=pause]").fill("0.05")
    page.get_by_role("button", name="Launch").click()
    expect(page.locator('[data-connection="live"]')).to_have_count(1)
    expect(page.locator('[data-state="started"]').first).to_be_visible()
    expect(page.locator('[role=progressbar][aria-valuenow="40"]').first).to_be_attached()
    expect(page.locator('[data-state="succeeded"]').first).to_be_visible()
    expect(page.locator("taskcast-log")).to_contain_text("hello Bob, 40")
    expect(page.get_by_text("English")).to_have_count(0)

    job = page.url.rstrip("/").rpartition("/")[2]
    page.goto(f"{shop.url}/?job={job}")
    expect(page.locator("taskcast-job")).to_contain_text("greet")
    expect(page.locator("taskcast-job a").first).to_have_attribute("href", f"/jobs-ui/jobs/{job}/")

    page.goto(shop.pages)
    page.get_by_role("button", name="Sign out").click()
    assert page.title() == "Enter the shop"


def test_a_page_whose_socket_has_no_route_says_so(visit: Visit) -> None:
    shop = Shop()
    shop.serves = "shop.asgi_elsewhere:application"
    try:
        shop.up()
        shop.user(ALICE, PASSWORD, launch=True)
        page = visit(None, stack=shop, complains=True).open("/jobs-ui/jobs/")
        page.get_by_label("Email").fill(ALICE)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Enter").click()
        word = page.locator("[data-connection] .connection-word")
        expect(word).to_have_text("Not live: no websocket")
        why = page.locator("div.connection-note")
        expect(why).to_contain_text(re.compile(f"opens no websocket at {re.escape(shop.ws_url)}:"))
    finally:
        shop.down()
