"""Filters that write workers and queues for readers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dashboard.templatetags.taskcast import span, when_short

register = template.Library()

_WORK_WORDS = {
    "idle": gettext_noop("Idle"),
    "working": gettext_noop("Working"),
    "draining": gettext_noop("Draining"),
    "silent": gettext_noop("Silent"),
    "gone": gettext_noop("Gone"),
}


@register.filter
def work_word(state: str) -> str:
    """What a worker does, in the reader's words."""
    return _(_WORK_WORDS[state])


@register.filter
def since(iso: str) -> str:
    """How long ago that was."""
    return span((timezone.now() - datetime.fromisoformat(iso)).total_seconds())


@register.filter
def time_of_day(moment: datetime) -> str:
    """`14:03:07` in the reader's time zone."""
    return f"{timezone.localtime(moment):%H:%M:%S}"


@register.filter
def why_waits(queue: Mapping[str, Any]) -> str:
    """Why nothing is taken from the queue; empty where something is, or could be."""
    if queue["paused"]:
        at = when_short(queue["paused_at"])
        if queue["paused_by"]:
            return _("Nothing is taken: paused by {who} since {time}.").format(who=queue["paused_by"], time=at)
        return _("Nothing is taken: paused since {time}.").format(time=at)
    if queue["workers"]:
        return ""
    if queue["draining"]:
        return _("Nothing is taken: the workers that listen drain.")
    return _("Nothing is taken: no worker listens.") if queue["length"] else ""
