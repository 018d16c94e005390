"""A job's timeline as the page draws it; frontend/src/elements/timeline.ts draws it the same way."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard import timeline
from dashboard.reasons import reason_words
from dashboard.templatetags.taskcast import count, span, state_word
from tasks.events import FINAL, JobDict

register = template.Library()


@register.simple_tag
def timeline_of(job: JobDict, moments: Sequence[timeline.Moment]) -> dict[str, Any]:
    """The `rows` of the list, and the `parts` of the bar."""
    way = timeline.phases(job, moments)
    return {"rows": [_row(phase, _end(phase)) for phase in way], "parts": parts(way, timezone.now())}


def _row(phase: timeline.Phase, end: datetime) -> dict[str, Any]:
    seconds = (end - datetime.fromisoformat(phase.start)).total_seconds()
    return {
        "state": phase.state,
        "words": phase_words(phase),
        "reason": reason_words(phase.reason) if phase.reason else "",
        "time": phase.start,
        "length": "" if phase.state in FINAL else span(seconds),
    }


def phase_words(phase: timeline.Phase) -> str:
    """`Running, attempt 2`"""
    if phase.state == timeline.GAP:
        return "…"
    if phase.state == "started" and phase.attempt > 1:
        return _("Running, attempt {n}").format(n=count(phase.attempt))
    return state_word(phase.state)


def parts(way: Sequence[timeline.Phase], now: datetime) -> list[dict[str, str]]:
    """The pieces of the bar, in percent of the time from the launch to the end, or to `now`."""
    if not way:
        return []
    starts = [datetime.fromisoformat(phase.start) for phase in way]
    ends = [_end(phase, now) for phase in way]
    whole = max([0.001, *((end - starts[0]).total_seconds() for end in ends)])

    def share(begin: datetime, end: datetime) -> str:
        return f"{100 * max(0.0, (end - begin).total_seconds()) / whole:.2f}"

    return [
        {"state": phase.state, "x": share(starts[0], start), "width": share(start, end)}
        for phase, start, end in zip(way, starts, ends, strict=True)
        if phase.state not in FINAL
    ]


def _end(phase: timeline.Phase, now: datetime | None = None) -> datetime:
    if phase.end:
        return datetime.fromisoformat(phase.end)
    return datetime.fromisoformat(phase.start) if phase.state in FINAL else now or timezone.now()
