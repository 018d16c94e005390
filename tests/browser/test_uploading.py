"""Files of any size from the form: in pieces, with a bar, through broken connections, and without scripts as before."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PLAIN, Visit, people
from tests.support.stack import Stack, wait_for

PROFILE = "tasks.samples.tables.profile_csv"
MIB = 1024**2
ROWS = 200_000
_UPLOADS = """
from tasks.models import Upload
answer = [[row.name, row.size, row.received] for row in Upload.objects.order_by("created_at")]
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file of a little over 64 MiB."""
    path = tmp_path_factory.mktemp("large") / "large.csv"
    with path.open("wb") as file:
        file.write(b"id,name,words\n")
        file.writelines(b"%d,somebody %d,%s\n" % (n, n % 1000, b"many words " * 29) for n in range(ROWS))
    assert path.stat().st_size > 64 * MIB
    return path


def received(stack: Stack) -> int:
    return int(stack.run(_UPLOADS)[-1][2]) if stack.run(_UPLOADS) else 0


def test_a_large_file_survives_two_kills_and_is_profiled(stack_factory, visit: Visit, large: Path) -> None:
    stack = people(stack_factory())
    page = visit("alice", stack=stack, complains=True).open(f"/tasks/{PROFILE}/")
    # Slow enough to be met on its way.
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 12 * MIB},
    )
    page.locator("input[type=file]").set_input_files(large)
    bar = page.get_by_role("progressbar", name="Upload of large.csv")
    expect(bar).to_have_attribute("aria-valuemax", str(large.stat().st_size))
    for share in (0.2, 0.6):
        wait_for(lambda share=share: received(stack) > share * large.stat().st_size, f"{share} is there", 60)
        stack.kill("daphne")
        expect(page.get_by_text("The connection is broken; the upload goes on by itself.")).to_be_visible()
        assert received(stack) < large.stat().st_size
        stack.start("daphne")
    # The form is sent early, and goes by itself.
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_text("Launches as soon as the upload is complete")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"), timeout=60_000)
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded", timeout=60_000)
    assert stack.run(_UPLOADS) == [["large.csv", large.stat().st_size, large.stat().st_size]]
    result = wait_for(
        lambda: stack.run("from tasks.models import Job\nanswer = Job.objects.get().result"), "its result"
    )
    assert (result["rows"], result["lines"], result["ragged_rows"]) == (ROWS, ROWS + 1, 0)
    assert result["bytes"] == large.stat().st_size
    ids = result["columns"][0]
    assert (ids["column"], ids["min"], ids["max"]) == ("id", 0, ROWS - 1)


def test_pieces_that_are_lost_come_again(site: Stack, visit: Visit, large: Path) -> None:
    page = visit("alice", complains=True).open(f"/tasks/{PROFILE}/")
    lost = []

    def lose(route: Route) -> None:
        if route.request.method == "PUT" and len(lost) < 4:
            lost.append(route.request.url)
            # Every other one arrives, and only its answer is lost.
            if len(lost) % 2:
                route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/v1/uploads/*", lose)
    page.locator("input[type=file]").set_input_files(large)
    expect(page.locator(".upload")).to_have_attribute("data-state", "complete", timeout=60_000)
    assert len(lost) == 4
    path = site.run("""
from tasks.models import Upload
from tasks.uploads import open_upload
answer = str(open_upload(Upload.objects.latest("created_at").pk).path)
""")
    assert Path(path).read_bytes() == large.read_bytes()
    page.get_by_role("button", name="Remove large.csv").click()
    wait_for(lambda: not Path(path).exists(), "what is removed is gone")
    expect(page.locator(".upload")).to_have_count(0)


def text(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "text/plain", "buffer": content}


def choose(page: Page, *files: dict[str, object]) -> None:
    page.locator("input[type=file]").set_input_files(list(files))  # type: ignore[arg-type]


def test_several_files_one_of_them_taken_back(visit: Visit) -> None:
    page = visit("alice").open(f"/tasks/{PLAIN}.weigh/")
    choose(page, text("a.txt", b"a"), text("b.txt", b"b" * 20))
    choose(page, text("c.txt", b"c" * 300))
    expect(page.locator(".upload[data-state=complete]")).to_have_count(3)
    page.get_by_role("button", name="Remove b.txt").click()
    page.get_by_role("button", name="Launch").click()
    job = page.locator("taskcast-job")
    expect(job).to_have_attribute("data-state", "succeeded")
    expect(job.locator(".job-result .value")).to_contain_text("300")
    expect(page.locator(".job-facts")).to_contain_text("c.txt")
    expect(page.locator(".job-facts")).not_to_contain_text("b.txt")


def test_a_file_that_is_too_large_is_told_before_it_is_sent(visit: Visit) -> None:
    page = visit("alice").open(f"/tasks/{PLAIN}.weigh/")
    chooser = page.locator("input[type=file]")
    expect(chooser).to_have_attribute("accept", re.compile(r"^text/plain,.*\.txt"))
    choose(page, text("large.txt", b"x" * (5 * MIB + 1)))
    assert chooser.evaluate("(input) => input.validationMessage").startswith("The file is larger than 5 MiB")
    page.get_by_role("button", name="Launch").click()
    assert page.url.endswith(f"/tasks/{PLAIN}.weigh/")
    choose(page, text("small.txt", b"x"))
    page.get_by_role("button", name="Launch").click()
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded")


def test_a_file_of_another_type_is_told_at_its_field(visit: Visit) -> None:
    page = visit("alice", complains=True).open(f"/tasks/{PLAIN}.weigh/")
    choose(page, text("a.txt", b"fine"), text("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(99)))
    page.get_by_role("button", name="Launch").click()
    expect(page.get_by_role("alert")).to_contain_text("This takes text/plain; the file is image/png.")
    page.get_by_label("picture.txt, uploaded before").uncheck()
    page.get_by_role("button", name="Launch").click()
    expect(page.locator(".job-result .value")).to_contain_text("4")


def test_what_the_server_refuses_is_said_and_can_be_tried_again(visit: Visit) -> None:
    page = visit("alice", complains=True).open(f"/tasks/{PROFILE}/")
    full = {"status": 507, "content_type": "application/problem+json", "body": '{"detail": "There is no room."}'}
    page.route("**/api/v1/uploads/*", lambda route: route.fulfill(**full))  # type: ignore[arg-type]
    choose(page, text("a.csv", b"a,b\n1,2\n"))
    expect(page.get_by_role("alert")).to_have_text("There is no room.")
    page.get_by_role("button", name="Launch").click()
    assert page.url.endswith(f"/tasks/{PROFILE}/")
    page.unroute("**/api/v1/uploads/*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".upload")).to_have_attribute("data-state", "complete")
    page.get_by_role("button", name="Launch").click()
    expect(page.locator("taskcast-job")).to_have_attribute("data-state", "succeeded")


def test_without_scripts_a_form_takes_its_file_itself(visit: Visit) -> None:
    page = visit("alice", java_script_enabled=False).open(f"/tasks/{PROFILE}/")
    expect(page.get_by_text("Without JavaScript a form takes files of up to 10 MiB.")).to_be_visible()
    choose(page, text("plain.csv", b"a,b\n1,2\n"))
    page.get_by_role("button", name="Launch").click()
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    expect(page.locator(".job-facts")).to_contain_text("plain.csv")
