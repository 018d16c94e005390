"""When a schedule runs: in words, in both languages; and which moments come next, as beat itself will see them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone, translation
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask

from dashboard.forms.form import form_class
from dashboard.launching import moments
from dashboard.launching.when import WhenForm
from dashboard.schedules.forms import TimingForm
from dashboard.schedules.times import next_runs
from dashboard.schedules.words import words
from tests.support import signatures
from tests.support.signatures import described

BERLIN, NEW_YORK, SEOUL = "Europe/Berlin", "America/New_York", "Asia/Seoul"


def crontab(fields: str, zone: str = SEOUL, **more) -> PeriodicTask:
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    row = CrontabSchedule(**dict(zip(names, fields.split(), strict=True)), timezone=ZoneInfo(zone))
    return PeriodicTask(name="x", task="x", crontab=row, **more)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(moments_: list[datetime], zone: str) -> list[str]:
    return [moment.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") for moment in moments_]


@pytest.mark.parametrize(
    ("fields", "english", "korean"),
    [
        ("0 9 * * *", "Every day at 09:00", "매일 09:00"),
        ("0 9,18 * * *", "Every day at 09:00 and 18:00", "매일 09:00, 18:00"),
        ("0 9 * * 1-5", "Monday to Friday at 09:00", "월요일~금요일 09:00"),
        ("30 8 * * 0", "Every Sunday at 08:30", "매주 일요일 08:30"),
        ("30 8 * * mon,thu", "Every Monday and Thursday at 08:30", "매주 월요일, 목요일 08:30"),
        ("30 2 1,15 * *", "On day 1 and 15 of every month at 02:30", "매월 1, 15일 02:30"),
        ("0 0 1 1 *", "On day 1 of January at 00:00", "1월 1일 00:00"),
        ("* * * * *", "Every minute", "매분"),
        ("*/15 * * * *", "Every 15 minutes", "15분마다"),
        ("5 * * * *", "Every hour at minute 5", "매시 5분"),
        ("0 * * * *", "Every hour at minute 0", "매시 0분"),
        ("30 */6 * * *", "Every day at 00:30, 06:30, 12:30 and 18:30", "매일 00:30, 06:30, 12:30, 18:30"),
        ("30 */2 * * *", "Every 2 hours at minute 30", "2시간마다 30분"),
        ("0 9-17 * * 1-5", "Monday to Friday, every hour from 09:00 to 17:00", "월요일~금요일, 09:00~17:00 매시간"),
        ("*/10 9-17 * * *", "Every 10 minutes from 09:00 to 17:50", "09:00~17:50 10분마다"),
        ("*/15 * * * 1-5", "Monday to Friday, every 15 minutes", "월요일~금요일, 15분마다"),
        ("* 8 * * *", "Every minute from 08:00 to 08:59", "08:00~08:59 매분"),
        ("0 * 1 * *", "On day 1 of every month, every hour at minute 0", "매월 1일, 매시 0분"),
        # */7 is no interval: after 56 comes 0.
        ("*/7 * * * *", "Crontab */7 * * * *", "Crontab */7 * * * *"),
        # With both, Celery runs on days that are the one and the other; cron itself on either.
        ("0 9 13 * 5", "Crontab 0 9 13 * 5", "Crontab 0 9 13 * 5"),
        ("5,35 8-18 * * 1", "Crontab 5,35 8-18 * * 1", "Crontab 5,35 8-18 * * 1"),
    ],
)
def test_a_crontab_in_words(fields, english, korean):
    assert words(crontab(fields)) == english
    with translation.override("ko"):
        assert words(crontab(fields)) == korean


def test_the_zone_is_told_where_it_is_not_the_readers():
    assert words(crontab("0 9 * * *", BERLIN)) == "Every day at 09:00 (Europe/Berlin)"
    with timezone.override(BERLIN):
        assert words(crontab("0 9 * * *", BERLIN)) == "Every day at 09:00"
        assert words(crontab("0 9 * * *", SEOUL)) == "Every day at 09:00 (Asia/Seoul)"


def test_an_interval_and_a_moment_in_words():
    assert words(PeriodicTask(interval=IntervalSchedule(every=1, period="hours"))) == "Every hour"
    assert words(PeriodicTask(interval=IntervalSchedule(every=90, period="seconds"))) == "Every 90 seconds"
    at = ClockedSchedule(clocked_time=utc("2026-12-24T09:00"))
    assert words(PeriodicTask(clocked=at)) == "Once, at 2026-12-24 18:00"
    with timezone.override(BERLIN), translation.override("ko"):
        assert words(PeriodicTask(clocked=at)) == "한 번, 2026-12-24 10:00"


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        # Nine o'clock stays nine o'clock when clocks are changed.
        (BERLIN, "2026-03-27T12:00", ["2026-03-28T09:00+01:00", "2026-03-29T09:00+02:00", "2026-03-30T09:00+02:00"]),
        (BERLIN, "2026-10-23T12:00", ["2026-10-24T09:00+02:00", "2026-10-25T09:00+01:00", "2026-10-26T09:00+01:00"]),
        (NEW_YORK, "2026-03-06T20:00", ["2026-03-07T09:00-05:00", "2026-03-08T09:00-04:00", "2026-03-09T09:00-04:00"]),
        (NEW_YORK, "2026-10-30T20:00", ["2026-10-31T09:00-04:00", "2026-11-01T09:00-05:00", "2026-11-02T09:00-05:00"]),
    ],
)
def test_a_crontab_keeps_its_hour_over_daylight_saving(zone, now, expected):
    assert local(next_runs(crontab("0 9 * * *", zone, date_changed=utc(now)), 3, utc(now)), zone) == expected


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        # 02:30 does not exist: the run comes an hour later by the clock; in autumn it comes once, not twice.
        (BERLIN, "2026-03-28T12:00", ["2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00"]),
        (BERLIN, "2026-10-24T12:00", ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
        (NEW_YORK, "2026-03-07T20:00", ["2026-03-08T03:30-04:00", "2026-03-09T02:30-04:00"]),
    ],
)
def test_a_run_in_the_hour_that_is_left_out_or_comes_twice(zone, now, expected):
    assert local(next_runs(crontab("30 2 * * *", zone, date_changed=utc(now)), 2, utc(now)), zone) == expected


def test_what_is_told_is_what_beat_finds_due():
    """Beat asks again and again as time goes by; minute for minute it finds due what the page has told."""
    now = utc("2026-10-24T22:00")
    told = next_runs(crontab("*/20 1-4 * * *", BERLIN, date_changed=now), 12, now)
    schedule, last, found, at = crontab("*/20 1-4 * * *", BERLIN).schedule, now, [], now
    while at <= told[-1]:
        with time_machine.travel(at, tick=False):
            if schedule.is_due(last).is_due:
                found.append(at)
                last = at
        at += timedelta(minutes=1)
    assert found == told


def test_an_interval_counts_from_its_last_run():
    every = IntervalSchedule(every=2, period="hours")
    now = utc("2026-03-29T00:30")
    with timezone.override(BERLIN):
        task = PeriodicTask(interval=every, last_run_at=utc("2026-03-29T00:00"))
        runs = next_runs(task, 2, now)
    assert runs == [utc("2026-03-29T02:00"), utc("2026-03-29T04:00")]
    overdue = PeriodicTask(interval=every, last_run_at=utc("2026-03-28T12:00"))
    assert next_runs(overdue, 2, now) == [now, now + timedelta(hours=2)]


def test_what_is_paused_is_over_or_never_comes_has_no_next_run():
    now = utc("2026-11-27T00:00")
    at = ClockedSchedule(clocked_time=now + timedelta(hours=1))
    once = PeriodicTask(clocked=at, one_off=True, date_changed=now)
    assert next_runs(once, 5, now) == [at.clocked_time]
    once.total_run_count = 1
    assert next_runs(once, 5, now) == []
    assert next_runs(crontab("0 9 * * *", enabled=False, date_changed=now), 5, now) == []
    assert next_runs(crontab("0 9 31 2 *", date_changed=now), 5, now) == []


@time_machine.travel("2026-01-01T00:00:00Z", tick=False)
def test_a_typed_time_is_in_the_readers_zone():
    with timezone.override(BERLIN):
        assert moments.read("2026-07-01T09:00") == utc("2026-07-01T07:00")
        assert moments.read("2026-07-01T09:00+09:00") == utc("2026-07-01T00:00")


@time_machine.travel("2026-01-01T00:00:00Z", tick=False)
@pytest.mark.parametrize(
    ("zone", "text", "code"),
    [
        (BERLIN, "2026-03-29T02:30", "clocks"),
        (BERLIN, "2026-10-25T02:30", "clocks"),
        (NEW_YORK, "2026-03-08T02:30", "clocks"),
        (NEW_YORK, "2026-11-01T01:30", "clocks"),
        (BERLIN, "2025-12-31T23:00", "past"),
        (BERLIN, "0001-01-01T00:00", "past"),
        (BERLIN, "9999-12-31T23:59", "far"),
        (BERLIN, "tomorrow", "invalid"),
        (BERLIN, "2026-13-01T00:00", "invalid"),
    ],
)
def test_a_time_that_cannot_be_is_refused(zone, text, code):
    with timezone.override(zone), pytest.raises(ValidationError) as refused:
        moments.read(text)
    assert refused.value.code == code


@time_machine.travel("2026-01-01T00:00:00Z", tick=False)
def test_a_time_that_comes_twice_is_told_apart_from_one_that_does_not_exist():
    with timezone.override(BERLIN):
        with pytest.raises(ValidationError, match="this time comes twice"):
            moments.read("2026-10-25T02:30")
        with pytest.raises(ValidationError, match="this time does not exist"):
            moments.read("2026-03-29T02:30")
        assert moments.read("2026-10-25T03:00") == utc("2026-10-25T02:00")


@time_machine.travel("2026-01-01T00:00:00Z", tick=False)
def test_when_a_launch_begins():
    def eta(query: str) -> datetime | None:
        form = WhenForm(QueryDict(query))
        assert form.is_valid(), form.errors
        return form.eta

    assert eta("") is None
    assert eta("when-kind=now&when-unit=minutes&when-at=") is None
    assert eta("when-kind=in&when-amount=90") == utc("2026-01-01T01:30")
    assert eta("when-kind=in&when-amount=2&when-unit=hours") == utc("2026-01-01T02:00")
    assert eta("when-kind=at&when-at=2026-01-02T09:00") == utc("2026-01-02T00:00")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("when-kind=at", "at"),
        ("when-kind=in", "amount"),
        ("when-kind=in&when-amount=0", "amount"),
        ("when-kind=in&when-amount=soon", "amount"),
        # What is typed and not chosen is not launched at once.
        ("when-at=2199-01-02T09:00", "at"),
        ("when-kind=now&when-amount=5", "amount"),
        ("when-kind=never", "kind"),
        ("when-kind=in&when-amount=1&when-unit=years", "unit"),
    ],
)
def test_what_is_missing_is_said_at_its_field(query, field):
    form = WhenForm(QueryDict(query))
    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert form.is_open


@pytest.mark.parametrize("function", signatures.ALL)
def test_no_parameter_is_called_like_a_field_beside_it(function):
    own = form_class(described(function))()
    taken = {own.add_prefix(name) for name in own.fields}
    beside = {form.add_prefix(name) for form in (WhenForm(), TimingForm()) for name in form.fields}
    assert not taken & beside
    assert not any(name.isidentifier() for name in beside)
