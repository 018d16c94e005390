"""Whole ways of people through the pages: who has just installed it, an analyst, somebody on a phone, and those who
use no mouse or see no screen."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PLAIN, Visit, launch
from tests.support.stack import Stack, wait_for

ADD = "tasks.samples.arithmetic.add"
PROFILE = "tasks.samples.tables.profile_csv"
PHONE = {"viewport": {"width": 360, "height": 740}, "locale": "ko-KR", "has_touch": True, "is_mobile": True}
MOST_STOPS = 60  # of the tabulator on one page


def test_a_newcomer_from_the_link_to_the_first_result(stack_factory: Callable[..., Stack], visit: Visit) -> None:
    empty = stack_factory()
    link = empty.manage("welcome").split()[-1].removeprefix(empty.url)
    page = visit(None, stack=empty).open(link)
    for label in ("New password", "New password confirmation"):
        page.get_by_label(label, exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Tasks").click()
    page.locator(".task-card", has_text=ADD).get_by_role("link").first.click()
    page.locator("[name=x]").fill("4")
    page.locator("[name=y]").fill("4")
    page.get_by_role("button", name="Launch").click()
    expect(page.locator(".job-result .value")).to_have_text("8")
    late = visit(None, stack=empty, complains=True).open(link)
    expect(late.get_by_text("This link has been used")).to_be_visible()


def test_an_analyst_with_ten_thousand_rows(visit: Visit) -> None:
    rows = "".join(f"{n},{n % 28 + 1},{('서울', '부산', '제주')[n % 3]},{n * 7 % 1000}\n" for n in range(10_000))
    page = visit("bob").open(f"/tasks/{PROFILE}/")
    page.locator("input[type=file]").set_input_files(
        {"name": "판매.csv", "mimeType": "text/csv", "buffer": f"order,day,region,amount\n{rows}".encode()}
    )
    page.get_by_role("button", name="Launch").click()
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded")
    table = page.locator(".job-main table").first
    for column in ("order", "day", "region", "amount"):
        expect(table.locator("tbody tr", has_text=column).first).to_be_visible()
    expect(table).to_contain_text("10,000")


def test_a_korean_reader_on_a_phone(visit: Visit) -> None:
    page = visit("alice", **PHONE).open("/")
    page.get_by_role("link", name="태스크", exact=True).click()
    page.locator(".task-card", has_text=ADD).get_by_role("link").first.tap()
    page.locator("[name=x]").fill("40")
    page.locator("[name=y]").fill("2")
    page.get_by_role("button", name="실행", exact=True).tap()
    expect(page.locator(".badge").first).to_have_text("성공")
    expect(page.locator(".job-result .value")).to_have_text("42")
    expect(page.locator("[data-connection]")).to_contain_text("실시간")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_by_keyboard_alone_from_the_catalogue_to_a_cancelled_job(visit: Visit) -> None:
    page = visit("dora").open("/tasks/")
    _tab_to(page, f'a[href="/tasks/{PLAIN}.count/"]')
    page.keyboard.press("Enter")
    expect(page.locator("[name=to]")).to_be_visible()
    _tab_to(page, "[name=to]")
    page.keyboard.type("100000")
    _tab_to(page, "[name=pause]")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("0.01")
    page.keyboard.press("Enter")
    job = page.locator("taskcast-job")
    expect(job).to_have_attribute("data-state", "started")
    _tab_to(page, "taskcast-cancel button")
    page.keyboard.press("Enter")
    expect(job).to_have_attribute("data-state", "cancelled")


def _tab_to(page: Page, selector: str) -> None:
    """Press the tabulator until what fits `selector` has the focus; every stop on the way shows that it has it."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            """() => {
                const at = document.activeElement;
                const isRinged = part => getComputedStyle(part).outlineStyle !== "none";
                // The ring of a card's link is the card's.
                return at === document.body || isRinged(at) || isRinged(at.closest(".task-card") ?? at);
            }"""
        )
        assert shown, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"not reached by keyboard: {selector}")


def test_what_a_screen_reader_is_told_of_a_running_job(site: Stack, visit: Visit) -> None:
    job = launch(site, f"{PLAIN}.count", to=2000, pause=0.01, lines=20)
    page = visit("alice").open(f"/jobs/{job}/")
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "started")
    wait_for(lambda: re.search(r"progressbar", page.locator("main").aria_snapshot()), "the bar is there")
    told = page.locator("main").aria_snapshot()
    assert re.search(r'- heading "Count.*\[level=1\]', told), told
    assert re.search(r'- progressbar "', told), told
    assert re.search(r'- button "Cancel job"', told), told
    assert re.search(r'- log "Log"', told), told
    # Told politely, and not with every report: neither the bar nor the log is a live region.
    noisy = page.locator("[aria-live=assertive], [role=progressbar][aria-live], [role=log][aria-live=polite]")
    assert noisy.count() == 0
    site.run("from tasks import control\ncontrol.cancel(job, force=False)", job=job)
    expect(page.locator(".job > [role=status]")).to_have_text("Cancelled")
