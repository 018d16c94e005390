"""Moments and durations as people type them. A moment is one in the reader's zone, and travels in UTC."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime, parse_duration
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from pydantic import NaiveDatetime

from tasks.catalog_values import iso_duration

_PART = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(?:(?P<weeks>w|weeks?|주)|(?P<days>d|days?|일)|(?P<hours>h|hrs?|hours?|시간)"
    r"|(?P<minutes>m|mins?|minutes?|분)|(?P<seconds>s|secs?|seconds?|초)|(?P<milliseconds>ms))(?![^\W\d_])[\s,]*",
    re.IGNORECASE,
)

# As tasks.catalog_values.iso_duration writes it.
_ON_THE_WIRE = re.compile(r"-?P\d+DT\d+(\.\d{6})?S", re.ASCII)


def read_datetime(of: Any) -> Callable[[str], str]:
    """A function that takes a time without zone for one in the reader's zone; it has to exist there, once."""

    def read(value: str) -> str:
        moment = _parsed(value)
        if moment is None:
            return value
        if of is NaiveDatetime:
            return moment.isoformat()
        return (moment if moment.tzinfo else _the_one(moment)).astimezone(UTC).isoformat()

    return read


def _parsed(value: Any) -> datetime | None:
    try:
        return parse_datetime(str(value).strip())
    except ValueError:
        return None


def _the_one(moment: datetime) -> datetime:
    found, zone = _instants(moment), timezone.get_current_timezone_name()
    if len(found) == 1:
        return found[0]
    words = {"time": f"{moment:%H:%M}", "day": f"{moment:%Y-%m-%d}", "zone": zone}
    if found:
        text = _("{time} comes twice on {day} in {zone}, where clocks are put back: choose which one.")
        raise ValidationError(text.format(**words), code="ambiguous")
    before, after = (_in_zone(moment, fold).utcoffset() for fold in (0, 1))
    later = moment + abs((after or timedelta()) - (before or timedelta()))
    text = _("There is no {time} on {day} in {zone}, where clocks are put forward: take another time, like {later}.")
    raise ValidationError(text.format(**words, later=f"{later:%H:%M}"), code="imaginary")


def _instants(moment: datetime) -> list[datetime]:
    """When a clock of the reader's zone shows this: never, once, or twice."""
    found: list[datetime] = []
    for fold in (0, 1):
        instant = _in_zone(moment, fold)
        shows = instant.astimezone(UTC).astimezone(instant.tzinfo).replace(tzinfo=None)
        if shows == moment and all(one.utcoffset() != instant.utcoffset() for one in found):
            found.append(instant)
    return found


def _in_zone(moment: datetime, fold: int) -> datetime:
    return moment.replace(tzinfo=timezone.get_current_timezone(), fold=fold)


def show_datetime(value: Any) -> str:
    """In the reader's zone, as a browser's field for date and time wants it; with its offset where it comes twice."""
    moment = _parsed(value)
    if moment is None:
        return str(value)
    offset = ""
    if moment.tzinfo is not None:
        local = moment.astimezone(timezone.get_current_timezone())
        moment = local.replace(tzinfo=None)
        offset = local.isoformat()[-6:] if len(_instants(moment)) > 1 else ""
    return moment.replace(fold=0).isoformat(timespec="auto" if moment.microsecond else "seconds") + offset


class MomentInput(forms.TextInput):
    """The browser's field for date and time; where a clock shows that twice, the choice between the two."""

    input_type = "datetime-local"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The text, with the offset that was chosen."""
        text, offset = super().value_from_datadict(data, files, name), data.get(f"{name}.offset")
        moment = _parsed(text)
        if not offset or moment is None or moment.tzinfo:
            return text
        return f"{text}{offset}" if offset in [offset_of(one) for one in _instants(moment)] else text

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The control, or both."""
        moment = _parsed(value)
        if moment and moment.tzinfo:
            value = show_datetime(value)
            moment = _parsed(value)
        offset = offset_of(moment) if moment and moment.tzinfo else ""
        control = super().render(name, str(value).removesuffix(offset) if value else value, attrs, renderer)
        found = _instants(moment.replace(tzinfo=None)) if moment else []
        if len(found) < 2:
            return control
        labels = (_("the first ({offset})"), _("the second ({offset})"))
        choices = [
            (offset_of(one), label.format(offset=f"UTC{offset_of(one)}"))
            for one, label in zip(found, labels, strict=True)
        ]
        which = forms.Select(choices=[("", "---------"), *choices])
        told = {"aria-label": _("Which of the two"), "id": f"{(attrs or {}).get('id', name)}_offset"}
        return format_html("{}{}", control, which.render(f"{name}.offset", offset, told))


def offset_of(moment: datetime) -> str:
    """`+09:00`"""
    return moment.isoformat()[-6:]


def read_duration(value: str) -> Any:
    """`1h 30m`, `90 min`, `2시간`; `90` is seconds; all else is left to the validation."""
    text = value.strip()
    if text.replace(".", "", 1).isdigit() and text.isascii():
        return float(text)
    sign, rest = (-1, text[1:].lstrip()) if text.startswith("-") else (1, text)
    total, at = timedelta(), 0
    try:
        while rest[at:] and (part := _PART.match(rest, at)):
            unit = next(name for name, found in part.groupdict().items() if found)
            total += timedelta(**{unit: float(part[1].replace(",", "."))})
            at = part.end()
    except OverflowError:
        return text
    return text if at < len(rest) or not rest else iso_duration(sign * total)


def show_duration(value: Any) -> str:
    """`1h 30m`, which `read_duration` reads back; the text itself where it is no duration."""
    try:
        duration = parse_duration(str(value))
    except OverflowError:
        duration = None
    if duration is None:
        return str(value)
    sign, rest = ("-", -duration) if duration < timedelta(0) else ("", duration)
    minutes, seconds = divmod(rest.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{rest.microseconds:06}".rstrip("0") if rest.microseconds else ""
    counts = {"d": str(rest.days), "h": str(hours), "m": str(minutes), "s": f"{seconds}{fraction}"}
    return sign + (" ".join(f"{count}{unit}" for unit, count in counts.items() if count != "0") or "0s")


def is_wire_duration(text: str) -> bool:
    """Whether a text is a duration as arguments bear it: people have no other use for one of this form."""
    return bool(_ON_THE_WIRE.fullmatch(text))
