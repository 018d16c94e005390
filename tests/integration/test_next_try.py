"""When a job is tried again is told, in its reason; and in which order jobs are taken, on its page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from celery.exceptions import Retry
from django.utils import timezone, translation

from dashboard.reasons import reason_words
from tasks import eventlog, next_try
from tasks.again import retry
from tasks.launching import launch, priority_of
from tasks.models import Job
from tests.support.cast import in_log, make_cast, new_job

ADD = "tasks.samples.arithmetic.add"
AT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def test_the_next_try_is_told_as_the_reader_has_it():
    due = timezone.now() + timedelta(hours=3)
    text = f"{timezone.localtime(due):%Y-%m-%d %H:%M:%S}"
    assert next_try.told("OSError: no", Retry(when=due)) == f"OSError: no; next try at {text}"
    assert re.fullmatch(f"OSError: no; next try at {AT}", next_try.told("OSError: no", Retry(when=180)))
    assert re.fullmatch(f"next try at {AT}", next_try.told(None, Retry(when=2.5)))
    # Celery takes a time without zone for one in UTC.
    utc = (due - due.utcoffset()).replace(tzinfo=None)
    assert next_try.told("x", Retry(when=utc)) == f"x; next try at {text}"


@pytest.mark.parametrize("when", [0, 0.5, None, "soon"])
def test_one_that_is_due_at_once_is_not_told(when):
    assert next_try.told("OSError: no", Retry(when=when)) == "OSError: no"
    assert next_try.told(None, Retry(when=when)) == "asked for by the task"
    assert next_try.told("gone", "no Retry at all") == "gone"


def test_it_is_told_in_korean():
    with translation.override("ko"):
        assert (
            reason_words("OSError: no; next try at 2026-05-31 14:00:00") == "OSError: no; 다음 시도 2026-05-31 14:00:00"
        )


@pytest.mark.django_db
@pytest.mark.usefixtures("redis_server", "static_files")
def test_the_priority_of_the_form_is_on_the_page_and_stays_when_the_job_is_run_again():
    eventlog.open_epoch(1)
    cast = make_cast()
    browser = cast.pages("alice")
    for name, number in (("high", 0), ("low", 6)):
        address = browser.post(f"/tasks/{ADD}/", {"x": "1", "y": "2", "when-priority": name}).headers["Location"]
        job = Job.objects.get(pk=address.split("/")[2])
        assert job.priority == number
        assert f"{name.title()} priority" in browser.get(address).content.decode()
        old = new_job(cast.users["alice"], state="failed", priority=number)
        in_log(old)
        assert priority_of(retry(old.as_dict(), user=cast.users["alice"])) == name
    usual = launch(ADD, {"x": 1, "y": 2}, user=cast.users["alice"])
    assert "priority" not in browser.get(f"/jobs/{usual.pk}/").content.decode()
    wrong = browser.post(f"/tasks/{ADD}/", {"x": "1", "y": "2", "when-priority": "urgent"})
    assert wrong.status_code == 422
    assert "urgent" in wrong.content.decode()
