"""When a schedule runs, in words; a crontab that words would only make longer is shown by its five fields."""

from collections.abc import Iterable
from typing import Any

from celery.schedules import ParseException
from django.utils import timezone
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

_EVERY = {
    "days": (gettext_noop("Every day"), gettext_noop("Every {n} days")),
    "hours": (gettext_noop("Every hour"), gettext_noop("Every {n} hours")),
    "minutes": (gettext_noop("Every minute"), gettext_noop("Every {n} minutes")),
    "seconds": (gettext_noop("Every second"), gettext_noop("Every {n} seconds")),
    "microseconds": (gettext_noop("Every microsecond"), gettext_noop("Every {n} microseconds")),
}
# More times of day than this are shorter as five fields.
_MOST_TIMES = 4
_MOST_DAYS = 5


def words(periodic: PeriodicTask) -> str:
    """`Every 2 hours`, `Monday to Friday at 09:00`; the crontab's zone is said where it is not the reader's."""
    if periodic.interval:
        return _interval(periodic.interval)
    if periodic.clocked:
        at = timezone.localtime(periodic.clocked.clocked_time)
        return _("Once, at {time}").format(time=f"{at:%Y-%m-%d %H:%M:%S}".removesuffix(":00"))
    if periodic.crontab:
        told = _crontab(periodic.crontab) or _("Crontab {fields}").format(fields=five_fields(periodic.crontab))
        zone = zone_of(periodic)
        return f"{told} ({zone})" if zone else told
    return str(periodic.solar or "")


def zone_of(periodic: PeriodicTask) -> str:
    """The name of the crontab's time zone; empty where that is the reader's, or there is no crontab."""
    name = str(periodic.crontab.timezone) if periodic.crontab else ""
    return "" if name == timezone.get_current_timezone_name() else name


def five_fields(crontab: CrontabSchedule) -> str:
    """As cron has them: minute, hour, day of the month, month, day of the week."""
    fields = (crontab.minute, crontab.hour, crontab.day_of_month, crontab.month_of_year, crontab.day_of_week)
    return " ".join(field.replace(" ", "") for field in fields)


def _interval(interval: IntervalSchedule) -> str:
    one, several = _EVERY[interval.period]
    return _(one) if interval.every == 1 else _(several).format(n=interval.every)


def _crontab(crontab: CrontabSchedule) -> str:
    """Words for the usual ones, else an empty text."""
    try:
        schedule: Any = crontab.schedule
    except (ParseException, ValueError):
        return ""
    minutes, hours = sorted(schedule.minute), sorted(schedule.hour)
    days = _days(schedule)
    if len(minutes) * len(hours) <= _MOST_TIMES and days:
        times = _listed(f"{hour:02}:{minute:02}" for hour in hours for minute in minutes)
        return _("{days} at {times}").format(days=days, times=times)
    often = _often(minutes, hours)
    if not often or not days or days == _("Every day"):
        return often if days else ""
    # In the middle of the sentence.
    return _("{days}, {often}").format(days=days, often=often[0].lower() + often[1:])


def _often(minutes: list[int], hours: list[int]) -> str:
    """Of many times a day: at which distance, and from when to when; empty where words would not say it well."""
    step = _step(minutes, 60)
    if len(hours) == 24 and len(minutes) == 1:
        return _("Every hour at minute {minute}").format(minute=minutes[0])
    if len(hours) == 24 and step:
        return _every_minutes(step)
    if len(minutes) == 1 and (of_hours := _step(hours, 24)):
        return _("Every {n} hours at minute {minute}").format(n=of_hours, minute=minutes[0])
    is_in_a_row = hours == list(range(hours[0], hours[-1] + 1))
    if not is_in_a_row or not (step or len(minutes) == 1):
        return ""
    often = _(_EVERY["hours"][0]) if len(minutes) == 1 else _every_minutes(step)
    first, last = f"{hours[0]:02}:{minutes[0]:02}", f"{hours[-1]:02}:{minutes[-1]:02}"
    return _("{often} from {first} to {last}").format(often=often, first=first, last=last)


def _every_minutes(n: int) -> str:
    one, several = _EVERY["minutes"]
    return _(one) if n == 1 else _(several).format(n=n)


def _days(schedule: Any) -> str:
    """The days, as a sentence begins with them; empty where words would not say it well."""
    weekdays = sorted((day - 1) % 7 for day in schedule.day_of_week)  # Monday is 0, as in Django's names
    days, months = sorted(schedule.day_of_month), sorted(schedule.month_of_year)
    is_every_weekday, is_every_day, is_every_month = len(weekdays) == 7, len(days) == 31, len(months) == 12
    if is_every_day and is_every_month:
        if is_every_weekday:
            return _("Every day")
        names = [str(WEEKDAYS[day]) for day in weekdays]
        if len(weekdays) > 2 and weekdays == list(range(weekdays[0], weekdays[-1] + 1)):
            return _("{first} to {last}").format(first=names[0], last=names[-1])
        return _("Every {weekdays}").format(weekdays=_listed(names))
    if not is_every_weekday or len(days) > _MOST_DAYS:
        return ""
    numbers = _listed(map(str, days))
    if is_every_month:
        return _("On day {days} of every month").format(days=numbers)
    return _("On day {days} of {months}").format(days=numbers, months=_listed(str(MONTHS[month]) for month in months))


def _listed(items: Iterable[str]) -> str:
    *first, last = items
    return _("{first} and {last}").format(first=", ".join(first), last=last) if first else last


def _step(values: list[int], whole: int) -> int:
    """n where the values are every n-th from 0 without a gap at the turn; 0 otherwise."""
    step = whole // len(values)
    return step if whole % len(values) == 0 and values == list(range(0, whole, step)) else 0
