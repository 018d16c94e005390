"""How fast a job is, how long it will still run and whether that is usual, in the words of frontend/src/pace.ts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dashboard import eta
from dashboard.templatetags.taskcast import count, span
from dashboard.templatetags.taskcast_progress import is_summary
from tasks.events import FINAL

register = template.Library()

_UNITS = {
    "s": gettext_noop("{n} s"),
    "min": gettext_noop("{n} min"),
    "h": gettext_noop("{n} h"),
    "d": gettext_noop("{n} d"),
}


@register.simple_tag
def pace_words(job: Mapping[str, Any], usual: eta.Usual | None, samples: list[tuple[float, float]]) -> dict[str, Any]:
    """What stands below the bar: `left`, `rate`, `usually`, each empty where nothing is known, and `is_slow`."""
    if not job["started_at"] or job["state"] in ("scheduled", "queued", "retrying"):
        return {"left": "", "rate": "", "usually": "", "is_slow": False}
    is_over = job["state"] in FINAL
    is_happy = not is_over or job["state"] == "succeeded"
    until = datetime.fromisoformat(job["finished_at"]) if job["finished_at"] else timezone.now()
    elapsed = max(0.0, (until - datetime.fromisoformat(job["started_at"])).total_seconds())
    progress = job["progress"] if job["progress"] and not is_summary(job["progress"]) else None
    current: float = progress["current"] if progress else 0
    total: float | None = progress["total"] if progress else None
    pace = None if is_over else eta.rate([*samples, (elapsed, current)], elapsed)
    found = eta.estimate(elapsed, current, None if is_over else total, pace, usual)
    known = found.low is not None and found.high is not None and not is_over and not job["cancel"]
    average = current / elapsed if current > 0 and elapsed >= 1 else None
    return {
        "left": left_words(found.low or 0, found.high or 0) if known else "",
        "rate": rate_words(average if pace is None else pace),
        "usually": usually_words(usual.middle, found.is_slow) if usual and is_happy else "",
        "is_slow": found.is_slow,
    }


def left_words(low: float, high: float) -> str:
    """`about 3 to 5 min left`"""
    first, last, unit = eta.span_of(low, high)
    if last == 0:
        return _("a few seconds left")
    is_range = 0 < first < last
    n = _("{low} to {high}").format(low=first, high=last) if is_range else str(last)
    time = _(_UNITS[unit]).format(n=n)
    return (_("about {time} left") if first else _("at most {time} left")).format(time=time)


def rate_words(rate: float | None) -> str:
    """`1,234/s`; what is slower, by the minute or hour."""
    if not rate or rate < 0:
        return ""
    for text, seconds in ((_("{n}/s"), 1), (_("{n}/min"), 60), (_("{n}/h"), 3600)):
        n = rate * seconds
        if n >= 1 or seconds == 3600:
            return text.format(n=count(int(n + 0.5) if n >= 10 else int(10 * n + 0.5) / 10))
    return ""


def usually_words(middle: float, is_slow: bool) -> str:
    """`usually 2 min`"""
    time = roughly(middle)
    return (_("slower than usual: usually {time}") if is_slow else _("usually {time}")).format(time=time)


def roughly(seconds: float) -> str:
    """A length of time in one unit."""
    if seconds < 10:
        return span(seconds)
    for unit, size, most in (("s", 1, 90), ("min", 60, 5_400), ("h", 3_600, 172_800)):
        if seconds < most:
            return _(_UNITS[unit]).format(n=int(seconds / size + 0.5))
    return _(_UNITS["d"]).format(n=int(seconds / 86_400 + 0.5))
