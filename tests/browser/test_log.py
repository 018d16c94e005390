"""The log of a job's page: long, live, searched, linked to, and without scripts."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import PLAIN, Visit, launch
from tests.support.stack import Stack

LINES = 200_000
DONE = "taskcast-log[data-complete=true]"
# An ended job with so many lines, a hundred in an event, as the recorder archives them.
WRITE = """
import uuid
from django.contrib.auth import get_user_model
from django.utils import timezone
from tasks.archive import new_chunks
from tasks.events import dumps
from tasks.models import Job, JobEvents
from tasks.upsert import insert
now, job = timezone.now(), str(uuid.uuid4())
event = '{"seq":%d,"time":"2026-01-02T03:04:05.000000+00:00","kind":"log","lines":%s}'
def line(n):
    text = f"\\x1b[32mline\\x1b[0m {n} of many" + " which goes on" * (40 if n % 500 == 0 else 0)
    level = "error" if n % 50_000 == 0 else "info"
    return {"time": "2026-01-02T03:04:05.000000+00:00", "level": level, "text": text}
events = [(seq, event % (seq, dumps([line(n) for n in range(seq * 100 - 99, seq * 100 + 1)])))
          for seq in range(1, count // 100 + 1)]
Job.objects.create(id=job, task="t.talk", state="succeeded", owner=get_user_model().objects.get(username="alice"),
                   created_at=now, started_at=now, finished_at=now, seq=len(events), archived=len(events), lines=count,
                   epoch=1, attempt=1, published_at=now)
insert(JobEvents, list(new_chunks(job, 1, events, before=0, live=False)))
answer = job
"""
# Come to a line by its number, as the search does: the milliseconds until it is on the page.
JUMP = """async n => {
    const input = document.querySelector(".log-search input");
    input.value = `:${n}`;
    const begun = performance.now();
    input.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true}));
    while (!document.querySelector(`.line[data-n="${n}"] .text`)) await new Promise(next => setTimeout(next, 1));
    return performance.now() - begun;
}"""
IN_SIGHT = """n => {
    const log = document.querySelector(".log").getBoundingClientRect();
    const line = document.querySelector(`.line[data-n="${n}"]`)?.getBoundingClientRect();
    return Boolean(line && line.bottom > log.top && line.top < log.bottom);
}"""
# Scroll up through the log: rows in sight that were passed over, or stand in the wrong order.
SCROLL = """async () => {
    const log = document.querySelector(".log");
    const seen = new Set();
    for (let step = 0; step < 150; step++) {
        const numbers = [...log.querySelectorAll(".line")].map(line => Number(line.dataset.n));
        if (numbers.some((n, at) => at > 0 && n !== numbers[at - 1] + 1)) return "out of order";
        for (const n of numbers) seen.add(n);
        log.scrollTop -= 200;
        await new Promise(requestAnimationFrame);
    }
    const all = [...seen];
    return Math.max(...all) - Math.min(...all) + 1 - seen.size;
}"""


def test_a_long_log_is_drawn_where_one_looks(site: Stack, visit: Visit) -> None:
    job = site.run(WRITE, count=LINES)
    page = visit("alice").open(f"/jobs/{job}/")
    expect(page.locator(DONE)).to_be_visible()
    expect(page.locator(".log-size")).to_have_text("200,000 lines")
    expect(line(page, LINES)).to_be_in_viewport()
    assert page.locator(".line").count() < 400
    expect(line(page, LINES - 1).locator(".ansi-2")).to_have_text("line")

    assert page.evaluate(SCROLL) == 0
    for n in (100_000, 1, LINES, 77_777):
        assert page.evaluate(JUMP, n) < 5_000  # 50 to 250 ms on a machine that has nothing else to do
        assert page.evaluate(IN_SIGHT, n)
        assert page.locator(".line").count() < 400
        assert page.url.endswith(f"#L{n}")
    expect(line(page, 77_777)).to_have_class(re.compile("marked"))

    page.locator(".log").focus()
    page.keyboard.press("Home")
    expect(line(page, 1)).to_be_in_viewport()
    page.keyboard.press("PageDown")
    expect(line(page, 1)).not_to_be_in_viewport()
    expect(page.locator(".log-return")).to_have_text("↓ To the end")
    page.locator(".log-return").click()
    expect(line(page, LINES)).to_be_in_viewport()
    expect(page.locator(".log-return")).to_be_hidden()

    page.keyboard.press("/")
    page.keyboard.type("LINE 150000 OF")
    expect(page.locator(".log-count")).to_have_text("1 of 1")
    expect(line(page, 150_000).locator("mark").first).to_be_in_viewport()
    page.get_by_label("Levels that are shown").select_option("error")
    expect(page.locator(".line .text")).to_have_count(4)
    page.get_by_role("searchbox").fill("many")
    expect(page.locator(".log-count")).to_have_text(re.compile("[1-4] of 4"))
    # Of four, each is the next but three.
    at = int((page.locator(".log-count").text_content() or "")[0])
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".log-count")).to_have_text(f"{(at + 2) % 4 + 1} of 4")
    page.keyboard.press("Enter")
    expect(page.locator(".log-count")).to_have_text(f"{at} of 4")
    page.keyboard.press("Escape")
    expect(page.locator(".log")).to_be_focused()
    expect(page.locator("mark")).to_have_count(0)


def test_a_link_leads_to_lines_and_names_them(site: Stack, visit: Visit) -> None:
    job = site.run(WRITE, count=5_000)
    page = visit("alice").open(f"/jobs/{job}/#L1200-L1202")
    expect(page.locator(".line.marked")).to_have_count(3)
    assert page.evaluate(IN_SIGHT, 1200)
    line(page, 1204).locator(".n").click()
    assert page.url.endswith("#L1204")
    line(page, 1201).locator(".n").click(modifiers=["Shift"])
    assert page.url.endswith("#L1201-L1204")
    expect(page.locator(".line.marked")).to_have_count(4)
    page.evaluate("location.hash = '#L4000'")
    expect(line(page, 4000)).to_be_in_viewport()


def test_who_scrolls_up_stays_and_is_told_of_new_lines(site: Stack, visit: Visit) -> None:
    job = launch(site, f"{PLAIN}.count", to=3_000, pause=0.01, lines=3_000)
    page = visit("alice").open(f"/jobs/{job}/")
    expect(page.locator(".log-size")).to_have_text(re.compile(r"\d{3} lines"))
    page.locator(".log").hover()
    page.mouse.wheel(0, -600)
    expect(page.locator(".log-return")).to_contain_text(re.compile(r"↓ \d+ new lines"))
    first = top(page)
    expect(page.locator(".log-return")).to_contain_text(re.compile(r"↓ \d{3} new lines"))
    assert top(page) == first
    page.locator(".log-return").click()
    expect(page.locator(".log-return")).to_be_hidden()
    page.get_by_role("button", name="Cancel job").click()
    expect(page.locator(DONE)).to_be_visible()


def test_the_log_without_scripts_and_as_a_file(site: Stack, visit: Visit) -> None:
    job = site.run(WRITE, count=5_000)
    page = visit("alice", java_script_enabled=False).open(f"/jobs/{job}/#L4950")
    expect(page.locator(".line")).to_have_count(200)
    expect(page.locator(".log-earlier")).to_have_text("4,800 earlier lines are in the download.")
    expect(page.locator("#L4950")).to_be_in_viewport()
    with page.expect_download() as download:
        page.locator(".log-download").click()
    assert download.value.suggested_filename == f"t.talk-{job}.log"
    text = download.value.path().read_text()
    assert text.count("\n") == 5_000
    assert text.splitlines()[41] == "2026-01-02T03:04:05.000000+00:00 INFO     line 42 of many"


def test_a_job_that_says_nothing_has_no_box_for_it(site: Stack, visit: Visit) -> None:
    job = launch(site, f"{PLAIN}.double", x=2)
    for scripts in (True, False):
        page = visit("alice", java_script_enabled=scripts).open(f"/jobs/{job}/")
        expect(page.locator(".job-log")).to_contain_text(re.compile("No log lines|No lines yet"))
        expect(page.locator(".log")).to_have_count(0)


def line(page: Page, number: int) -> Any:
    """A line of the log by its number."""
    return page.locator(f'.line[data-n="{number}"]')


def top(page: Page) -> Any:
    """The first line in sight, and where it stands."""
    return page.evaluate(
        """() => {
            const box = document.querySelector(".log").getBoundingClientRect();
            const line = document.elementFromPoint(box.left + 40, box.top + 30).closest(".line");
            return [line.dataset.n, Math.round(line.getBoundingClientRect().top)];
        }"""
    )
