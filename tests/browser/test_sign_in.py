"""Who is let in, and how."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.support.stack import Stack


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


def test_the_welcome_link_makes_the_first_administrator(stack_factory: Callable[..., Stack], visit: Visit) -> None:
    empty = stack_factory()
    link = empty.manage("welcome").split()[-1]
    page = visit(None, stack=empty).open(link.removeprefix(empty.url))
    for label in ("New password", "New password confirmation"):
        page.get_by_label(label, exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    late = visit(None, stack=empty, complains=True).open(link.removeprefix(empty.url))
    expect(late.get_by_text("This link has been used")).to_be_visible()
