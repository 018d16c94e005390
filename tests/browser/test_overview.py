"""The overview moves with the jobs: its numbers, its charts, its folded failures; and is whole without any script."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import BATCHES, PLAIN, Visit, launch
from tests.support.stack import Stack, wait_for

BATCH = """
from django.contrib.auth import get_user_model
from tasks.batch import launch_batch
user = get_user_model().objects.get(username="alice")
rows = [{"number": number, "fails": number < 7} for number in range(9)]
answer = str(launch_batch(task, rows, user=user).pk)
"""
SHIFTS = """
new Promise((done) => {
  let sum = 0;
  const seen = new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value)));
  seen.observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 500);
})
"""


def ended(page: Page) -> int:
    """How many jobs ended, by the legend of the first chart."""
    words = page.locator("[data='plot-ended'] .plot-value").all_text_contents()
    return sum(int(word.replace(",", "")) for word in words)


def inked(page: Page) -> bool:
    """Whether something is drawn on the first chart, in the colour of what failed."""
    return page.evaluate("""() => {
        const box = document.querySelector("[data='plot-ended']");
        const canvas = box.querySelector("canvas");
        if (!canvas) return false;
        const mark = getComputedStyle(box.querySelector("[data-tone=bad] .plot-mark")).backgroundColor;
        const [r, g, b] = mark.match(/\\d+/g).map(Number);
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        for (let i = 0; i < pixels.length; i += 4)
            if (pixels[i] === r && pixels[i + 1] === g && pixels[i + 2] === b && pixels[i + 3] === 255) return true;
        return false;
    }""")


def test_numbers_charts_and_failures_move_with_the_jobs(site: Stack, visit: Visit) -> None:
    launch(site, f"{PLAIN}.double", x=1)
    reader = visit("alice")
    page = reader.open("/")
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    expect(page.locator(".plot-box canvas")).to_have_count(3)
    assert page.evaluate(SHIFTS) < 0.001
    before = ended(page)

    batch = site.run(BATCH, task=f"{BATCHES}.maybe")
    line = page.locator(f".failed-lately [data-job='{batch}']")
    expect(line).to_contain_text(re.compile(r"7 of 9 failed; the newest:\s+ValueError: \d fails"))
    expect(page.locator(".failed-lately a", has_text="maybe").first).to_have_attribute("href", f"/jobs/{batch}/")
    wait_for(lambda: ended(page) >= before + 10, "the batch and its jobs are counted")
    wait_for(lambda: inked(page), "failures are drawn")

    # By keys alone: the newest minute, and the one before it.
    page.locator(".plot-box").first.focus()
    page.keyboard.press("End")
    at = page.locator("[data='plot-ended'] .plot-at")
    expect(at).to_have_text(re.compile(r"^\d\d:\d\d$"))
    newest = at.inner_text()
    page.keyboard.press("ArrowLeft")
    expect(at).not_to_have_text(newest)
    page.keyboard.press("Escape")
    expect(at).to_have_text("")

    # Light and dark are drawn anew with their own colours.
    page.emulate_media(color_scheme="dark")
    wait_for(lambda: inked(page), "the dark colours are drawn")

    page.get_by_role("link", name="Day", exact=True).click()
    expect(page.get_by_role("heading", name="The last day")).to_be_visible()
    wait_for(lambda: ended(page) >= 10, "the day has them too")
    page.locator("[data-tile=failed]").click()
    expect(page.locator(f"tr[data-job='{batch}']")).to_have_attribute("data-state", "failed")


def test_a_hidden_page_asks_for_nothing(site: Stack, visit: Visit) -> None:
    reader = visit("bob")
    page = reader.open("/")
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    loaded = page.evaluate("performance.now()")
    page.evaluate("""() => {
        window.asked = 0;
        const fetched = window.fetch;
        window.fetch = (...of) => {
            window.asked += String(of[0]).includes("/overview/parts/");
            return fetched(...of);
        };
        Object.defineProperty(document, "hidden", {value: true, configurable: true});
    }""")
    job = launch(site, f"{PLAIN}.fail", owner="bob")
    # A page that is seen has asked by then.
    wait_for(lambda: page.evaluate("performance.now()") > loaded + 6_000, "time passes")
    assert page.evaluate("window.asked") == 0
    page.evaluate("""() => {
        Object.defineProperty(document, "hidden", {value: false, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }""")
    expect(page.locator(f".failed-lately [data-job='{job}']")).to_be_visible()
    assert page.evaluate("window.asked") == 1


def test_without_scripts_it_is_a_page_of_numbers(site: Stack, visit: Visit) -> None:
    job = launch(site, f"{PLAIN}.fail", text="no luck")
    reader = visit("alice", java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = reader.open("/?range=day")

    def told() -> bool:
        page.reload()
        return page.locator(f".failed-lately [data-job='{job}']").count() == 1

    wait_for(told, "the failure is told")
    assert page.locator(".tile").count() == 5
    assert ended(page) > 0
    expect(page.locator(".plot-box").first).to_be_hidden()
    page.get_by_text("As a table").click()
    expect(page.locator(".figures tbody tr").first).to_be_visible()
