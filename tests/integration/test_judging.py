"""What a launch form hears of a field that was left: the words of a launch, and nothing happens."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tasks.models import Job, Upload
from tests.support.cast import make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files"), pytest.mark.database]

ADD = "tasks.samples.arithmetic.add"
MAILS = "tasks.samples.mail.send_batch"


@pytest.fixture
def browser():
    return make_cast().pages("alice")


def judged(browser, task, **fields):
    return browser.post(f"/tasks/{task}/", {".do": "check", **fields}).json()["errors"]


def test_it_says_what_a_launch_would_and_launches_nothing(browser):
    fields = {"x": "many", "y": ""}
    said = judged(browser, ADD, **fields)
    assert set(said) == {"id_x", "id_y"}
    refused = browser.post(f"/tasks/{ADD}/", fields)
    assert refused.status_code == 422
    for place, messages in said.items():
        there = re.search(rf'<ul class="errorlist" id="{place}_error">(.*?)</ul>', refused.content.decode())[1]
        assert re.findall("<li>(.*?)</li>", there) == messages
    assert judged(browser, ADD, x="1", y="2") == {}
    assert not Job.objects.exists()


def test_the_time_of_the_launch_is_judged_too(browser):
    assert judged(browser, ADD, x="1", y="2", **{"when-kind": "at", "when-at": "yesterday"}) != {}


def test_nothing_that_was_sent_is_kept(browser):
    table = SimpleUploadedFile("rows.csv", b"email\na@example.com\n", "text/csv")
    assert "id_recipients" not in judged(browser, MAILS, recipients=table, subject="s", body="b")
    assert not Upload.objects.exists()
