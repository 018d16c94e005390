"""How fresh a page is: a reader on a train misses nothing and is told so, and a page in the back costs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PLAIN, Visit, launch, log_lines
from tests.support.stack import Stack, wait_for
from tests.support.tunnel import Tunnel

COUNT = f"{PLAIN}.count"
DONE = "taskcast-log[data-complete=true]"
PHONE = {"viewport": {"width": 360, "height": 740}}
# Where everything of the header but the freshness itself stands.
HEADER = """() => [".top", ".brand", ".nav", ".top-end", ".user-name", ".top-end form"].map(name => {
    const {x, y, width, height} = document.querySelector(name).getBoundingClientRect();
    return [name, x, y, width, height].join(" ");
})"""
# Headless no tab is ever hidden; what the page asks of the browser is counted.
COUNTING = """
Object.defineProperty(document, "hidden", { get: () => window.away === true });
window.counted = { frames: 0, timers: 0, drawn: 0 };
const [frame, timeout, interval] = [requestAnimationFrame, setTimeout, setInterval];
window.requestAnimationFrame = (work) => { counted.frames += 1; return frame(work); };
window.setTimeout = (work, ...rest) => timeout(() => { counted.timers += 1; work(); }, ...rest);
window.setInterval = (work, ...rest) => interval(() => { counted.timers += 1; work(); }, ...rest);
addEventListener("DOMContentLoaded", () => new MutationObserver((list) => { counted.drawn += list.length; })
    .observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true }));
window.leave = (away) => {
    const cost = counted;
    window.counted = { frames: 0, timers: 0, drawn: 0 };
    window.away = away;
    document.dispatchEvent(new Event("visibilitychange"));
    return cost;
};
"""


@pytest.fixture
def tunnel(site: Stack) -> Iterator[Tunnel]:
    between = Tunnel(site.port)
    yield between
    between.close()


def connection(page: Page, state: str) -> None:
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", state)


def test_a_reader_on_a_train_misses_nothing_and_is_told_so(site: Stack, tunnel: Tunnel, visit: Visit) -> None:
    job = launch(site, COUNT, to=2_000, pause=0.01, lines=2_000)
    train = SimpleNamespace(url=f"http://127.0.0.1:{tunnel.port}", cookies=site.cookies)
    page = visit("alice", stack=train, complains=True, **PHONE).open(f"/jobs/{job}/")
    connection(page, "live")
    at_home = page.evaluate(HEADER)
    for n in range(5):
        drawn = last_line(page)
        wait_for(lambda drawn=drawn: last_line(page) >= drawn + 20, "the log goes on")
        tunnel.enter()
        connection(page, "reconnecting")
        assert page.evaluate(HEADER) == at_home
        if n == 0:
            note = page.locator("div.connection-note")
            expect(note).to_contain_text(re.compile(r"Not live since \d\d:\d\d:\d\d\. Trying again in \d+ s\."))
            assert page.evaluate(HEADER) == at_home
            tunnel.leave()
            # Its place is the same whatever it counts; and it may have come back by itself just now.
            note.get_by_role("button", name="Try now").dispatch_event("click")
        else:
            tunnel.leave()
        connection(page, "live")
        expect(page.locator("span.connection-note")).to_have_text(re.compile(r"^Caught up [\d,]+ events?$|^Up to date"))
        expect(page.locator("div.connection-note")).to_have_count(0)
    expect(page.locator(DONE)).to_be_visible(timeout=60_000)
    assert log_lines(page) == [f"at {n}" for n in range(2_000)]
    expect(page.locator("span.connection-note")).to_be_hidden()


def test_a_page_in_the_back_costs_nothing_and_its_tab_says_how_far_it_is(site: Stack, visit: Visit) -> None:
    job = launch(site, COUNT, to=1_000, pause=0.01, lines=1_000)
    reader = visit("alice")
    reader.context.add_init_script(COUNTING)
    page = reader.open(f"/jobs/{job}/")
    connection(page, "live")
    expect(page).to_have_title(re.compile(r"^\d+ % · "))
    page.evaluate("leave(true)")
    icon = page.locator("link[rel=icon]")
    lines, first, drawn = last_line(page), percent(page), icon.get_attribute("href")
    begun = page.evaluate("performance.now()")
    wait_for(lambda: percent(page) >= first + 20, "the tab goes on by itself")
    expect(icon).not_to_have_attribute("href", drawn or "")
    seconds = (page.evaluate("performance.now()") - begun) / 1000
    assert last_line(page) == lines
    cost = page.evaluate("leave(false)")
    # Once a second what has come is taken in; every 5 s it is acknowledged.
    assert cost["timers"] <= 1.2 * seconds + 2
    assert (cost["drawn"], cost["frames"]) == (0, 0)
    expect(page.locator(DONE)).to_be_visible()
    assert log_lines(page) == [f"at {n}" for n in range(1_000)]
    expect(page).to_have_title(re.compile("^✓ "))


def last_line(page: Page) -> int:
    """The number of the last line that is drawn."""
    numbers = page.locator(".line").evaluate_all("lines => lines.map(line => Number(line.dataset.n))")
    return max(numbers, default=0)


def percent(page: Page) -> int:
    """What the title says of the job."""
    return int(page.title().split(" %")[0])
