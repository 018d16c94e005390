"""A link to one job, from the page of its owner to somebody without an account, and its end."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit, launch
from tests.support.stack import Stack

COUNT = "tests.support.plain_tasks.count"


def test_a_link_shows_a_job_live_until_it_is_revoked(visit: Visit, site: Stack) -> None:
    job = launch(site, COUNT, to=100_000, pause=0.05)
    owner = visit("alice").open(f"/jobs/{job}/")
    owner.get_by_role("link", name="Share…").click()
    owner.get_by_label("It works for").select_option("1 hour")
    owner.get_by_role("button", name="Make it").click()
    expect(owner.get_by_role("button", name="Copy").first).to_be_visible()
    address = owner.get_by_role("textbox", name="Link").input_value()
    assert address.startswith(site.url)
    reader = visit(None, complains=True)  # the end of the link is a refused socket
    page = reader.open(address.removeprefix(site.url))
    shown = page.locator("taskcast-job")
    expect(page.locator("taskcast-connection")).to_have_attribute("data-connection", "live")
    expect(shown).to_have_attribute("data-state", "started")
    first = shown.get_by_role("progressbar").first.get_attribute("aria-valuenow")
    expect(shown.get_by_role("progressbar").first).not_to_have_attribute("aria-valuenow", first or "")
    # No way to anything else, and nothing that steers.
    for link in page.get_by_role("link").all():
        assert "/shared/" in (link.get_attribute("href") or "")
    assert page.get_by_role("button", name="Cancel job").count() == 0
    framed = reader.open(f"{address.removeprefix(site.url)}embed/")
    expect(framed.locator("taskcast-connection")).to_have_attribute("data-connection", "live")
    owner.goto(f"{site.url}/jobs/{job}/share/")
    owner.get_by_role("button", name="Revoke the link").click()
    for tab in (page, framed):
        expect(tab.get_by_role("alert")).to_contain_text("This link is over")
    page.reload()
    expect(page.get_by_role("heading", name="This link is over")).to_be_visible()
    owner.goto(f"{site.url}/jobs/{job}/")
    owner.get_by_role("button", name="Cancel job").click()
    expect(owner.locator("taskcast-job")).to_have_attribute("data-state", "cancelled")
