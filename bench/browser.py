"""Chromium, signed in to the measured instance."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.stack import Stack
from tools.test_needs import BROWSERS

_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's Chromium."""
    binary = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=[*_OPTIONS, "--disable-sync"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(browser: Browser, stack: Stack, cookies: dict[str, str]) -> Iterator[Page]:
    """A tab of a browser that has seen nothing of the instance yet, signed in by `cookies`."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        context.add_cookies([{"name": name, "value": value, "url": stack.url} for name, value in cookies.items()])
        yield context.new_page()
    finally:
        context.close()
