"""The children of a job on its page: live, in order, over the death of the web process; and without a script."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import BATCHES, PLAIN, Visit, launch, people
from tests.support.stack import Stack, wait_for

MAYBE = f"{BATCHES}.maybe"
ROWS = ".children tr[data-job]"
MOVING = "document.getAnimations().map(one => one.animationName)"


def launch_batch(stack: Stack, rows: list[dict[str, object]]) -> str:
    code = """
from django.contrib.auth import get_user_model
from tasks.batch import launch_batch
answer = str(launch_batch(task, rows, user=get_user_model().objects.get(username="alice")).pk)
"""
    return str(stack.run(code, task=MAYBE, rows=rows))


def states(page: Page) -> list[str | None]:
    return [row.get_attribute("data-state") for row in page.locator(ROWS).all()]


def test_children_move_and_come_also_while_the_web_process_is_away(
    stack_factory: Callable[..., Stack], visit: Visit
) -> None:
    stack = people(stack_factory(TASKCAST_APPS=f"{PLAIN},{BATCHES}", WORKERS="1"))
    stack.pause("worker")
    batch = launch_batch(stack, [{"number": n, "fails": n == 2} for n in range(60)])
    spread = launch(stack, f"{BATCHES}.spread", count=70)
    reader = visit("alice", stack=stack, complains=True)
    of_batch, of_spread = (reader.open(f"/jobs/{job}/") for job in (batch, spread))
    expect(of_batch.locator(f"{ROWS}[data-state=queued]")).to_have_count(50)
    expect(of_spread.locator(".children")).to_be_hidden()
    for page in (of_batch, of_spread):
        expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    stack.kill("daphne")
    stack.resume("worker")
    state = "from tasks.models import Job\nanswer = Job.objects.filter(state='succeeded').count()"
    wait_for(lambda: stack.run(state) >= 59 + 71, "all have ended")
    stack.start("daphne")
    expect(of_batch.locator(f"{ROWS}[data-state=succeeded]")).to_have_count(49)
    assert states(of_batch)[2] == "failed"
    expect(of_batch.get_by_role("button", name="Run the failed ones again")).to_be_visible()
    expect(of_batch.locator(".ends-words")).to_have_text("Succeeded 59, Failed 1")
    assert of_batch.locator(".row-number").all_text_contents() == [f"row {n}" for n in range(1, 51)]
    expect(of_spread.locator(f"{ROWS}[data-state=succeeded]")).to_have_count(50)
    expect(of_spread.locator(".more")).to_have_text("… and 20 more")


def test_of_a_batch_that_succeeds_nothing_is_offered_again(site: Stack, visit: Visit) -> None:
    batch = launch_batch(site, [{"number": n, "seconds": 0.5} for n in range(12)])
    page = visit("alice").open(f"/jobs/{batch}/")
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded")
    expect(page.locator(f"{ROWS}[data-state=succeeded]")).to_have_count(12)
    assert page.get_by_role("button", name=re.compile("Run")).count() == 0


def test_without_a_script_nothing_moves_and_the_page_says_so(site: Stack, visit: Visit) -> None:
    job = launch(site, f"{PLAIN}.deaf", seconds=120)
    live = visit("alice").open(f"/jobs/{job}/")
    expect(live.locator("taskcast-job")).to_have_attribute("data-state", "started")
    assert {"pulse", "wander"} <= set(live.evaluate(MOVING))
    page = visit("alice", java_script_enabled=False).open(f"/jobs/{job}/")
    hint = page.locator("noscript p")  # by its place: Playwright looks for no text in there
    expect(hint).to_be_visible()
    badge = "getComputedStyle(document.querySelector('taskcast-job .badge'), '::before').animationName"
    assert page.evaluate(badge) == "none"
    assert page.evaluate("getComputedStyle(document.querySelector('progress')).animationName") == "none"
    hint.locator("a").click()
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "started")
    live.get_by_role("button", name="Cancel job").click()
    live.get_by_text("Stop by force…").click()
    live.get_by_role("button", name="Terminate the process").click()
    expect(live.locator("taskcast-job")).to_have_attribute("data-state", "cancelled")
