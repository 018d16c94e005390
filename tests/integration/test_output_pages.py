"""What a job put out, on its page and as a piece of it: Markdown as HTML, tables as CSV, pictures in a grid."""

import re

import pytest

from tasks import outputs, result_files
from tests.support.cast import Cast, make_cast, new_job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

NOTE = "# Report\n\n![chart](a.png) ![theirs](https://example.com/x.png) <script>alert(1)</script>"
ROWS = [{"name": "=1+1", "n": 1}, {"name": "김", "n": None, "more": [1]}]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def job(cast):
    shown = [
        {"name": "note", "kind": "markdown", "value": NOTE, "size": 9},
        {"name": "rows", "kind": "table", "value": ROWS, "size": 9, "rows": 2, "chart": "line"},
        {"name": "a.png", "kind": "image", "size": 9, "media_type": "image/png"},
        {"name": "b.png", "kind": "image", "size": 9, "media_type": "image/png"},
        {"name": "log.txt", "kind": "file", "size": 9, "media_type": "text/plain"},
    ]
    return new_job(cast.users["alice"], state="succeeded", outputs=shown, result=ROWS)


def test_markdown_can_do_nothing_and_shows_the_jobs_own_pictures(cast, job):
    page = cast.pages("alice").get(f"/jobs/{job.pk}/").content.decode()
    piece = cast.pages("alice").get(f"/jobs/{job.pk}/text/note").content.decode()
    assert piece in page
    assert "<h3>Report</h3>" in piece
    assert f'<img src="/api/v1/jobs/{job.pk}/files/a.png" alt="chart" loading="lazy">' in piece
    assert "theirs" in piece
    assert "<script" not in piece
    assert "example.com" not in piece


def test_a_table_is_csv_that_no_spreadsheet_runs(cast, job):
    for name in ("rows", "result"):
        answer = cast.pages("alice").get(f"/jobs/{job.pk}/csv/{name}")
        assert answer["Content-Disposition"] == f'attachment; filename="{name}.csv"'
        assert answer.content.decode("utf-8-sig") == "name,n,more\r\n'=1+1,1,\r\n김,,[1]\r\n"


def test_what_lies_in_a_file_is_shown_too(cast, job):
    large = outputs.encode(str(job.pk), "large", [{"n": n} for n in range(5_000)])
    text = outputs.encode(str(job.pk), "text", "# Long\n" + "word " * 2_000)
    job.outputs = [large, text]
    job.save()
    browser = cast.pages("alice")
    assert browser.get(f"/jobs/{job.pk}/csv/large").content.count(b"\r\n") == 5_001
    assert browser.get(f"/jobs/{job.pk}/text/text").content.startswith(b"<h3>Long</h3>")
    result_files.discard(str(job.pk), "text")
    assert browser.get(f"/jobs/{job.pk}/text/text").status_code == 404


@pytest.mark.parametrize("path", ["text/note", "csv/rows", "csv/result"])
def test_others_find_nothing(cast, job, path):
    found = {name: cast.pages(name).get(f"/jobs/{job.pk}/{path}").status_code for name in ("bob", "charlie", "dora")}
    assert found == {"bob": 404, "charlie": 404, "dora": 200}


@pytest.mark.parametrize("path", ["text/rows", "text/none", "csv/note", "csv/none", "csv/log.txt"])
def test_what_is_no_such_thing_is_not_there(cast, job, path):
    assert cast.pages("alice").get(f"/jobs/{job.pk}/{path}").status_code == 404


def test_pictures_that_follow_each_other_stand_together(cast, job):
    page = cast.pages("alice").get(f"/jobs/{job.pk}/").content.decode()
    assert page.count('<div class="gallery">') == 1
    gallery = page[page.index('<div class="gallery">') :]
    assert re.findall(r'<a class="picture" href="[^"]+/([ab].png)"', gallery) == ["a.png", "b.png"]
    assert page.count('<div class="output-chart">') == 1
    assert '<span class="quiet">text/plain</span>' in page
    assert f'href="/jobs/{job.pk}/csv/rows" download>CSV</a>' in page
