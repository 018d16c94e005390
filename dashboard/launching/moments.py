"""A date and time that somebody types: in the reader's zone, where it has to exist, and only once."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from dashboard.forms.times import show_datetime

# Further away nobody means it, and date arithmetic comes to its end.
_LAST_YEAR = 2200


class MomentField(forms.Field):
    """A moment to come, in UTC; None where the field is empty."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput()
        widget.input_type = "datetime-local"
        super().__init__(widget=widget, required=False, **options)

    def clean(self, value: Any) -> datetime | None:
        """Raises ValidationError with what to do about it."""
        return read(value) if value else None

    def prepare_value(self, value: Any) -> Any:
        """As typed; a moment in the reader's zone."""
        return show_datetime(value.isoformat()) if isinstance(value, datetime) else value


def read(text: str) -> datetime:
    """The moment in UTC. Raises ValidationError where it is none, in the past, skipped or there twice."""
    try:
        moment = parse_datetime(text.strip())
    except ValueError:
        moment = None
    if moment is None:
        raise ValidationError(_("Enter a date and a time."), code="invalid")
    if moment.year > _LAST_YEAR:
        raise ValidationError(_("This is too far away."), code="far")
    if moment.replace(tzinfo=None) < datetime(2000, 1, 1):
        raise ValidationError(_("This time is past."), code="past")
    if moment.tzinfo is None:
        moment = _in_readers_zone(moment)
    if moment <= timezone.now():
        raise ValidationError(_("This time is past."), code="past")
    return moment.astimezone(UTC)


def _in_readers_zone(wall: datetime) -> datetime:
    zone = timezone.get_current_timezone()
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        words = _("In {zone} clocks are set back then: this time comes twice. Choose one an hour earlier or later.")
    else:
        words = _("In {zone} clocks are set forward then: this time does not exist. Choose one an hour later.")
    raise ValidationError(words.format(zone=timezone.get_current_timezone_name()), code="clocks")
