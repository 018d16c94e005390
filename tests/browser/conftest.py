"""Real Chromium against real parts. A page that logs an error, or breaks its own security policy, fails its test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.support.stack import Stack
from tools.test_needs import BROWSERS

PLAIN = "tests.support.plain_tasks"
THIRTY = "tests.support.signatures_thirty"
BATCHES = "tests.support.batch_tasks"
SHOWN = "tests.support.shown_tasks"

# Two slow cores shared with the worker: what takes 5 s there is not broken.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def site() -> Iterator[Stack]:
    """An instance with daphne, a worker, the cast and somebody else's plain tasks; no test may kill its parts."""
    # Some tests hold a process each for as long as they look at its job: a launch must find a free one all the same.
    running = Stack(TASKCAST_APPS=f"{PLAIN},{THIRTY},{BATCHES},{SHOWN}", WORKERS="4")
    try:
        yield people(running.up())
    finally:
        running.down()


def people(stack: Stack) -> Stack:
    """Make the cast: alice and bob may launch, charlie may not, dora is staff and may."""
    for name in ("alice", "bob"):
        stack.user(name, launch=True)
    stack.user("charlie")
    stack.user("dora", staff=True, launch=True)
    return stack


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium; it is kept from asking anybody anything."""
    silent = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary(), args=[*silent, "--disable-sync"])
        yield browser
        browser.close()


def binary() -> str:
    """Where Chromium is; tools/test_needs.py has seen to it."""
    return next(filter(None, map(shutil.which, BROWSERS)))


class Reader:
    """One person's browser. `complaints` are what its pages have logged as errors."""

    def __init__(self, context: BrowserContext, stack: Stack) -> None:
        self.context = context
        self.stack = stack
        self.complaints: list[str] = []

    def open(self, path: str = "/") -> Page:
        """A new tab at `path`."""
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.stack.url + path)
        return page

    def _hear(self, said: ConsoleMessage) -> None:
        # A browser asks for this icon on pages that name none; ours do.
        if said.type == "error" and not said.location["url"].endswith("/favicon.ico"):
            self.complaints.append(said.text)


Visit = Callable[..., Reader]


@pytest.fixture
def visit(chromium: Browser, site: Stack) -> Iterator[Visit]:
    """``visit("alice")`` is alice's browser, signed in; ``visit(None)`` is anybody's.

    Keyword arguments are Playwright's of a context; `stack` is another instance; `complains` says that the test makes
    pages log errors, such as that of a server that is killed.
    """
    readers: list[tuple[Reader, bool]] = []

    def make(name: str | None, *, stack: Stack = site, complains: bool = False, **options: object) -> Reader:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})  # type: ignore[arg-type]
        if name:
            context.add_cookies([{"name": k, "value": v, "url": stack.url} for k, v in stack.cookies(name).items()])
        reader = Reader(context, stack)
        readers.append((reader, complains))
        return reader

    yield make
    for reader, complains in readers:
        reader.context.close()
        assert complains or reader.complaints == []


def launch(stack: Stack, task: str, owner: str | None = "alice", **args: object) -> str:
    """Launch a task as the API would, and return the job's id."""
    code = """
from django.contrib.auth import get_user_model
from tasks.launching import launch
user = get_user_model().objects.get(username=owner) if owner else None
answer = str(launch(task, args, user=user).pk)
"""
    return str(stack.run(code, task=task, owner=owner, args=args))


# Only what is in sight is drawn.
_READ_LOG = """async element => {
    const log = element.querySelector(".log");
    const texts = new Map();
    const look = async () => {
        await new Promise(requestAnimationFrame);
        while (element.dataset.complete !== "true") await new Promise(next => setTimeout(next, 5));
        for (const line of log.querySelectorAll(".line"))
            texts.set(Number(line.dataset.n), line.querySelector(".text").textContent);
    };
    log.scrollTop = 0;
    for (await look(); log.scrollTop + log.clientHeight < log.scrollHeight - 2; await look())
        log.scrollTop += log.clientHeight;
    const numbers = [...texts.keys()].sort((a, b) => a - b);
    return numbers.map((n, at) => (n === at + 1 ? texts.get(n) : `line ${n} is out of order`));
}"""


def log_lines(page: Page) -> list[str]:
    """The log's lines as they stand on the page, where one scrolls from its beginning to its end."""
    found: list[str] = page.locator("taskcast-log").evaluate(_READ_LOG)
    return found
