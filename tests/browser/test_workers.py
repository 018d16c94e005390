"""The page of workers and queues: an operator finds why jobs wait, and has them go on; the page is live meanwhile."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BATCHES, PLAIN, Visit, launch, people
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.timeout(300)

MAYBE = f"{BATCHES}.maybe"
_STATE = "from dashboard import queries\nanswer = queries.find(id).job['state']"


def state(stack: Stack, job: str) -> str:
    return str(stack.run(_STATE, id=job))


def test_an_operator_finds_why_jobs_wait_and_has_them_go_on(stack_factory: Callable[..., Stack], visit: Visit) -> None:
    stack = people(stack_factory(TASKCAST_APPS=f"{PLAIN},{BATCHES}", WORKERS="1"))
    page = visit("dora", stack=stack).open("/workers/")
    queue, worker = page.locator("[data-queue=celery]"), page.locator("[data-worker]")
    expect(worker).to_have_attribute("data-work", "idle")

    # The queue is paused: after a question, which can be left.
    queue.get_by_role("link", name="Pause…").click()
    page.get_by_role("link", name="Back").click()
    expect(queue).not_to_have_attribute("data-paused", "")
    queue.get_by_role("link", name="Pause…").click()
    page.get_by_role("button", name="Pause").click()
    expect(queue).to_contain_text("Nothing is taken: paused by dora since")
    wait_for(lambda: stack.run(_HEEDS), "the worker heeds it")
    job = launch(stack, MAYBE, number=1)
    expect(queue.locator("[data-label=Waiting]")).to_have_text("1")
    expect(queue.locator("[data-label=Oldest]")).to_contain_text("s")
    queue.get_by_role("button", name="Resume").click()
    wait_for(lambda: state(stack, job) == "succeeded", "it runs")

    # The worker drains: it says so itself, ends what it has, and takes again.
    long = launch(stack, f"{PLAIN}.deaf", seconds=20)
    expect(worker).to_have_attribute("data-work", "working")
    wait_for(lambda: state(stack, long) == "started", "it has a job")
    worker.get_by_role("link", name="Drain…").click()
    expect(page.locator("main")).to_contain_text("1 job that it holds ends first")
    page.get_by_role("button", name="Drain it").click()
    expect(worker).to_have_attribute("data-work", "draining")
    expect(queue).to_contain_text("Nothing is taken: the workers that listen drain.")
    job = launch(stack, MAYBE, number=2)
    # What the reader has opened stays open, and what has the focus keeps it, while the page goes on.
    worker.locator("summary").click()
    again = worker.get_by_role("button", name="Take jobs again")
    again.focus()
    before = page.locator(".freshness").text_content()
    expect(page.locator(".freshness")).not_to_have_text(before or "")
    expect(again).to_be_focused()
    expect(worker.locator("details[open] a")).to_have_attribute("href", f"/jobs/{long}/")
    assert state(stack, job) == "queued"
    again.press("Enter")
    wait_for(lambda: state(stack, job) == "succeeded", "it takes again", 60)
    assert state(stack, long) == "succeeded"

    # One process more.
    worker.get_by_role("link", name="One process more").click()
    page.get_by_role("button", name="Yes, change it").click()
    expect(worker).to_contain_text("0 of 2 at work")

    # A worker that is killed is named, and a web process that is away is not hidden.
    stack.kill("worker")
    expect(worker).to_have_attribute("data-work", "gone")
    expect(queue).not_to_contain_text("Nothing is taken")
    launch(stack, MAYBE, number=3)
    expect(queue).to_contain_text("Nothing is taken: no worker listens.")


_HEEDS = """
from tasks import leases
answer = [one["paused"] for one in leases.alive(leases.workers()).values()] == [["celery"]]
"""


def test_others_see_workers_and_are_offered_nothing(site: Stack, visit: Visit) -> None:
    page = visit("alice", viewport={"width": 360, "height": 740}).open("/workers/")
    expect(page.locator("[data-worker]")).to_be_visible()
    expect(page.get_by_role("link", name="Drain…")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
