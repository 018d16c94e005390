"""Many jobs from a table: corrected and launched without scripts; a thousand of a file, watched by somebody else."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.test_readable import axe
from tests.support.stack import wait_for

PAGE = "/tasks/tasks.samples.arithmetic.add/batch/"
ROWS = 1_000
# Every state of the page in which it says how many jobs are in which state, and how many have ended.
SAMPLE = """() => {
    window.seen = [];
    new MutationObserver(() => {
        const term = [...document.querySelectorAll("taskcast-job dt")].find((dt) => dt.textContent === "Children");
        const ended = document.querySelector("taskcast-job .progress-line .count");
        if (term?.nextElementSibling && ended) seen.push([term.nextElementSibling.textContent, ended.textContent]);
    }).observe(document, { childList: true, subtree: true, characterData: true });
}"""


def numbers(text: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", text)]


def test_a_table_is_corrected_and_launched_without_scripts(visit: Visit) -> None:
    page = visit("alice", java_script_enabled=False, complains=True).open(PAGE.replace("batch/", ""))
    page.get_by_role("link", name="Many at once…").click()
    page.get_by_label("Table").fill("x\ty\n1\t2\n3\tfour")
    page.get_by_role("button", name="Launch all").click()
    wrong = page.get_by_role("region", name="What is wrong")
    expect(wrong.get_by_role("row").nth(1)).to_have_text(
        "3y“four” is no number: write it with a decimal point and without thousands, like 1500.5."
    )
    assert page.get_by_label("Table").input_value() == "x\ty\n1\t2\n3\tfour"
    page.get_by_label("Table").fill("x\ty\n1\t2\n3\t4")
    page.get_by_role("button", name="Launch all").click()
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    expect(page.locator("h1")).to_have_text("Add two numbers × 2")


def test_a_refused_table_is_readable(visit: Visit) -> None:
    page = visit("alice", complains=True).open(PAGE)
    page.get_by_label("Table").fill("x,y\n" + "1,two\n" * 30)
    page.get_by_role("button", name="Launch all").click()
    expect(page.get_by_role("region", name="What is wrong")).to_be_visible()
    assert axe(page) == []


def test_at_every_moment_the_counts_of_a_thousand_add_up(visit: Visit) -> None:
    table = "x,y\n" + "".join(f"{n},1\n" for n in range(ROWS))
    alice, dora = visit("alice").open(PAGE), visit("dora")
    dora.context.add_init_script(f"({SAMPLE})()")
    alice.get_by_label("Or a CSV file").set_input_files(
        {"name": "numbers.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    alice.get_by_role("button", name="Launch all").click()
    expect(alice).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    page = dora.open(alice.url.removeprefix(dora.stack.url))
    expect(page.locator(".progress-line .count").first).to_have_text("1,000 of 1,000", timeout=90_000)
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded")
    seen = wait_for(
        lambda: (found := page.evaluate("seen")) and "1,000 of" in found[-1][1] and found, "the last is told"
    )
    assert len(seen) > 10
    assert {sum(numbers(counts)) for counts, _ in seen} == {ROWS}
    ended = [numbers(text) for _, text in seen]
    assert {total for _, total in ended} == {ROWS}
    assert ended == sorted(ended)
