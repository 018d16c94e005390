"""Every part in every state: what the script draws is what the server wrote, to the pixel; nothing is cut; eight states
are told apart without colours.

No pictures are kept to compare with: fonts differ between machines. Both sides of each comparison come from one run.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from dashboard import gallery, gallery_views
from tasks.events import STATES
from tests.browser.conftest import Visit, people
from tests.browser.test_readable import LOOKS, axe
from tests.support.stack import Stack

# What stands where, and how it looks; but for the log, whose tools come with the script, and words for the ear alone.
PARTS = """() => {
    for (const log of document.querySelectorAll(".job-log, taskcast-log")) log.hidden = true;
    const skipped = "noscript, script, template, .unseen, .sort";
    const found = [];
    for (const part of document.querySelectorAll("main *")) {
        if (part.matches(skipped) || !part.checkVisibility()) continue;
        // A span that goes on is an element of its own, where the server writes its text alone.
        if (part.localName.startsWith("taskcast-") && !part.matches("taskcast-span[class]")) continue;
        const {x, y, width, height} = part.getBoundingClientRect();
        const {color, backgroundColor, fontSize, fontWeight} = getComputedStyle(part);
        const isText = [...part.children].every(child => child.matches("taskcast-span, .sort"));
        const text = isText ? part.textContent.trim() : "";
        const place = [x, y, width, height].map(Math.round).join(" ");
        const name = `${part.localName.replace("taskcast-", "")}.${part.getAttribute("class") ?? ""}`;
        found.push([name, place, text, color, backgroundColor, fontSize, fontWeight].join(" | "));
    }
    return found;
}"""
# Where text is cut without saying so, or two things that one clicks lie on one another.
FAULTS = """() => {
    const faults = [];
    const all = document.querySelectorAll("header.top *, main *, footer *");
    const shown = [...all].filter(part => part.checkVisibility() && !part.closest(".unseen, .skip, progress"));
    for (const part of shown) {
        const {overflowX, textOverflow, webkitLineClamp} = getComputedStyle(part);
        const says = textOverflow === "ellipsis" || webkitLineClamp !== "none";
        const over = part.clientWidth > 0 ? part.scrollWidth - part.clientWidth : 0;
        if (["hidden", "clip"].includes(overflowX) && !says && over > 1)
            faults.push(`cut: ${part.outerHTML.slice(0, 120)}`);
    }
    const targets = shown.filter(part => part.matches("a, button, input, select, textarea, summary"));
    const boxes = targets.flatMap(part => [...part.getClientRects()].map(box => [part, box]));
    for (const [a, one] of boxes) for (const [b, two] of boxes) {
        if (a === b || a.contains(b) || b.contains(a)) continue;
        const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left);
        const high = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
        if (wide > 1 && high > 1)
            faults.push(`over one another: ${a.outerHTML.slice(0, 80)} ${b.outerHTML.slice(0, 80)}`);
    }
    const wider = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    return wider > 0 ? [...faults, `${wider} px too wide`] : faults;
}"""


# Of 24 × 24 points of a badge's sign.
DIFFERENT = 60


@pytest.fixture(scope="module")
def developed() -> Iterator[Stack]:
    """An instance of somebody who develops: redis and daphne are all that it takes."""
    running = Stack(DEBUG="1")
    try:
        yield people(running.up())
    finally:
        running.down()


@pytest.mark.parametrize("look", LOOKS)
def test_what_the_script_draws_is_what_the_server_wrote(look: str, developed: Stack, visit: Visit) -> None:
    options = {"stack": developed, **LOOKS[look]}
    with_script, without = visit("dora", **options), visit("dora", java_script_enabled=False, **options)
    moved, page, plain = {}, with_script.open("/gallery/"), without.open("/gallery/")
    for path in ["/gallery/", *(f"/gallery/jobs/{name}/" for name in gallery.jobs())]:
        for tab in (page, plain):
            tab.goto(developed.url + path)
        drawn(page)
        # A clock may go on between the two: then once more.
        differing = differences(plain, page) and differences(plain, page, again=True)
        if differing:
            moved[path] = differing
    assert moved == {}


def drawn(page: Page) -> None:
    """Wait until the elements have taken over."""
    expect(page.locator("[data-connection]").first).to_have_attribute("data-connection", "reconnecting")
    if page.locator("main > taskcast-job").count():
        expect(page.locator("taskcast-log[data-complete]")).to_be_attached()


def differences(plain: Page, page: Page, *, again: bool = False) -> list[Any]:
    """Parts that are not the same in both."""
    if again:
        plain.reload()
        page.reload()
        drawn(page)
    before, after = plain.evaluate(PARTS), page.evaluate(PARTS)
    if len(before) != len(after):
        lost, new = [p for p in before if p not in after], [p for p in after if p not in before]
        return [("only without the script", lost[:5]), ("only with it", new[:5])]
    return [(old, new) for old, new in zip(before, after, strict=True) if old != new][:5]


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_is_cut_and_axe_finds_nothing(look: str, developed: Stack, visit: Visit) -> None:
    reader = visit("dora", stack=developed, complains=True, **LOOKS[look])
    page = reader.open("/gallery/")
    paths = [f"/gallery/jobs/{name}/" for name in ("started", "batch", "failed", "succeeded", "long")]
    paths += [f"/gallery/pages/{name}/" for name in gallery_views.REFUSALS]
    found = {}
    for path in ["/gallery/", *paths]:
        page.goto(developed.url + path)
        found[path] = page.evaluate(FAULTS) + axe(page)
    assert {path: problems for path, problems in found.items() if problems} == {}


def test_the_states_are_told_apart_without_colours(developed: Stack, visit: Visit) -> None:
    reader = visit("dora", stack=developed, reduced_motion="reduce", device_scale_factor=4, color_scheme="light")
    page = reader.open("/gallery/")
    shapes = {state: shape(page, state) for state in STATES}
    differing = {pair: distance(shapes[pair[0]], shapes[pair[1]]) for pair in combinations(STATES, 2)}
    assert {pair: points for pair, points in differing.items() if points < DIFFERENT} == {}


def distance(one: list[bool], two: list[bool]) -> int:
    """In how many points two signs differ."""
    return sum(a != b for a, b in zip(one, two, strict=True))


def shape(page: Page, state: str) -> list[bool]:
    """The badge's sign in 24 × 24 points, each inked or not."""
    badge = page.locator(f"[aria-labelledby=g-badges] .badge[data-state={state}]")
    badge.scroll_into_view_if_needed()
    box = badge.bounding_box()
    assert box
    side = page.evaluate("e => parseFloat(getComputedStyle(e).fontSize) * 0.75", badge.element_handle())
    clip = {"x": box["x"], "y": box["y"] + (box["height"] - side) / 2, "width": side, "height": side}
    picture = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("L").resize((24, 24))
    return [level < 170 for level in picture.tobytes()]
