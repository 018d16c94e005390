"""The launch form by keyboard and by hand: what is dropped, what is seen of it, what is said at a field, one launch."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

ADD = "tasks.samples.arithmetic.add"
MAILS = "tasks.samples.mail.send_batch"

# Builds the event by script: a real drag from the desktop is not to be had.
DROP = """([place, name, text, kind]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  for (const type of kind) document.querySelector(place)
    .dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


def drag(page: Page, place: str, name: str, text: str, *kind: str) -> None:
    page.evaluate(DROP, [place, name, text, kind])


def test_a_field_says_what_is_wrong_when_it_is_left(visit: Visit) -> None:
    page = visit("alice").open(f"/tasks/{ADD}/")
    x, y = page.locator("[name=x]"), page.locator("[name=y]")
    expect(x).to_be_focused()
    page.keyboard.type("1" * 400)
    page.keyboard.press("Tab")
    wrong = page.locator("#id_x_error")
    expect(wrong).to_be_visible()
    expect(x).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_y_error")).to_have_count(0)
    x.fill("4")
    expect(wrong).to_have_count(0)
    y.fill("5")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded")
    page.go_back()
    expect(page.get_by_role("button", name="Launch", exact=True)).to_be_enabled()
    expect(page.get_by_role("button", name="Launch", exact=True)).not_to_have_attribute("aria-disabled", "true")


def test_a_dropped_table_is_seen_before_it_is_launched(visit: Visit) -> None:
    page = visit("alice").open(f"/tasks/{MAILS}/")
    field = page.locator(".field:has(taskcast-upload)")
    rows = "".join(f"n{n}@example.com;이름 {n} {'long ' * 30}\n" for n in range(20))
    # Anywhere on the form: it has one file field.
    drag(page, "form[data-launch] .form-end", "people.csv", "email;name\n" + rows, "dragover")
    expect(field).to_have_attribute("data-dropping", "")
    drag(page, "body", "people.csv", "x", "dragover")
    expect(field).not_to_have_attribute("data-dropping", "")
    with page.expect_response(lambda answer: answer.url.endswith(f"/tasks/{MAILS}/")) as judged:
        drag(page, "form[data-launch] .form-end", "people.csv", "email;name\n" + rows, "dragover", "drop")
    assert "id_recipients" not in judged.value.json()["errors"]
    expect(field).not_to_have_attribute("data-dropping", "")
    expect(field.locator(".upload")).to_have_attribute("data-state", "complete")
    # The table scrolls, not the page.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(field.locator(".preview th")).to_have_text(["email", "name"])
    expect(field.locator(".preview tbody tr")).to_have_count(8)
    expect(field.locator(".preview tbody tr").first).to_contain_text("이름 0")
    expect(field.locator(".preview-words")).to_contain_text("8 rows of the first")
    # What misses the form does not take its place.
    drag(page, "body", "other.csv", "x", "dragover", "drop")
    expect(field.locator(".upload")).to_have_count(1)
    drag(page, "form[data-launch]", "empty.csv", "", "drop")
    expect(field.get_by_role("alert")).to_contain_text("empty")
    expect(field.locator(".upload")).to_have_count(1)
