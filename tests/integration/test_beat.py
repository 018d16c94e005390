"""Schedules run: a real beat and a real worker; what is made on the page belongs to its owner and follows the page."""

import re
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest

from tasks.events import FINAL
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.timeout(300)  # instances of their own, that start and wait

ADD = "tasks.samples.arithmetic.add"
EVERY_SECOND = {"schedule-kind": "interval", "schedule-every": "1", "schedule-period": "seconds", "y": "4"}

_SCHEDULE = """
import json
from django_celery_beat.models import IntervalSchedule, PeriodicTask
every, _ = IntervalSchedule.objects.get_or_create(every=1, period="seconds")
PeriodicTask.objects.create(name="sum", task="tasks.samples.arithmetic.add", args=json.dumps([4, 4]), interval=every)
"""
_JOBS = """
from tasks.models import Job
rows = Job.objects.filter(task="tasks.samples.arithmetic.add").order_by("created_at")
answer = [{**row.as_dict(), "schedule": row.schedule} for row in rows]
"""
_CRONTAB = """
from datetime import datetime, timezone
from django.conf import settings
from django_celery_beat.models import CrontabSchedule
from celery import current_app
nine = CrontabSchedule.objects.create(minute="0", hour="9").schedule
# 23:59:30 UTC is half a minute before nine in Seoul.
nine.nowfun = lambda: datetime(2026, 11, 22, 23, 59, 30, tzinfo=timezone.utc)
due, seconds = nine.is_due(datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc))
answer = [str(current_app.conf.timezone), settings.TIME_ZONE, due, round(seconds)]
"""


def test_a_scheduled_task_is_a_job_of_nobodys(stack_factory):
    stack = stack_factory(beat=True, WORKERS="1")
    stack.run(_SCHEDULE)
    done = wait_for(
        lambda: [job for job in stack.run(_JOBS) if job["state"] in FINAL], "beat's job ends and is recorded", 60
    )
    assert done[0]["state"] == "succeeded"
    assert done[0]["result"] == 8
    assert done[0]["owner"] is None
    assert done[0]["args"] == {"x": 4, "y": 4}
    assert done[0]["schedule"] == "sum"
    assert stack.run(_CRONTAB) == ["Asia/Seoul", "Asia/Seoul", False, 30]


class NoRedirect(HTTPRedirectHandler):
    def http_error_302(self, req, fp, code, msg, headers):
        return fp


def ask(stack: Stack, who: str, path: str, fields: dict[str, str] | None = None) -> tuple[str, str]:
    """A page asked for, or posted to, at the running daphne; where it leads, and what it says."""
    token = "a" * 32
    cookies = {**stack.cookies(who), "csrftoken": token}
    body = None if fields is None else urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    with build_opener(NoRedirect).open(Request(stack.url + path, body, headers)) as response:
        return response.headers.get("Location", ""), response.read().decode()


def jobs(stack: Stack, x: int, state: str = "succeeded") -> list[dict]:
    return [job for job in stack.run(_JOBS) if job["args"].get("x") == x and job["state"] == state]


def test_a_schedule_made_on_the_page_runs_as_its_owner_and_follows_the_page(stack_factory):
    stack = stack_factory(beat=True, WORKERS="1")
    stack.user("alice", launch=True)
    stack.user("bob", launch=True)
    new = f"/schedules/new/?task={ADD}"
    page, _ = ask(stack, "alice", new, {**EVERY_SECOND, "x": "1"})
    assert re.fullmatch(r"/schedules/\d+/", page)
    clock, _ = ask(stack, "bob", new, {**EVERY_SECOND, "x": "1000"})

    first = wait_for(lambda: jobs(stack, 1), "a run of alice's schedule ends", 60)[0]
    assert (first["owner"], first["result"]) == ("alice", 5)
    assert f'data-job="{first["id"]}"' in ask(stack, "alice", page)[1]
    assert f'data-job="{first["id"]}"' not in ask(stack, "bob", clock)[1]

    ask(stack, "alice", f"{page}change/", {**EVERY_SECOND, "x": "2"})
    wait_for(lambda: jobs(stack, 2), "a run with the changed arguments ends", 60)

    def seconds_go_by() -> None:
        """Several runs of bob's schedule: beat has looked again, and all that was due has run."""
        before = len(jobs(stack, 1000))
        wait_for(lambda: len(jobs(stack, 1000)) >= before + 3, "bob's schedule runs on", 60)

    seconds_go_by()
    old = len(jobs(stack, 1))
    # Whoever loses the right to launch has no more runs, and is told why.
    stack.user("alice", launch=False)
    wait_for(lambda: "its owner may no longer launch" in stack.log("beat"), "beat says that it did not run", 60)
    runs = len(jobs(stack, 2))
    seconds_go_by()
    assert len(jobs(stack, 2)) <= runs + 1, "one may have been on its way"
    assert "its owner may no longer launch this task" in ask(stack, "alice", page)[1]
    stack.user("alice", launch=True)
    wait_for(lambda: len(jobs(stack, 2)) > runs + 1, "it runs again once she may", 60)

    ask(stack, "alice", f"{page}pause/", {})
    seconds_go_by()
    runs = len(jobs(stack, 2))
    seconds_go_by()
    assert len(jobs(stack, 2)) == runs
    assert len(jobs(stack, 1)) == old
    ask(stack, "alice", f"{page}resume/", {})
    wait_for(lambda: len(jobs(stack, 2)) > runs, "it runs again when it is resumed", 60)
