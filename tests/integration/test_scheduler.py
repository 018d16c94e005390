"""Beat's scheduler, asked by hand: each run once, whatever happens in between; and none that nobody wants any more."""

from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
import time_machine
from celery import current_app
from django.db import OperationalError
from django.utils import timezone
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, PeriodicTask

from dashboard.beat import Scheduler
from dashboard.checks import beat_asks_who_may
from dashboard.models import Schedule
from dashboard.schedules import runs as schedule_runs
from dashboard.schedules import store as schedules
from tasks.models import Job
from tests.support.cast import Cast, make_cast, new_schedule

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_server")]


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def due(cast) -> PeriodicTask:
    """Alice's schedule of every hour, which ran last two hours ago."""
    row = new_schedule(cast.users["alice"])
    PeriodicTask.objects.filter(pk=row.pk).update(last_run_at=timezone.now() - timedelta(hours=2))
    return PeriodicTask.objects.get(pk=row.pk)


def beat() -> Scheduler:
    return Scheduler(app=current_app, lazy=True)


def tick(scheduler: Scheduler) -> None:
    """Let it run all that is due."""
    for _ in range(3):
        scheduler.tick()


def test_what_is_due_runs_once_and_that_is_written_down_at_once(cast, due):
    tick(beat())
    job = Job.objects.get()
    assert (job.owner, job.schedule, job.args) == (cast.users["alice"], due.name, {"x": 1, "y": 2})
    row = PeriodicTask.objects.get()
    assert row.total_run_count == 1
    assert timezone.now() - row.last_run_at < timedelta(minutes=1)


def test_a_beat_that_dies_before_it_has_written_a_run_down_does_not_repeat_it(due):
    tick(beat())
    PeriodicTask.objects.update(last_run_at=due.last_run_at, total_run_count=0)
    tick(beat())
    assert Job.objects.count() == 1
    assert PeriodicTask.objects.get().total_run_count == 1


@pytest.mark.parametrize("what", [schedules.pause, schedules.delete])
def test_what_is_paused_or_deleted_does_not_run_though_beat_has_not_looked_yet(due, what):
    scheduler = beat()
    scheduler.populate_heap()
    scheduler.old_schedulers = dict(scheduler.schedule)
    what(schedules.find(due.pk))
    scheduler.schedule_changed = lambda: False
    tick(scheduler)
    assert not Job.objects.exists()
    left = PeriodicTask.objects.values_list("enabled", "last_run_at", "total_run_count")
    assert list(left) in ([], [(False, None, 0)]), "what beat has to write undoes nothing, and counts no run"


def test_a_run_is_owed_while_the_database_is_away(due, monkeypatch):
    def away(*_args, **_more):
        raise OperationalError("gone")

    scheduler = beat()
    with monkeypatch.context() as patch:
        patch.setattr(schedule_runs, "run", away)
        tick(scheduler)
    assert not Job.objects.exists()
    tick(scheduler)
    assert Job.objects.count() == 1
    assert PeriodicTask.objects.get().total_run_count == 1


def test_a_run_that_is_refused_is_told_until_one_succeeds(cast, due):
    right = list(cast.users["alice"].user_permissions.all())
    cast.users["alice"].user_permissions.clear()
    tick(beat())
    assert not Job.objects.exists()
    assert "may no longer launch" in Schedule.objects.get().refusal
    cast.users["alice"].user_permissions.set(right)
    PeriodicTask.objects.update(last_run_at=due.last_run_at)
    tick(beat())
    assert Job.objects.count() == 1
    assert Schedule.objects.get().refusal == ""


def test_a_crontab_that_was_missed_does_not_wait_until_its_hour_is_near(cast):
    """The library reads only crontabs of the hours around now: a missed one would come two hours early, and again."""
    at = datetime.fromisoformat("2026-11-27T00:00:00+00:00")
    far = CrontabSchedule.objects.create(minute="0", hour="12", timezone="UTC")
    row = new_schedule(cast.users["alice"], interval=None, crontab=far)
    PeriodicTask.objects.filter(pk=row.pk).update(last_run_at=at - timedelta(days=2))
    with time_machine.travel(at):
        tick(beat())
        assert Job.objects.count() == 1
    with time_machine.travel(at + timedelta(hours=11)):
        tick(beat())
        assert Job.objects.count() == 1


def test_a_beat_that_would_not_ask_who_may_is_told_of():
    assert beat_asks_who_may(None) == []
    with current_app_conf(beat_scheduler="django_celery_beat.schedulers:DatabaseScheduler"):
        assert [error.id for error in beat_asks_who_may(None)] == ["taskcast.E003"]


@contextmanager
def current_app_conf(**values):
    before = {name: current_app.conf[name] for name in values}
    current_app.conf.update(values)
    yield
    current_app.conf.update(before)


def test_what_is_for_once_runs_once(cast):
    soon = ClockedSchedule.objects.create(clocked_time=timezone.now() - timedelta(seconds=1))
    new_schedule(cast.users["alice"], interval=None, clocked=soon, one_off=True)
    tick(beat())
    tick(beat())
    assert Job.objects.count() == 1
    assert not PeriodicTask.objects.get().enabled
