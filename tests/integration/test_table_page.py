"""Many at once: a table that is right becomes one batch, once; of one that is not, every bad cell is named."""

from __future__ import annotations

import datetime
import html
import re
import time
import uuid
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client

from dashboard.launching import asked
from dashboard.tables import views as table_views
from tasks import batch, catalog, uploads
from tasks.models import BATCH, AuditEntry, Job
from tests.support import signatures as s
from tests.support.cast import Cast, make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

ADD = "tasks.samples.arithmetic.add"
PAGE = f"/tasks/{ADD}/batch/"
NO_NUMBER = "“{}” is no number: write it with a decimal point and without thousands, like 1500.5."


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def browser(cast: Cast) -> Client:
    return cast.pages("alice")


@pytest.fixture
def many():
    """A task that takes lists, models and secrets; its page."""
    current_app.task(name="tests.table.models")(s.models)
    catalog.get("tests.table.models")
    yield "/tasks/tests.table.models/batch/"
    current_app.tasks.unregister("tests.table.models")


def told(response: Any) -> list[tuple[str, str, str]]:
    """Row, column and message of each fault on the page."""
    cells = re.findall(r'<tr><td>(\d+)</td><td class="code">(.*?)</td><td>(.*?)</td></tr>', response.content.decode())
    return [(row, html.unescape(column), html.unescape(message)) for row, column, message in cells]


def problems(response: Any) -> list[str]:
    """What is said of the table as a whole, and of the file."""
    found = re.findall(r'<li><a href="#id_\w+">.*?</a>: (.*?)</li>', response.content.decode())
    return [html.unescape(message) for message in found]


def shown(response: Any) -> str:
    """The table that stands in the page."""
    text = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", response.content.decode(), re.DOTALL)
    assert text
    return html.unescape(text[1])


def test_the_page_of_a_task_leads_to_it_and_it_names_the_columns(browser: Client):
    assert f'href="{PAGE}"' in browser.get(f"/tasks/{ADD}/").content.decode()
    page = browser.get(PAGE).content.decode()
    assert "<dt><code>x</code>" in page
    template = browser.get(f"{PAGE}template/")
    assert template.content.decode("utf-8-sig") == "x,y\r\n"
    assert template.headers["Content-Disposition"] == f'attachment; filename="{ADD}.csv"'


def test_a_job_for_each_row_and_one_batch(browser: Client, cast: Cast):
    response = browser.post(PAGE, {"table": "y\tx\r\n1\t2\r\n\r\n3\t4.5\r\n"})
    parent = Job.objects.get(task=BATCH)
    assert (response.status_code, response.headers["Location"]) == (302, f"/jobs/{parent.pk}/")
    assert (parent.owner, parent.args) == (cast.users["alice"], {"task": ADD, "rows": 2})
    children = Job.objects.filter(parent=parent.pk).order_by("change")
    assert [job.args for job in children] == [{"x": 2, "y": 1}, {"x": 4.5, "y": 3}]
    assert [job.row for job in children] == [2, 4], "as the spreadsheet numbers them"
    assert AuditEntry.objects.get(job=parent.pk).actor_name == "alice"


def test_ten_thousand_rows_are_there_within_half_a_minute(browser: Client):
    table = "x,y\n" + "".join(f"{n},1\n" for n in range(10_000))
    began = time.monotonic()
    assert browser.post(PAGE, {"file": SimpleUploadedFile("numbers.csv", table.encode())}).status_code == 302
    assert time.monotonic() - began < 30
    assert Job.objects.exclude(task=BATCH).count() == 10_000


def test_an_empty_cell_is_the_tasks_own_default(browser: Client, many: str):
    assert browser.post(many, {"table": 'login\n"{""user"": ""a"", ""password"": ""b""}"\n'}).status_code == 302
    (job,) = Job.objects.exclude(task=BATCH)
    assert job.args.keys() == {"login"}
    assert job.args["login"]["password"] == "********"


def test_a_file_is_an_upload_of_ones_own(browser: Client, cast: Cast):
    page = "/tasks/tasks.samples.tables.profile_csv/batch/"
    content = SimpleUploadedFile("a.csv", b"a,b")
    mine, theirs = (uploads.save("a.csv", content, cast.users[name]).pk for name in ("alice", "bob"))
    response = browser.post(page, {"table": f"file\n{mine}\n{theirs}\na.csv\n"})
    assert told(response) == [
        ("3", "file", "There is no such upload, or it is not complete."),
        ("4", "file", "A file is named by the id of its upload."),
    ]
    assert browser.post(page, {"table": f"file\n{mine}\n"}).status_code == 302
    assert Job.objects.exclude(task=BATCH).get().args["file"] == str(mine)


@pytest.mark.parametrize("content", ["x;y\n1;2\n", "\ufeffx,y\r\n1,2\r\n", 'x,"y"\n1,"2"'])
def test_a_file_goes_before_what_is_typed(browser: Client, content: str):
    file = SimpleUploadedFile("numbers.csv", content.encode())
    assert browser.post(PAGE, {"table": "x,y\n8,9", "file": file}).status_code == 302
    assert Job.objects.exclude(task=BATCH).get().args == {"x": 1, "y": 2}


def test_every_bad_cell_is_named_and_nothing_is_launched(browser: Client):
    table = "x,y\n1,2\n\none,2\n3,\n4,5,6\n[],true\n"
    response = browser.post(PAGE, {"table": table})
    assert response.status_code == 422
    assert told(response) == [
        ("4", "x", NO_NUMBER.format("one")),
        ("5", "y", "This field is required."),
        ("6", "", "The row has more cells than there are names."),
        ("7", "x", NO_NUMBER.format("[]")),
        ("7", "y", NO_NUMBER.format("true")),
    ]
    assert problems(response) == ["4 rows are wrong."]
    assert not Job.objects.exists()
    assert shown(response) == table


def test_what_is_unreadable_and_what_is_wrong_are_told_together(browser: Client, many: str):
    assert told(browser.post(many, {"table": "login\n{\n{}\n"})) == [
        ("2", "login", "Enter valid JSON."),
        ("3", "login", "user: This is required."),
        ("3", "login", "password: This is required."),
    ]


def test_the_messages_are_in_the_readers_language(browser: Client):
    browser.cookies["django_language"] = "ko"
    response = browser.post(PAGE, {"table": "x,y\none,2\n"})
    words = "“one”은(는) 숫자가 아닙니다. 소수점은 점으로, 천 단위 구분 없이 쓰세요(예: 1500.5)."
    assert told(response) == [("2", "x", words)]
    assert problems(response) == ["잘못된 행이 1개 있습니다."]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("", ["There is no table: its first row has the names of the parameters."]),
        ("x,y\n", ["There are no rows below the names."]),
        ("x,z,x,,x:\n1,2,3,4,5", ["Column “z”: the task has no such parameter.", "There are two columns “x”.",
                                  "Column 4 has no name.", "There is no column “y”, which the task needs."]),
        ('x,y\n1,"2\n', ["Row 2 has a quote that is never closed."]),
        ("x,y\n" + "1,2\n" * 50_001, ["There are 50,001 rows; one batch takes 50,000: launch them in parts."]),
    ],
    ids=["nothing", "no rows", "columns", "quote", "too many"],
)  # fmt: skip
def test_what_is_wrong_with_the_table_as_a_whole_is_told_of_it(browser: Client, table: str, expected: list[str]):
    response = browser.post(PAGE, {"table": table})
    assert (response.status_code, sorted(problems(response))) == (422, sorted(expected))
    assert (shown(response), told(response)) == (table, [])


def test_a_header_in_another_case_is_taken_and_one_that_is_near_is_asked_about(browser: Client, many: str):
    assert browser.post(PAGE, {"table": "Y; X \n1;2\n"}).status_code == 302
    assert Job.objects.exclude(task=BATCH).get().args == {"x": 2, "y": 1}
    response = browser.post(many, {"table": "Login,logins\n,\n{},{}\n"})
    expected = "Column “logins”: the task has no such parameter. Did you mean “login”?"
    assert expected in problems(response)


def of_kinds(
    yes: bool = False,
    part: float = 0,
    count: int = 0,
    day: datetime.date = datetime.date(2026, 12, 1),
    wait: datetime.timedelta = datetime.timedelta(minutes=90),
    colour: s.Colour | None = None,
    size: Literal["small", "large"] = "small",
    password: int = 0,
) -> None: ...


@pytest.fixture
def kinds():
    """A task with values as spreadsheets of other countries write them; its page."""
    current_app.task(name="tests.table.kinds")(of_kinds)
    yield "/tasks/tests.table.kinds/batch/"
    current_app.tasks.unregister("tests.table.kinds")


def test_what_another_country_writes_is_told_how_to_be_written(browser: Client, kinds: str):
    table = "yes;part;count;day;wait;password\nWAHR;1,5;1.500,0;01.12.2026;bald;hunter2\n"
    messages = {column: message for _row, column, message in told(browser.post(kinds, {"table": table}))}
    assert messages["yes"] == "“WAHR” is neither yes nor no: write true or false."
    assert messages["part"] == NO_NUMBER.format("1,5")
    assert messages["count"] == "“1.500,0” is no whole number: write digits alone, like 1500."
    assert messages["day"] == "“01.12.2026” is no date: write year, month and day, like 2026-12-31."
    assert messages["wait"] == "“bald” is no duration: write it like 1h 30m, 90 min or 1:30:00."
    assert "hunter2" not in messages["password"]
    assert browser.post(kinds, {"table": "YES;Part\nTRUE;1.5\n"}).status_code == 302


def test_the_page_has_the_values_that_a_column_takes(browser: Client, kinds: str):
    page = re.sub(r"<(?!/?code)[^>]+>", "", browser.get(kinds).content.decode())
    assert "One of: <code>true</code>, <code>false</code>" in page
    assert "One of: <code>red</code>, <code>green</code>" in page
    assert "One of: <code>small</code>, <code>large</code>" in page


def test_a_column_without_name_and_cells_is_none(browser: Client):
    assert browser.post(PAGE, {"table": "x,y,\n1,2,\n3,4"}).status_code == 302


def test_a_hundred_faults_are_shown_and_the_others_counted(browser: Client):
    response = browser.post(PAGE, {"table": "x,y\n" + "a,b\n" * 1_000})
    assert [row for row, _, _ in told(response)] == [str(2 + n // 2) for n in range(100)]
    assert "… and 1,900 more" in response.content.decode()
    assert problems(response) == ["1,000 rows are wrong."]


def test_a_refused_file_stands_in_the_page_to_be_corrected(browser: Client):
    file = SimpleUploadedFile("numbers.csv", "\ufeffx,y\none,파랑\n".encode())
    assert shown(browser.post(PAGE, {"file": file})) == "x,y\none,파랑\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x,y\n1,파랑".encode("cp949"), "The file is not a CSV file in UTF-8"),
        (b"x" * (table_views.LARGEST + 1), "The file is larger than 4 MiB."),
    ],
    ids=["encoding", "size"],
)
def test_a_file_that_is_no_table_is_refused_and_what_was_typed_stays(browser: Client, content: bytes, message: str):
    response = browser.post(PAGE, {"table": "x,y\n1,2", "file": SimpleUploadedFile("a.csv", content)})
    assert response.status_code == 422
    assert problems(response)[0].startswith(message)
    assert shown(response) == "x,y\n1,2"


def test_the_same_page_sent_twice_launches_once(browser: Client):
    page = re.search(r'name="once" value="(.*?)" autocomplete="off"', browser.get(PAGE).content.decode())
    assert page
    sent = {"once": page[1], "table": "x,y\n1,2\n"}
    first, second = (browser.post(PAGE, sent).headers["Location"] for _ in range(2))
    assert first == second
    assert Job.objects.filter(task=BATCH).count() == 1
    # Another table on the same page, or another page, is another launch.
    assert browser.post(PAGE, {**sent, "table": "x,y\n1,3\n"}).headers["Location"] != first
    assert browser.post(PAGE, {**sent, "once": str(uuid.uuid4())}).headers["Location"] != first


def test_of_two_that_come_at_the_same_time_one_launches(browser: Client, monkeypatch: pytest.MonkeyPatch):
    sent = {"once": str(uuid.uuid4()), "table": "x,y\n1,2\n"}
    first = browser.post(PAGE, sent).headers["Location"]
    answers = iter([False, True])  # it was not there when this one looked, but had been written when it wrote
    monkeypatch.setattr(asked, "is_launched", lambda *_: next(answers))
    assert browser.post(PAGE, sent).headers["Location"] == first
    assert Job.objects.filter(task=BATCH).count() == 1


def test_a_batchs_id_is_taken_once(cast: Cast):
    number = uuid.uuid4()
    batch.launch_batch(ADD, [{"x": 1, "y": 2}], job_id=number)
    with pytest.raises(IntegrityError):
        batch.launch_batch(ADD, [{"x": 1, "y": 2}], job_id=number)


def test_what_was_typed_survives_the_end_of_a_session(cast: Cast, many: str):
    def comes_back(page: str, **sent: Any) -> dict[str, list[str]]:
        there = Client().post(page, sent).headers["Location"]
        address = urlsplit(parse_qs(urlsplit(there).query)["next"][0])
        assert address.path == page
        return parse_qs(address.query)

    typed = comes_back(PAGE, table="x,y\r\n1,2")
    assert typed == {"table": ["x,y\r\n1,2"]}
    assert shown(cast.pages("alice").get(PAGE, {"table": typed["table"][0]})) == "x,y\r\n1,2"


def test_a_long_table_and_one_with_secrets_survive_it_too(cast: Cast, many: str):
    cast.users["alice"].set_password("correct horse")
    cast.users["alice"].save()
    long = "x,y\n" + "1,2\n" * 2_000
    for page, sent, table in (
        (PAGE, {"table": long}, long),
        (many, {"table": "login\nsecret"}, "login\nsecret"),
        (PAGE, {"file": SimpleUploadedFile("a.csv", long.encode())}, long),
    ):
        browser = Client()
        response = browser.post(page, sent)
        text = re.search(r'name="table" value="([^"]*)"', response.content.decode())
        assert text
        assert (response.status_code, html.unescape(text[1])) == (403, table)
        sign_in = {".sign-in-username": "alice", ".sign-in-password": "correct horse", ".do": "renew"}
        back = browser.post(page, {"table": table, **sign_in})
        assert (back.status_code, shown(back)) == (200, table)
        assert not Job.objects.exists()
