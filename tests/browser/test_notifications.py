"""The browser's own notifications: turned on by a click, shown while one looks elsewhere, once for each end."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import PLAIN, Visit, launch
from tests.support.stack import Stack, wait_for

PAGE = "/accounts/notifications/"
# The browser's own, overheard. Headless, nothing of it is to be seen; and no tab is ever hidden.
OVERHEAR = """
window.shown = [];
const Own = window.Notification;
window.Notification = class extends Own {
  constructor(title, options) {
    super(title, options);
    window.shown.push([title, options.body, options.tag]);
  }
};
Object.defineProperty(document, "hidden", { get: () => window.away === true });
"""


def shown(page: Page) -> list[list[str]]:
    """Title, text and tag of what this tab has shown since it was last asked."""
    return page.evaluate("window.shown.splice(0)")


def test_ends_are_shown_while_one_looks_elsewhere(site: Stack, visit: Visit) -> None:
    reader = visit("alice", permissions=["notifications"])
    reader.context.add_init_script(OVERHEAR)
    page = reader.open(PAGE)
    expect(page.locator("taskcast-notify")).to_contain_text("They are off.")
    launch(site, f"{PLAIN}.double", x=1)
    page.get_by_role("button", name="Turn on").click()
    expect(page.locator("taskcast-notify")).to_contain_text("They are on.")
    assert [title for title, _, _ in shown(page)] == ["Taskcast will tell you here"]

    # On any page; not while one looks at it, and not of others' jobs.
    jobs, failed = reader.open("/jobs/"), reader.open("/jobs/?state=failed")
    for tab in (jobs, failed):
        expect(tab.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    failed.evaluate("window.away = true")
    launch(site, f"{PLAIN}.double", owner="bob", x=1)
    job = launch(site, f"{PLAIN}.fail")
    wait_for(lambda: failed.evaluate("window.shown.length"), "it is shown")
    assert shown(failed) == [["fail", "Failed", job]]
    expect(jobs.locator(f"[data-job='{job}']")).to_have_attribute("data-state", "failed")
    assert shown(jobs) == []

    # Off in one tab is off in all.
    page.get_by_role("button", name="Turn off").click()
    expect(page.locator("taskcast-notify")).to_contain_text("They are off.")
    last = launch(site, f"{PLAIN}.fail")
    expect(jobs.locator(f"[data-job='{last}']")).to_have_attribute("data-state", "failed")
    # A tab in the back draws only when it is shown again.
    failed.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(failed.locator(f"[data-job='{last}']")).to_have_attribute("data-state", "failed")
    assert shown(failed) == []


def test_a_browser_that_forbids_them_says_what_to_do(visit: Visit) -> None:
    reader = visit("alice")
    reader.context.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })")
    page = reader.open(PAGE)
    expect(page.locator("taskcast-notify")).to_contain_text("allow them in its settings")
    expect(page.get_by_role("button", name="Turn on")).to_have_count(0)


def test_the_page_works_without_a_script(site: Stack, visit: Visit) -> None:
    page = visit("bob", java_script_enabled=False, complains=True).open(PAGE)
    expect(page.locator("taskcast-notify")).to_contain_text("need JavaScript")
    page.get_by_role("textbox", name="Webhook").fill("ftp://example.com/")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".error-summary")).to_contain_text("begin with https://")
    expect(page.get_by_role("textbox", name="Webhook")).to_have_value("ftp://example.com/")
