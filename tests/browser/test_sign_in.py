"""Who is let in, and how."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit


def test_a_stranger_is_sent_to_sign_in_and_comes_back(visit: Visit) -> None:
    page = visit(None).open("/jobs/?state=failed")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("correct username and password")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/jobs/\?state=failed$"))
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")


def test_signing_out_in_one_tab_ends_the_other(visit: Visit) -> None:
    reader = visit("bob")
    watching = reader.open("/jobs/")
    expect(watching.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    reader.open("/").get_by_role("button", name="Sign out").click()
    expect(watching).to_have_url(re.compile(r"/accounts/login/\?next=%2Fjobs%2F"))
