"""Every page in every look, as lossless WebP."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.support.stack import Stack

LOOKS: dict[str, dict[str, Any]] = {
    "": {"viewport": {"width": 1440, "height": 900}},
    "-dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "-phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
    "-phone-dark-korean": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "color_scheme": "dark",
        "locale": "ko-KR",
    },
    "-korean": {"viewport": {"width": 1440, "height": 900}, "locale": "ko-KR"},
}
#: What somebody sees who has nothing yet, and what one sees who is not signed in.
EMPTY = {"empty-overview": "/", "empty-tasks": "/tasks/", "empty-jobs": "/jobs/", "empty-schedules": "/schedules/"}
SIGNED_OUT = {"sign-in": "/accounts/login/", "welcome-used": "/welcome/x/"}


def take(stack: Stack, browser: Browser, pages: Mapping[str, str], folder: Path) -> Iterator[Path]:
    """Take all of them; gives the path of each."""
    for who, shown in (("alice", pages), ("charlie", EMPTY), (None, SIGNED_OUT)):
        tabs = {look: _tab(stack, browser, who, options) for look, options in LOOKS.items()}
        for name, path in shown.items():
            for look, tab in tabs.items():
                tab.goto(stack.url + path)
                yield picture(tab, folder / f"{name}{look}.webp")
        for tab in tabs.values():
            tab.context.close()
    yield from _trouble(stack, browser, pages, folder)


def _trouble(stack: Stack, browser: Browser, pages: Mapping[str, str], folder: Path) -> Iterator[Path]:
    """What is seen while a part is away; last, since the parts stay away."""
    tab = _tab(stack, browser, "alice", LOOKS[""])
    tab.goto(stack.url + pages["job"])
    settled(tab)
    stack.kill("redis")
    expect(tab.locator("[data-connection]")).to_have_attribute("data-log", "away", timeout=30_000)
    yield picture(tab, folder / "job-redis-away.webp")
    stack.kill("daphne")
    expect(tab.locator("div.connection-note button")).to_be_visible(timeout=30_000)
    yield picture(tab, folder / "job-offline.webp")
    tab.context.close()


def _tab(stack: Stack, browser: Browser, who: str | None, options: dict[str, Any]) -> Page:
    context = browser.new_context(reduced_motion="reduce", **options)
    if who:
        cookies = stack.cookies(who).items()
        context.add_cookies([{"name": name, "value": value, "url": stack.url} for name, value in cookies])
    return context.new_page()


def settled(tab: Page) -> None:
    """Wait until the page is live, where it lives."""
    if tab.locator("taskcast-connection").count():
        expect(tab.locator("[data-connection]")).to_have_attribute("data-connection", "live", timeout=30_000)


def picture(tab: Page, path: Path) -> Path:
    """What the window shows, written to `path`."""
    if "away" not in path.name and "offline" not in path.name:
        settled(tab)
    Image.open(io.BytesIO(tab.screenshot())).save(path, lossless=True, method=4)
    return path
