"""The list of jobs: searched by keyboard, live without jumping, ticked and steered, read on; and without a script."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PLAIN, Visit, launch
from tests.support.stack import Stack, wait_for

ROWS = "taskcast-job-list tr[data-job]"

_HISTORY = """
import uuid
from datetime import timedelta
from django.contrib.auth import get_user_model
from django.utils import timezone
from tasks.models import Job
bob, now = get_user_model().objects.get(username="bob"), timezone.now()
Job.objects.bulk_create(
    Job(id=uuid.uuid4(), task="history.task", args={"n": n}, state="succeeded", owner=bob, seq=3, epoch=1,
        created_at=now - timedelta(days=1, minutes=n), started_at=now, finished_at=now)
    for n in range(180)
)
answer = True
"""


def row(page: Page, job: str) -> str:
    return f"{ROWS}[data-job='{job}']"


def test_a_search_is_typed_lives_is_saved_and_steered(site: Stack, visit: Visit) -> None:
    deaf = launch(site, f"{PLAIN}.deaf", seconds=600)
    page = visit("alice").open("/jobs/")
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    box = page.get_by_role("combobox", name="Search jobs")

    # By keyboard alone: a qualifier, its value, a task by a part of its name, an argument.
    box.focus()
    page.keyboard.type("owne")
    offered = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(offered).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value("owner:")
    expect(offered.first).to_contain_text("owner:me")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value("owner:me ")
    page.keyboard.type("task:deaf args.")
    expect(offered.first).to_contain_text("args.seconds:")
    page.keyboard.press("Escape")
    expect(offered).to_have_count(0)
    page.keyboard.type("seconds:>=600 stat:x")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=owner%3Ame\+task%3Adeaf\+args\.seconds%3A%3E%3D600\+stat%3Ax"))
    expect(page.get_by_text("“stat:x”: there is no such qualifier. Did you mean “state:”?")).to_be_visible()
    expect(page.locator(row(page, deaf))).to_have_attribute("data-state", "started")

    # What comes while somebody is at the list waits; what does not fit never comes.
    page.locator(row(page, deaf)).get_by_role("checkbox").check()
    expect(page.locator(".picked")).to_have_text("1 selected")
    launch(site, f"{PLAIN}.count", to=1)
    launch(site, f"{PLAIN}.deaf", seconds=1)
    later = launch(site, f"{PLAIN}.deaf", seconds=601)
    news = page.get_by_role("button", name="1 new job")
    expect(news).to_be_visible()
    expect(page.locator(ROWS)).to_have_count(1)
    news.click()
    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.locator(ROWS).first).to_have_attribute("data-job", later)
    expect(page.locator(row(page, deaf)).get_by_role("checkbox")).to_be_checked()

    # Saved under a name, it is one click away.
    page.get_by_text("Save this search…").click()
    page.get_by_role("textbox", name="Name of this search").fill("My deaf ones")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as “My deaf ones”.")).to_be_visible()
    chip = page.get_by_role("link", name="My deaf ones", exact=True)
    expect(chip).to_have_attribute("aria-current", "true")

    # All on the page are asked to stop; the page says so, and leads back to the same search.
    page.get_by_role("checkbox", name="All on this page").check()
    expect(page.locator(".picked")).to_have_text("2 selected")
    page.locator(".list-actions").get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("2 jobs are asked to stop")).to_be_visible()
    for job in (deaf, later):
        site.run("from tasks import control\ncontrol.cancel(job, force=True)", job=job)
    page.go_back()
    expect(page.locator(f"{ROWS}[data-state=cancelled]")).to_have_count(2)


def test_scrolling_reads_on_and_coming_back_finds_the_place(site: Stack, visit: Visit) -> None:
    site.run(_HISTORY)
    page = visit("bob").open("/jobs/?q=task:history")
    expect(page.locator(ROWS)).to_have_count(50)
    # Who comes near the end is given the next ones, maybe twice until he stands.
    for number in (100, 150, 180):
        page.locator(ROWS).last.scroll_into_view_if_needed()
        page.mouse.wheel(0, 10_000)
        wait_for(lambda number=number: page.locator(ROWS).count() >= number, f"{number} jobs are read")
    expect(page.locator(ROWS)).to_have_count(180)
    expect(page.locator(".pager .go-on")).to_be_hidden()
    expect(page).to_have_url(re.compile("limit=200"))
    last = page.locator(ROWS).nth(170)
    job = last.get_attribute("data-job")
    last.get_by_role("link").click()
    expect(page.locator(f"taskcast-job[data-job='{job}']")).to_be_visible()
    page.go_back()
    expect(page.locator(f"{ROWS}[data-job='{job}']")).to_be_in_viewport()
    expect(page.locator(ROWS)).to_have_count(180)


def test_without_a_script_it_is_searched_ticked_and_read_on_too(site: Stack, visit: Visit) -> None:
    failed = launch(site, f"{PLAIN}.fail")
    live = visit("alice").open(f"/jobs/{failed}/")
    expect(live.locator("taskcast-job")).to_have_attribute("data-state", "failed")
    page = visit("alice", java_script_enabled=False).open("/jobs/")
    page.get_by_text("How to search").click()
    expect(page.get_by_text("state:failed,lost")).to_be_visible()
    page.get_by_role("searchbox", name="Search jobs").fill(f"id:{failed[:13]}")
    page.get_by_role("combobox", name="Order").select_option("Oldest first")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(ROWS)).to_have_count(1)
    page.locator(ROWS).get_by_role("checkbox").check()
    page.locator(".list-actions").get_by_role("button", name="Run again").click()
    expect(page.get_by_text("1 job is launched again")).to_be_visible()
    with page.expect_download() as download:
        page.goto(f"{site.url}/jobs/?q=id:{failed[:13]}")
        page.locator(".export summary").click()
        page.get_by_role("link", name="CSV").click()
    assert failed in download.value.path().read_text(encoding="utf-8")
