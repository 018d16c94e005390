"""The page of one job: its steps and its way, and that its end is told."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import SHOWN, Visit, launch
from tests.support.stack import Stack


def test_a_job_says_how_it_comes_to_its_end(site: Stack, visit: Visit) -> None:
    job = launch(site, f"{SHOWN}.steps", seconds=12)
    page = visit("alice").open(f"/jobs/{job}/")
    expect(page.locator(".timeline-words").nth(1)).to_have_text("Running")
    expect(page.locator(".step-time").first).to_have_text(re.compile(r"^[\d.]+ s$"))
    expect(page.locator(".step-over").first).to_contain_text("Looking for the encoding")
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded", timeout=60_000)
    expect(page.locator(".timeline-words").last).to_have_text("Succeeded")
    expect(page.locator(".job > [role=status]")).to_have_text("Succeeded")
    expect(page).to_have_title(re.compile("^✓ "))
    assert page.locator("[style]:not(.log, .log-space, .log-pane)").count() == 0
