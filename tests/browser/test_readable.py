"""Every page for every reader: axe finds nothing, nothing is wider than a phone, Korean is complete."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import PLAIN, Reader, Visit, launch
from tests.support.stack import Stack, wait_for

LOOKS: dict[str, dict[str, Any]] = {
    "wide": {"reduced_motion": "reduce"},
    "dark Korean phone": {
        "reduced_motion": "reduce",
        "color_scheme": "dark",
        "locale": "ko-KR",
        "viewport": {"width": 360, "height": 740},
    },
}


NAMES = (
    "overview",
    "tasks",
    "form",
    "many at once",
    "form of files",
    "jobs",
    "no jobs",
    "running",
    "asked",
    "succeeded",
    "failed",
    "schedules",
    "schedule",
    "form of a schedule",
    "notifications",
    "tokens",
    "workers",
    "several",
    "tree",
    "failed jobs",
    "calls",
    "nothing",
)

_CANCEL = "from tasks import control\ncontrol.cancel(job, force=force)"
_STATE = "from tasks import eventlog\nfound = eventlog.snapshot(job)\nanswer = found and found.job['state']"


_SCHEDULE = """
from django.contrib.auth import get_user_model
from tests.support.cast import new_schedule
answer = new_schedule(get_user_model().objects.get(username="alice"), description="Sums").pk
"""


def state(site: Stack, job: str) -> str | None:
    """The job's state as the log has it."""
    return site.run(_STATE, job=job)


@pytest.fixture(scope="module")
def shown(site: Stack) -> Iterator[dict[str, str]]:
    """Pages by name, with jobs in all the states that come by themselves."""
    table = launch(site, f"{PLAIN}.count", to=100, lines=100)
    failed = launch(site, f"{PLAIN}.fail")
    deaf = launch(site, f"{PLAIN}.deaf", seconds=600)
    running = launch(site, f"{PLAIN}.count", to=100_000, pause=0.01, lines=1000)
    wait_for(lambda: {state(site, deaf), state(site, running)} == {"started"}, "both long jobs run")
    site.run(_CANCEL, job=deaf, force=False)
    yield {
        "overview": "/",
        "tasks": "/tasks/",
        "form": f"/tasks/{PLAIN}.describe/",
        "many at once": f"/tasks/{PLAIN}.describe/batch/",
        "form of files": "/tasks/tasks.samples.tables.profile_csv/",
        "jobs": "/jobs/",
        "no jobs": "/jobs/?task=nothing",
        "running": f"/jobs/{running}/",
        "asked": f"/jobs/{deaf}/",
        "succeeded": f"/jobs/{table}/",
        "failed": f"/jobs/{failed}/",
        "schedules": "/schedules/",
        "schedule": f"/schedules/{site.run(_SCHEDULE)}/",
        "form of a schedule": f"/schedules/new/?task={PLAIN}.describe",
        "notifications": "/accounts/notifications/",
        "tokens": "/accounts/tokens/",
        "workers": "/workers/",
        "several": "/jobs/several/",
        "tree": f"/jobs/{table}/tree/",
        "failed jobs": "/jobs/?state=failed",
        "calls": "/api/v1/docs",
        "nothing": "/nowhere/",
    }
    # The processes that they hold are wanted by the tests that come.
    for job in (deaf, running):
        site.run(_CANCEL, job=job, force=True)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_and_nothing_overflows(name: str, look: str, shown: dict[str, str], visit: Visit) -> None:
    assert findings(visit("alice", complains=True, **LOOKS[look]), shown[name]) == []


def test_every_page_is_looked_at(shown: dict[str, str]) -> None:
    assert tuple(shown) == NAMES


def findings(reader: Reader, path: str) -> list[str]:
    """What is wrong with one page."""
    page = reader.open(path)
    if page.locator("taskcast-connection").count():
        expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    problems = axe(page) + ([f"{wider} px too wide"] if wider > 0 else [])
    page.close()
    return problems


def axe(page: Page) -> list[str]:
    """axe's findings, in the page's colours and in the other ones, each with the elements that it names."""
    # Sizes of targets are a criterion of WCAG 2.2, which axe leaves out unless it is told.
    found = _findings(page, {"rules": {"target-size": {"enabled": True}}})
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    page.emulate_media(color_scheme="light" if dark else "dark")
    found += _findings(page, {"runOnly": ["color-contrast"]})
    page.emulate_media(color_scheme="dark" if dark else "light")
    return found


# What passes is not written down, and every style sheet is our own: nothing has to be fetched again.
_QUICK = {"resultTypes": ["violations"], "preload": False}


def _findings(page: Page, options: dict[str, Any]) -> list[str]:
    violations: list[dict[str, Any]] = Axe().run(page, options={**_QUICK, **options}).response["violations"]
    return [f"{rule['id']}: {[node['html'][:120] for node in rule['nodes']]}" for rule in violations]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_where_one_signs_in_or_errs(look: str, visit: Visit) -> None:
    reader = visit(None, complains=True, **LOOKS[look])
    assert findings(reader, "/accounts/login/") == []
    page = visit("alice", complains=True, **LOOKS[look]).open("/tasks/tasks.samples.arithmetic.add/")
    page.locator("form.form").evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    expect(page.locator(".error-summary")).to_be_visible()
    assert axe(page) == []


def test_a_korean_reader_finds_no_english(shown: dict[str, str], visit: Visit) -> None:
    page = visit("alice", locale="ko-KR").open(shown["failed"])
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.locator(".badge")).to_have_text("실패")
    expect(page.locator("[data-connection]")).to_have_text("실시간")
    expect(page.get_by_role("navigation", name="주 메뉴")).to_contain_text("개요")
    page.get_by_role("button", name="English").click()
    expect(page.locator(".badge")).to_have_text("Failed")
    expect(page).to_have_url(re.compile(shown["failed"]))


def test_the_skip_link_and_the_form_work_by_keyboard(visit: Visit) -> None:
    # Dora has launched nothing, so no recent inputs stand before the form.
    reader = visit("dora")
    page = reader.open("/tasks/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("main :focus")).to_be_visible()
    page = reader.open("/tasks/tasks.samples.arithmetic.add/")
    expect(page.locator("[name=x]")).to_be_focused()
    page.keyboard.type("1")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.locator(".job-result .value")).to_have_text("3")
