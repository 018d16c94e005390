"""Schedules: beat sends, the job is recorded like any other, and crontabs mean Seoul's time."""

from tasks.events import FINAL
from tests.support.stack import wait_for

_SCHEDULE = """
import json
from django_celery_beat.models import IntervalSchedule, PeriodicTask
every, _ = IntervalSchedule.objects.get_or_create(every=1, period="seconds")
PeriodicTask.objects.create(name="sum", task="tasks.samples.arithmetic.add", args=json.dumps([4, 4]), interval=every)
"""
_JOBS = """
from tasks.models import Job
answer = [job.as_dict() for job in Job.objects.filter(task="tasks.samples.arithmetic.add").order_by("created_at")]
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
    assert stack.run(_CRONTAB) == ["Asia/Seoul", "Asia/Seoul", False, 30]
