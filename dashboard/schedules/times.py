"""When a schedule runs next: asked of the very object that beat asks, with its clock set forward."""

from datetime import UTC, datetime, timedelta
from typing import Any

from celery.exceptions import ImproperlyConfigured
from celery.schedules import ParseException
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

# A crontab that never fits (31 February) is found by asking; Celery says it by one of these.
NEVER = (ValueError, RuntimeError, OverflowError, ParseException, ImproperlyConfigured)
# Of one run; a second ask is enough where clocks are not changed.
_MOST_ASKS = 10


def next_runs(periodic: PeriodicTask, count: int = 5, now: datetime | None = None) -> list[datetime]:
    """At most `count` moments, in UTC, as beat will see them; the first is `now` where a run is overdue.

    Empty for one that is paused, is over, or never runs. Raises nothing: what cannot be told is left out.
    """
    if not periodic.enabled or (periodic.one_off and periodic.total_run_count):
        return []
    try:
        return _runs(periodic, count, now or timezone.now())
    except NEVER:
        return []


def _runs(periodic: PeriodicTask, count: int, now: datetime) -> list[datetime]:
    schedule: Any = periodic.schedule
    start = periodic.start_time
    last = periodic.last_run_at or periodic.date_changed or now
    if start and not periodic.last_run_at:
        last -= timedelta(days=365 * 30)  # as beat does, so that it runs at its start
    at = max(now, start) if start else now
    runs: list[datetime] = []
    while len(runs) < (1 if periodic.one_off else count):
        moment = _first_due(schedule, last, at)
        if moment is None or (periodic.expires and moment >= periodic.expires):
            break
        runs.append(moment)
        last = at = moment
    return runs


def _first_due(schedule: Any, last: datetime, at: datetime) -> datetime | None:
    """The first moment from `at` on at which beat finds the schedule due, which ran `last`."""
    for _ in range(_MOST_ASKS):
        schedule.nowfun = lambda now=at: now
        is_due, seconds = schedule.is_due(last)
        if is_due:
            return at.astimezone(UTC)
        at += timedelta(seconds=seconds)
    return None
