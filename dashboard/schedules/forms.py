"""The forms of a schedule: when it runs, and arguments that may lie in the database for as long as it does."""

import dataclasses
from typing import Any
from zoneinfo import available_timezones

from celery.schedules import ParseException
from celery.schedules import crontab as celery_crontab
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask

from dashboard.forms.build import field_for
from dashboard.forms.fields import OMITTED
from dashboard.forms.form import ArgumentsForm
from dashboard.launching.beside import BesideForm
from dashboard.launching.moments import MomentField
from dashboard.schedules.store import Plan, Scheduled
from dashboard.schedules.times import next_runs
from dashboard.schedules.words import five_fields
from tasks.catalog import LaunchableTask
from tasks.models import Upload
from tasks.uploaded import ids_in

INTERVAL, CRONTAB, CLOCKED = "interval", "crontab", "clocked"
_CRON = {
    "minute": gettext_lazy("the minute"),
    "hour": gettext_lazy("the hour"),
    "day_of_month": gettext_lazy("the day of the month"),
    "month_of_year": gettext_lazy("the month"),
    "day_of_week": gettext_lazy("the weekday"),
}
_FIELDS = {INTERVAL: ("every", "period"), CRONTAB: ("crontab", "zone"), CLOCKED: ("at",)}
_MOST = 10_000


class TimingForm(BesideForm):
    """After `is_valid`, `timing` is a row of django-celery-beat that says when; others may share it."""

    prefix = "schedule"

    title = forms.CharField(
        max_length=200,
        required=False,
        label=gettext_lazy("Name of the schedule"),
        help_text=gettext_lazy("Without one it is called like its task."),
    )
    kind = forms.ChoiceField(
        choices=[
            (INTERVAL, gettext_lazy("Every")),
            (CRONTAB, gettext_lazy("By a crontab")),
            (CLOCKED, gettext_lazy("Once, at")),
        ],
        initial=INTERVAL,
        label=gettext_lazy("When"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose when it runs.")},
    )
    every = forms.IntegerField(min_value=1, max_value=_MOST, required=False, label=gettext_lazy("How many"))
    period = forms.ChoiceField(
        choices=[
            ("minutes", gettext_lazy("minutes")),
            ("hours", gettext_lazy("hours")),
            ("days", gettext_lazy("days")),
            ("seconds", gettext_lazy("seconds")),
        ],
        initial="hours",
        required=False,
        label=gettext_lazy("Unit"),
    )
    crontab = forms.CharField(
        required=False,
        label=gettext_lazy("Minute, hour, day, month, weekday"),
        widget=forms.TextInput(attrs={"placeholder": "0 9 * * 1-5", "spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "“0 9 * * 1-5” is Monday to Friday at nine, “*/15 * * * *” every 15 minutes, “30 2 1 * *” the first of every month at 02:30. 0 is Sunday, 6 Saturday."  # noqa: E501
        ),
    )
    zone = forms.ChoiceField(choices=[], required=False, label=gettext_lazy("Time zone"))
    at = MomentField(label=gettext_lazy("Date and time"))
    timing: Model

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        zones: Any = self.fields["zone"]
        zones.choices = [(name, name) for name in sorted(available_timezones() - {"localtime"})]
        zones.initial = timezone.get_current_timezone_name()

    def clean(self) -> dict[str, Any]:
        """Find or make the row of what was chosen; say what is missing or never happens."""
        kind = self.cleaned_data.get("kind")
        # What stands in the fields of another choice, such as a time that is past by now, is nobody's mistake.
        others = (name for other, names in _FIELDS.items() if other != kind for name in names)
        for name in others:
            self.errors.pop(name, None)
        match kind:
            case "interval":
                if every := self.need("every", _("Enter how often.")):
                    self._take(IntervalSchedule, every=every, period=self.cleaned_data.get("period") or "hours")
            case "crontab":
                if text := self.need("crontab", _("Enter the five fields of a crontab.")):
                    self._read_crontab(text)
            case "clocked":
                if at := self.need("at", _("Enter a date and a time.")):
                    self._take(ClockedSchedule, clocked_time=at)
        return self.cleaned_data

    def _read_crontab(self, text: str) -> None:
        fields = text.split()
        if len(fields) != len(_CRON):
            words = _("A crontab has five fields with spaces between them: minute, hour, day, month, weekday.")
            self.add_error("crontab", words)
            return
        zone = self.cleaned_data.get("zone") or timezone.get_current_timezone_name()
        values = dict(zip(_CRON, fields, strict=True)) | {"timezone": zone}
        crontab = CrontabSchedule(**values)
        wrong = _wrong(crontab)
        if wrong:
            words = _("This is no crontab: look at {fields}.")
            self.add_error("crontab", words.format(fields=", ".join(map(str, wrong))))
            return
        if not next_runs(PeriodicTask(crontab=crontab, date_changed=timezone.now())):
            self.add_error("crontab", _("There is no such day: this would never run."))
            return
        self._take(CrontabSchedule, **values)

    def _take(self, model: Any, **values: Any) -> None:
        # Not get_or_create: rows that were made elsewhere need not be unique.
        self.timing = model.objects.filter(**values).first() or model(**values)


def _wrong(crontab: CrontabSchedule) -> list[Any]:
    """The names of the fields that cannot be read."""
    try:
        crontab.clean_fields()
        celery_crontab(day_of_week=crontab.day_of_week)
    except ValidationError as error:
        return [_CRON[name] for name in error.error_dict if name in _CRON]
    except (ValueError, ParseException):  # 7 for Sunday, which the check of django-celery-beat lets pass
        return [_CRON["day_of_week"]]
    return []


def timing_of(found: Scheduled) -> dict[str, Any]:
    """What TimingForm holds at first where the schedule is changed."""
    periodic = found.periodic
    initial: dict[str, Any] = {"title": periodic.description}
    if periodic.interval:
        return initial | {"kind": INTERVAL, "every": periodic.interval.every, "period": periodic.interval.period}
    if periodic.clocked:
        return initial | {"kind": CLOCKED, "at": periodic.clocked.clocked_time}
    crontab = periodic.crontab
    return initial | {"kind": CRONTAB, "crontab": five_fields(crontab), "zone": str(crontab.timezone)}


class ScheduledArguments(ArgumentsForm):
    """Arguments that are kept in clear text for as long as the schedule is there: no secrets, no files."""

    def __init__(self, *args: Any, stored: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        for parameter in self.task.parameters:
            field = self.fields[parameter.name]
            if parameter.name in (stored or {}):
                field.initial = _shown(parameter, (stored or {})[parameter.name])
            if cannot_be_stored(field):
                # Not sent by a browser then; what is sent all the same is refused.
                field.widget.attrs["disabled"] = True
                field.help_text = _never_stored(field)

    def clean(self) -> dict[str, Any]:
        """Refuse what must not be stored, then validate as the task does."""
        for name, value in list(self.cleaned_data.items()):
            field = self.fields[name]
            if value in (OMITTED, None, "", []):
                continue
            if cannot_be_stored(field) or self.task.masked({name: value})[name] != value:
                self.add_error(name, _never_stored(field))
        super().clean()
        if not self.errors:
            typed = self.task.validate(self.arguments(), user=self.user, check=False)
            for name, value in self.task.wire(typed).items():
                if Upload.objects.filter(pk__in=list(ids_in(value))).exists():
                    self.add_error(name, _("A schedule keeps no files: leave this empty."))
        return self.cleaned_data


def cannot_be_stored(field: forms.Field) -> bool:
    """Whether whatever the field is given is a secret or a file."""
    return isinstance(field.widget, forms.PasswordInput | forms.FileInput)


def _never_stored(field: forms.Field) -> str:
    if isinstance(field.widget, forms.FileInput):
        return _("A schedule keeps no files: leave this empty.")
    return _("A schedule keeps no secrets, they would lie in the database in clear text: leave this empty.")


def _shown(parameter: Any, value: Any) -> Any:
    """The stored value as its field shows a default: as one would type it."""
    ordinary = dataclasses.replace(parameter, default=value, kind=type(parameter.kind).POSITIONAL_OR_KEYWORD, mask=None)
    return field_for(ordinary).initial


def why_never(task: LaunchableTask) -> str:
    """Why the task cannot be put on a schedule; empty where it can."""
    for parameter in task.parameters:
        field = field_for(parameter)
        if field.required and cannot_be_stored(field):
            words = _("This task needs “{field}”, and a schedule keeps neither secrets nor files: launch it by hand.")
            return words.format(field=field.label)
    return ""


def plan(timing: TimingForm, arguments: ArgumentsForm) -> Plan:
    """After both are valid: what is to be kept. Raises BadArguments where the task's own check has changed its mind."""
    if timing.timing.pk is None:
        timing.timing.save()
    typed = arguments.task.validate(arguments.arguments(), user=arguments.user)
    return Plan(timing.cleaned_data["title"], timing.timing, typed)
