"""From the catalogue to the result, with and without scripts; and what others launch."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PLAIN, Visit, launch
from tests.support.stack import Stack, wait_for

PROFILE = "tasks.samples.tables.profile_csv"
ADD = "tasks.samples.arithmetic.add"


def test_a_task_from_the_catalogue_to_its_result(visit: Visit) -> None:
    page = visit("alice").open("/")
    page.get_by_role("link", name="Launch a task").click()
    page.locator(".task-card", has_text=ADD).locator(".task-title").click()
    page.locator("[name=x]").fill("4")
    page.locator("[name=y]").fill("5")
    page.get_by_role("button", name="Launch").click()
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    job = page.locator("taskcast-job")
    expect(job).to_have_attribute("data-state", "succeeded")
    expect(job.locator(".job-result .value")).to_have_text("9")
    expect(job.locator("[aria-live]").filter(has_text="9")).to_be_visible()


def test_a_job_from_a_shell_comes_into_the_list_by_itself(site: Stack, visit: Visit) -> None:
    page = visit("dora").open("/jobs/")
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    job = site.run("from tasks.samples.arithmetic import add\nanswer = add.delay(4, 4).id")
    row = page.locator(f'tr[data-job="{job}"]')
    expect(row).to_have_attribute("data-state", "succeeded")
    expect(row).to_contain_text("x=4, y=4")
    row.get_by_role("link").click()
    expect(page.locator(".job-result .value")).to_have_text("8")


def test_somebody_elses_plain_task_has_a_form(visit: Visit) -> None:
    page = visit("alice").open(f"/tasks/{PLAIN}.describe/?kind=b")
    page.locator("[name=day]").fill("2025-11-22")
    expect(page.get_by_role("radio", name="b")).to_be_checked()
    page.locator("[name=tags]").fill("red\n파랑")
    page.get_by_role("button", name="Launch").click()
    expect(page.locator(".job-result .value")).to_contain_text("['red', '파랑']")


def test_what_is_wrong_is_said_at_its_field(visit: Visit) -> None:
    page = visit("alice", complains=True).open(f"/tasks/{ADD}/")
    page.locator("form.form").evaluate("form => form.noValidate = true")
    page.locator("[name=x]").fill("4")
    page.get_by_role("button", name="Launch").click()
    summary = page.locator(".error-summary")
    expect(summary).to_be_visible()
    field = page.locator("[name=y]")
    expect(field).to_have_attribute("aria-invalid", "true")
    says = page.locator(f"#{(field.get_attribute('aria-describedby') or '').split()[-1]}")
    expect(says).to_be_visible()
    expect(page.locator("[name=x]")).to_have_value("4")
    summary.get_by_role("link").first.click()
    expect(field).to_be_focused()


def test_launching_again_uses_the_uploaded_file_again(visit: Visit) -> None:
    page = visit("alice").open(f"/tasks/{PROFILE}/")
    page.locator("input[type=file]").set_input_files(
        {"name": "판매.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
    )
    page.get_by_role("button", name="Launch").click()
    for _ in range(2):  # and what was launched again can be so too
        expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded")
        expect(page.locator(".job-facts")).to_contain_text("판매.csv")
        page.get_by_role("link", name="Edit and run again…").click()
        expect(page.get_by_label("판매.csv, uploaded before")).to_be_checked()
        page.get_by_role("button", name="Launch").click()
    page.goto(page.url.split("/jobs/")[0] + "/jobs/?task=profile")
    expect(page.locator("tr[data-job] .args").first).to_contain_text('file="판매.csv"')


def test_a_file_of_a_job_that_comes_by_itself_has_its_name(site: Stack, visit: Visit) -> None:
    page = visit("alice").open("/jobs/")
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    file = site.run("""
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from tasks import uploads
owner = get_user_model().objects.get(username="alice")
answer = str(uploads.save("later.csv", ContentFile(b"a,b\\n1,2\\n"), owner).pk)
""")
    job = launch(site, PROFILE, file=file)
    expect(page.locator(f'tr[data-job="{job}"] .args')).to_contain_text('file="later.csv"')


def test_what_was_typed_survives_signing_in_again(visit: Visit) -> None:
    reader = visit("dora")
    page = reader.open(f"/tasks/{ADD}/")
    page.locator("[name=x]").fill("17")
    page.locator("[name=y]").fill("4")
    reader.open("/").get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_text("Nothing was launched: sign in first.")).to_be_visible()
    page.get_by_label("Username").fill("dora")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("[name=x]")).to_have_value("17")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
@pytest.mark.parametrize("path", [f"{PLAIN}.fail/", f"{PLAIN}.fail/batch/"])
def test_a_long_text_survives_signing_in_again(visit: Visit, path: str, scripts: bool) -> None:
    reader = visit("dora", java_script_enabled=scripts, complains=True)
    name, long = ("table", "text\n" + ("word " * 1_500 + "\n") * 3) if "batch" in path else ("text", "word " * 5_000)
    page = reader.open(f"/tasks/{path}")
    page.locator(f"[name={name}]").fill(long)
    reader.open("/").get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_text("You are not signed in any more: nothing was launched.")).to_be_visible()
    page.get_by_label("Username").fill("dora")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in, and back to the form").click()
    expect(page.locator(f"[name={name}]")).to_have_value(long)
    page.get_by_role("button", name="Launch").click()
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))


def test_everything_works_without_scripts(visit: Visit) -> None:
    page = visit("alice", java_script_enabled=False).open(f"/tasks/{ADD}/")
    page.locator("[name=x]").fill("20")
    page.locator("[name=y]").fill("22")
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Add")

    def has_ended() -> bool:
        page.reload()
        return page.locator("taskcast-job").get_attribute("data-state") == "succeeded"

    wait_for(has_ended, "a page that is loaded again and again shows the end")
    assert page.locator(".job-result .value").inner_text() == "42"
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "offline")
    page.goto(page.url.split("/jobs/")[0] + "/jobs/?state=succeeded")
    assert page.locator('tr[data-state="succeeded"]').count() >= 1


def test_a_refused_form_keeps_the_file(visit: Visit) -> None:
    page = visit("alice", complains=True).open(f"/tasks/{PROFILE}/")
    page.locator("input[type=file]").set_input_files(
        {"name": "sales.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
    )
    page.get_by_label("Columns").fill("zebra")
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_role("alert")).to_contain_text("zebra")
    expect(page.get_by_label("sales.csv, uploaded before")).to_be_checked()
    page.get_by_label("Columns").fill("a")
    page.get_by_role("button", name="Launch").click()
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded")
    expect(page.locator(".job-facts")).to_contain_text("sales.csv")


def test_long_numbers_keep_their_digits(site: Stack, visit: Visit) -> None:
    page = visit("alice").open("/jobs/")
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")
    job = launch(site, ADD, x=9007199254740993, y=0)
    expect(page.locator(f"tr[data-job='{job}'] .args")).to_contain_text("x=9007199254740993")
    page.goto(f"{site.url}/jobs/{job}/")
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded")
    expect(page.locator(".job-result")).to_contain_text("9007199254740993")
