"""A job is watched: live, in several tabs, over reloads and over the death of the web process."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PLAIN, Visit, launch, log_lines, people
from tests.support.stack import Stack

COUNT = f"{PLAIN}.count"
EMBED = """job => {
    const script = Object.assign(document.createElement("script"), {type: "module", src: "/static/embed.js"});
    const element = document.createElement("taskcast-job");
    element.setAttribute("job", job);
    document.body.replaceChildren(element, script);
}"""
NARROW = """() => {
    const element = document.querySelector("taskcast-job");
    element.style.width = "670px";
    return {log: element.shadowRoot.querySelector(".line .text").getBoundingClientRect().width};
}"""
DONE = "taskcast-log[data-complete=true]"


def test_the_bar_the_log_and_the_result_move_by_themselves(site: Stack, visit: Visit) -> None:
    job = launch(site, COUNT, to=300, pause=0.02, lines=30)
    page = visit("alice").open(f"/jobs/{job}/")
    bar = page.locator("taskcast-job").get_by_role("progressbar").first
    expect(bar).to_have_attribute("aria-valuemax", "300")
    expect(bar).to_have_attribute("aria-valuemin", "0")
    seen = set()
    while page.locator("taskcast-job").get_attribute("data-state") in ("queued", "started"):
        seen.add(bar.get_attribute("aria-valuenow"))
    assert len(seen) > 10
    expect(bar).to_have_attribute("aria-valuenow", "300")
    expect(page.locator(".progress-text")).to_contain_text("Counting")
    expect(page.locator(DONE)).to_be_visible()
    assert log_lines(page) == [f"at {n}" for n in range(0, 300, 10)]
    expect(page.locator(".job-result .value")).to_have_text("300")
    # The log places by script what it draws.
    assert page.locator("[style]:not(.log, .log-space, .log-pane)").count() == 0


def test_a_reload_and_a_second_tab_end_with_the_same_log(site: Stack, visit: Visit) -> None:
    job = launch(site, COUNT, to=400, pause=0.01, lines=400)
    reader = visit("alice")
    first = reader.open(f"/jobs/{job}/")
    expect(first.locator(".line").nth(50)).to_be_attached()
    second = reader.open(f"/jobs/{job}/")
    first.reload()
    for page in (first, second):
        expect(page.locator(DONE)).to_be_visible()
        assert log_lines(page) == [f"at {n}" for n in range(400)]
        expect(page.locator(".job-result .value")).to_have_text("400")


def test_a_web_process_that_dies_in_the_middle_costs_nothing(stack_factory: Callable[..., Stack], visit: Visit) -> None:
    stack = people(stack_factory(TASKCAST_APPS=PLAIN))
    job = launch(stack, COUNT, to=500, pause=0.02, lines=500)
    reader = visit("alice", stack=stack, complains=True)
    pages = [reader.open(f"/jobs/{job}/") for _ in range(2)]
    expect(pages[1].locator(".line").nth(50)).to_be_attached()
    stack.kill("daphne")
    for page in pages:
        expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "reconnecting")
        expect(page.locator("taskcast-job")).to_have_attribute("data-state", "started")
    stack.start("daphne")
    for page in pages:
        expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
        expect(page.locator(DONE)).to_be_visible()
        assert log_lines(page) == [f"at {n}" for n in range(500)]
        expect(page.locator(".job-result .value")).to_have_text("500")


def test_the_beginning_of_a_long_log_is_fetched(site: Stack, visit: Visit) -> None:
    job = launch(site, COUNT, to=1900, lines=1900)
    reader = visit("alice")
    expect(reader.open(f"/jobs/{job}/").locator("taskcast-job")).to_have_attribute("data-state", "succeeded")
    page = reader.open(f"/jobs/{job}/")
    expect(page.locator(DONE)).to_be_visible()
    assert log_lines(page) == [f"at {n}" for n in range(1900)]


def test_a_cancel_is_asked_and_then_done(site: Stack, visit: Visit) -> None:
    job = launch(site, COUNT, to=100_000, pause=0.01)
    page = visit("alice").open(f"/jobs/{job}/")
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "started")
    page.get_by_role("button", name="Cancel job").click()
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "cancelled")
    expect(page.get_by_role("button", name=re.compile("Cancel"))).to_have_count(0)


def test_a_task_that_never_looks_is_stopped_by_force(site: Stack, visit: Visit) -> None:
    job = launch(site, f"{PLAIN}.deaf", seconds=120)
    page = visit("alice").open(f"/jobs/{job}/")
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "started")
    page.get_by_role("button", name="Cancel job").click()
    expect(page.locator(".progress-text")).to_have_text("Asked to stop; the task has not looked yet")
    page.get_by_text("Stop by force…").click()
    expect(page.get_by_text("Its process is terminated")).to_be_visible()
    page.get_by_role("button", name="Terminate the process").click()
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "cancelled")


def test_force_works_without_scripts(site: Stack, visit: Visit) -> None:
    job = launch(site, f"{PLAIN}.deaf", seconds=120)
    page = visit("alice", java_script_enabled=False).open(f"/jobs/{job}/")
    wait_for_state(page, "started")
    page.get_by_role("button", name="Cancel job").click()
    page.get_by_text("Stop by force…").click()
    page.get_by_role("button", name="Terminate the process").click()
    wait_for_state(page, "cancelled")


def wait_for_state(page: Page, state: str) -> None:
    """Reload until the job is in `state`."""
    for _ in range(100):
        if page.locator("taskcast-job").get_attribute("data-state") == state:
            break
        page.reload()
    assert page.locator("taskcast-job").get_attribute("data-state") == state


def test_downloads_beside_outputs_and_result_work(site: Stack, visit: Visit) -> None:
    job = launch(site, f"{PLAIN}.talk")
    reader = visit("alice")
    page = reader.open(f"/jobs/{job}/")
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded")
    # That a table goes on beyond its edge is seen by a shadow there: scroll bars hide themselves.
    table = page.locator("[data-output=table] .table-scroll")
    assert "gradient" in table.evaluate("table => getComputedStyle(table).backgroundImage")
    with page.expect_download() as download:
        page.locator("[data-output=table]").get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "table.json"
    assert Path(download.value.path()).read_text(encoding="utf-8") == '[{"a":1},{"a":2}]'


def test_a_failure_shows_its_error_with_the_traceback_folded(site: Stack, visit: Visit) -> None:
    job = launch(site, f"{PLAIN}.fail", text="<b>nothing</b> to do")
    page = visit("alice").open(f"/jobs/{job}/")
    error = page.get_by_role("region", name="Error")
    expect(error).to_contain_text("ValueError")
    expect(error).to_contain_text("<b>nothing</b> to do")
    expect(error.locator(".traceback")).to_be_hidden()
    error.get_by_text("Traceback", exact=True).click()
    expect(error.locator(".traceback")).to_contain_text("plain_tasks.py")


def test_others_see_nothing_of_it(site: Stack, visit: Visit) -> None:
    stranger = visit("bob", complains=True)
    watching = stranger.open("/jobs/")
    owner = visit("alice").open("/jobs/")
    for page in (watching, owner):
        expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    job = launch(site, COUNT, to=3)
    mine = launch(site, COUNT, owner="bob", to=4)
    expect(owner.locator(f'tr[data-job="{job}"]')).to_have_attribute("data-state", "succeeded")
    expect(watching.locator(f'tr[data-job="{mine}"]')).to_have_attribute("data-state", "succeeded")
    expect(watching.locator(f'tr[data-job="{job}"]')).to_have_count(0)
    expect(stranger.open(f"/jobs/{job}/").get_by_role("heading")).to_have_text("Not found")


def test_a_page_of_somebody_elses_can_embed_a_job(site: Stack, visit: Visit) -> None:
    job = launch(site, COUNT, to=200, pause=0.01, lines=20)
    # Any page of the site that is not ours; its own policy allows neither inline scripts nor inline styles.
    page = visit("alice").open("/healthz")
    page.evaluate(EMBED, job)
    shown = page.locator("taskcast-job")
    expect(shown).to_have_attribute("data-job", job)
    expect(shown).to_have_attribute("data-state", "succeeded")
    expect(shown.locator(".job-result .value")).to_have_text("200")
    expect(shown.locator(".line")).to_have_count(20)
    narrow = page.evaluate(NARROW)
    assert narrow["log"] > 400, narrow
    assert shown.locator(".badge").evaluate("badge => getComputedStyle(badge).fontWeight") == "600"


@pytest.mark.parametrize("job", ["nope", "00000000-0000-4000-8000-000000000000"])
def test_an_embedded_job_that_cannot_be_shown_says_so(visit: Visit, job: str) -> None:
    page = visit("bob").open("/healthz")
    page.evaluate(EMBED, job)
    expect(page.locator("taskcast-job").get_by_role("alert")).to_contain_text("does not exist")


def test_who_is_signed_out_is_told_so_by_an_embedded_job(visit: Visit) -> None:
    page = visit(None).open("/healthz")
    page.evaluate(EMBED, "00000000-0000-4000-8000-000000000000")
    expect(page.locator("taskcast-job").get_by_role("alert")).to_have_text("Sign in to see this job.")


def test_in_a_narrow_place_a_job_has_one_column(site: Stack, visit: Visit) -> None:
    job = launch(site, COUNT, to=10, lines=5)
    page = visit("alice").open(f"/jobs/{job}/")
    expect(page.locator(DONE)).to_be_visible()
    facts, log = page.locator(".job-facts"), page.locator(".line .text").first
    assert left(facts) > left(log)
    page.locator("taskcast-job").evaluate("job => { job.style.width = '670px' }")
    assert left(facts) < left(log)
    assert log.evaluate("text => text.clientWidth") > 400


def test_a_short_log_is_short_out_of_sight_too(site: Stack, visit: Visit) -> None:
    job = launch(site, COUNT, to=10, lines=5)
    page = visit("alice", viewport={"width": 1280, "height": 200}).open(f"/jobs/{job}/")
    expect(page.locator(DONE)).to_be_visible()
    assert page.locator(".log").evaluate("log => log.scrollHeight") < 200


def left(place: Locator) -> float:
    """How far from the left a place begins, in px."""
    return float(place.evaluate("place => place.getBoundingClientRect().left"))
