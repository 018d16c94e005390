"""Saved inputs, links that fill a form in and the question before a launch, with and without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PLAIN, Visit
from tests.support.stack import Stack

ADD = "tasks.samples.arithmetic.add"
INVITE = f"{PLAIN}.invite"
JOB = re.compile(r"/jobs/[0-9a-f-]{36}/$")
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"[name={name}]").fill(value)


@SCRIPTS
def test_inputs_are_saved_chosen_renamed_and_deleted(visit: Visit, scripts: bool) -> None:
    name = f"Ones {scripts}"
    page = visit("bob", java_script_enabled=scripts).open(f"/tasks/{ADD}/")
    fill(page, x="1", y="11")
    page.get_by_role("button", name="Save these inputs…").click()
    page.get_by_label("Name of these inputs").fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Saved as “{name}”.")).to_be_visible()
    expect(page.locator("[name=y]")).to_have_value("11")
    page.goto(page.url.split("?")[0])
    expect(page.locator("[name=y]")).to_have_value("")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.locator("[name=y]")).to_have_value("11")
    page.get_by_role("link", name=f"Change {name}").click()
    page.get_by_label("Name of these inputs").fill(f"{name}, renamed")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name=f"Change {name}, renamed").click()
    page.get_by_text("Delete…").click()
    page.get_by_role("button", name="Delete these inputs").click()
    expect(page).to_have_url(re.compile(rf"/tasks/{ADD}/$"))
    expect(page.get_by_role("link", name=f"{name}, renamed", exact=True)).to_have_count(0)


@SCRIPTS
def test_a_task_asks_before_it_is_launched(visit: Visit, scripts: bool) -> None:
    page = visit("alice", java_script_enabled=scripts).open(f"/tasks/{INVITE}/")
    fill(page, subject="Hello", times="3", key="hunter2")
    letter = {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"Dear all"}
    page.locator("input[type=file]").set_input_files(letter)
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_text("This will e-mail 3,000 customers.")).to_be_visible()
    expect(page.locator(".confirm")).to_contain_text("letter.txt")
    page.get_by_role("link", name="Back", exact=True).click()
    expect(page.locator("[name=times]")).to_have_value("3")
    fill(page, subject="Hello you", key="hunter2")
    page.get_by_role("button", name="Launch").click()
    page.get_by_role("button", name="Yes, launch").click()
    expect(page).to_have_url(JOB)
    if scripts:
        expect(page.locator(".job-result")).to_contain_text("Hello you × 3, 8 bytes, 7 characters")
        page.get_by_role("button", name="Run again").wait_for()
    address = page.url
    # The browser's own way back sends nothing once more.
    page.go_back()
    expect(page.get_by_text("This was launched already")).to_be_visible()
    expect(page.locator("[name=subject]")).to_have_value("Hello you")
    expect(page.locator("[name=times]")).to_have_value("3")
    expect(page.get_by_label("letter.txt, uploaded before")).to_be_checked()
    page.go_forward()
    expect(page).to_have_url(address)
    # The secret was not kept, so that one leads to the form: in which the inputs are among the recent ones.
    page.goto(address.split("/jobs/")[0] + f"/tasks/{INVITE}/")
    page.get_by_text("Recent inputs").click()
    page.get_by_role("link", name=re.compile('subject="Hello you"')).first.click()
    expect(page.locator("[name=subject]")).to_have_value("Hello you")
    expect(page.get_by_label("letter.txt, uploaded before")).to_be_checked()


def test_running_again_asks_too(site: Stack, visit: Visit) -> None:
    page = visit("alice").open(f"/tasks/{INVITE}/?subject=Again")
    page.get_by_role("button", name="Launch").click()
    page.get_by_role("button", name="Yes, launch").click()
    page.get_by_role("button", name="Run again", exact=True).click()
    expect(page.locator(".confirm")).to_contain_text("Again")
    page.get_by_role("link", name="Back").click()
    first = page.url
    page.get_by_role("button", name="Run again", exact=True).click()
    page.get_by_role("button", name="Yes, launch").click()
    expect(page).to_have_url(JOB)
    assert page.url != first


def test_a_link_is_copied_and_fills_the_form_in_for_somebody_else(site: Stack, visit: Visit) -> None:
    reader = visit("alice")
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    page = reader.open(f"/tasks/{INVITE}/")
    fill(page, subject="A & B", key="hunter2", times="5")
    page.get_by_role("button", name="Copy a link to these inputs").click()
    link = page.get_by_label("Link to these inputs")
    expect(link).to_have_value(re.compile(r"subject=A\+%26\+B"))
    expect(page.get_by_text("Copied.")).to_be_visible()
    address = str(page.evaluate("navigator.clipboard.readText()"))
    assert address == link.input_value()
    assert "hunter2" not in address
    expect(page.locator("[name=key]")).to_have_value("hunter2")
    other = visit("bob").open(address.removeprefix(site.url))
    expect(other.locator("[name=subject]")).to_have_value("A & B")
    expect(other.locator("[name=times]")).to_have_value("5")


def test_a_job_of_low_priority_says_so(visit: Visit) -> None:
    page = visit("alice").open(f"/tasks/{ADD}/?x=1&y=2")
    page.get_by_text("When and how soon").click()
    page.get_by_label("Priority in the queue").select_option("low")
    page.get_by_role("button", name="Launch").click()
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded")
    expect(page.get_by_text("Low priority")).to_be_visible()


def test_a_job_that_is_tried_again_says_when(site: Stack, visit: Visit) -> None:
    page = visit("alice").open(f"/tasks/{PLAIN}.retry_later/?seconds=600")
    page.get_by_role("button", name="Launch").click()
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "retrying")
    expect(page.locator(".progress-text")).to_have_text(re.compile(r"next try at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d"))
