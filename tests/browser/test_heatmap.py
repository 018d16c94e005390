"""The map of a batch's jobs: drawn, moved through by keyboard and pointer, and live; and what went wrong beside it."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import BATCHES, Visit
from tests.browser.test_children import launch_batch
from tests.support.stack import Stack

# How many different colours the map shows where a cell stands.
_PAINTED = """([place, columns, cell]) => {
  const context = document.querySelector("taskcast-heatmap canvas").getContext("2d");
  const x = (place % columns) * cell, y = Math.floor(place / columns) * cell;
  const { data } = context.getImageData(x, y, cell, cell);
  return new Set(new Uint32Array(data.buffer)).size;
}"""


def option(page: Page) -> str:
    return page.locator("taskcast-heatmap [role=option]").get_attribute("aria-label") or ""


def test_a_batch_is_seen_at_once_and_its_failures_are_run_again(site: Stack, visit: Visit) -> None:
    rows: list[dict[str, object]] = [{"number": n, "fails": n % 10 == 3, "seconds": 0.1} for n in range(60)]
    batch = launch_batch(site, rows)
    page = visit("alice").open(f"/jobs/{batch}/")
    box = page.get_by_role("listbox", name="All 60 children, in their order")
    expect(box.locator("canvas")).to_be_visible()
    expect(page.locator(".counts")).to_have_text(re.compile(r"Succeeded\s+54\s*Failed\s+6"))
    expect(page.locator(".failure-groups li")).to_have_count(1)
    expect(page.locator(".failure-groups li")).to_contain_text("ValueError … fails")
    box.focus()
    for key in ("End", "Home", "ArrowRight", "ArrowRight", "ArrowRight"):
        box.press(key)
    expect(page.locator("taskcast-heatmap [role=option]")).to_have_attribute(
        "aria-label", "row 4: Failed, ValueError: 3 fails"
    )
    tip = page.locator(".heat-tip")
    expect(tip).to_contain_text("number=3, fails=true")
    width = box.locator("canvas").evaluate("canvas => canvas.width")
    cell = round(box.locator("[role=option]").evaluate("one => one.getBoundingClientRect().width"))
    grid = [width // cell, cell]
    assert page.evaluate(_PAINTED, [3, *grid]) > page.evaluate(_PAINTED, [0, *grid])  # a cross, not colour alone
    place = page.locator("taskcast-heatmap canvas").bounding_box()
    assert place
    page.mouse.move(place["x"] + 13.5 * cell, place["y"] + cell / 2)
    expect(tip).to_contain_text("row 14")
    page.mouse.click(place["x"] + 13.5 * cell, place["y"] + cell / 2)
    expect(page.locator("taskcast-job .error-line")).to_have_text("ValueError 13 fails")
    page.go_back()
    box.focus()
    box.press("Home")
    box.press("Enter")
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded")
    page.go_back()
    page.get_by_role("link", name="Run these again…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("6 jobs failed like this")
    page.get_by_role("button", name="Run these again").click()
    expect(page.get_by_role("link", name=f"{BATCHES}.maybe × 6")).to_be_visible()


def test_without_a_script_there_are_counts_and_failures_and_no_empty_place(site: Stack, visit: Visit) -> None:
    batch = launch_batch(site, [{"number": n, "fails": n == 1} for n in range(3)])
    live = visit("alice").open(f"/jobs/{batch}/")
    expect(live.locator("taskcast-job")).to_have_attribute("data-state", "failed")
    page = visit("alice", java_script_enabled=False).open(f"/jobs/{batch}/")
    expect(page.locator("taskcast-heatmap")).to_be_hidden()
    expect(page.locator(".failure-groups li")).to_have_count(1)
    page.locator(".counts").get_by_role("link", name="Succeeded 2").click()
    expect(page.locator("tr[data-job]")).to_have_count(2)
