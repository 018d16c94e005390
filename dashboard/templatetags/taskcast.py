"""Filters that write a job for readers, the same way as the scripts do (frontend/src/format.ts).

The same words in the same place: nothing moves when a script takes over what the server wrote. One file of
examples (tests/data/formats.json) drives the tests of both.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.forms import BaseForm
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dashboard import figures, file_names, graphemes
from dashboard.forms import parts as forms_parts
from dashboard.reasons import reason_words
from tasks.children import JOBS_FAILED
from tasks.events import FINAL, STATES
from tasks.models import BATCH

register = template.Library()

_STATE_WORDS = {
    "scheduled": gettext_noop("Scheduled"),
    "queued": gettext_noop("Waiting"),
    "started": gettext_noop("Running"),
    "retrying": gettext_noop("Retrying"),
    "succeeded": gettext_noop("Succeeded"),
    "failed": gettext_noop("Failed"),
    "cancelled": gettext_noop("Cancelled"),
    "lost": gettext_noop("Lost"),
}
# Code points.
_ARGS_LINE, _ERROR_LINE = 160, 200


@register.filter
def state_word(state: str) -> str:
    """A state in the reader's words."""
    return _(_STATE_WORDS[state]) if state in STATES else state


@register.filter
def is_final(state: str) -> bool:
    """Whether a job in this state stays as it is."""
    return state in FINAL


@register.filter
def when(iso: str | None) -> str:
    """`2025-11-22 14:03:07` in the reader's time zone; empty for None."""
    return f"{_local(iso):%Y-%m-%d %H:%M:%S}" if iso else ""


@register.filter
def when_short(iso: str | None) -> str:
    """`11-22 14:03:07`"""
    return when(iso)[5:]


@register.filter
def clock(iso: str) -> str:
    """`14:03:07.125`"""
    return f"{_local(iso):%H:%M:%S.%f}"[:-3]


def _local(iso: str) -> datetime:
    return timezone.localtime(datetime.fromisoformat(iso))


@register.filter
def span(seconds: float) -> str:
    """A length of time in words."""
    seconds = max(0.0, seconds)
    if seconds < 10:
        return _("{n} s").format(n=f"{seconds:.{2 if seconds < 1 else 1}f}")
    whole = int(seconds)
    if whole < 60:
        return _("{n} s").format(n=whole)
    minutes = whole // 60
    if minutes < 60:
        return _("{m} min {s} s").format(m=minutes, s=f"{whole % 60:02}")
    hours = minutes // 60
    if hours < 24:
        return _("{h} h {m} min").format(h=hours, m=f"{minutes % 60:02}")
    return _("{d} d {h} h").format(d=hours // 24, h=f"{hours % 24:02}")


@register.filter
def ran(job: Mapping[str, Any]) -> str:
    """How long the job ran, or has run; empty before its start."""
    return _between(job["started_at"], job["finished_at"])


@register.filter
def waited(job: Mapping[str, Any]) -> str:
    """How long the job waited for its start, or has waited."""
    return _between(job["created_at"], job["started_at"] or job["finished_at"])


def _between(start: str | None, end: str | None) -> str:
    if not start:
        return ""
    until = datetime.fromisoformat(end) if end else timezone.now()
    return span((until - datetime.fromisoformat(start)).total_seconds())


@register.filter
def count(number: float) -> str:
    """A number with its thousands apart, and at most two decimals."""
    text = f"{number:,.2f}" if isinstance(number, float) else f"{number:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def size_words(size: float) -> str:
    """A size in bytes as `12.5 MB`."""
    return figures.size(size)


@register.filter
def args_line(args: Mapping[str, Any] | None) -> str:
    """`x=4, y="four"`: arguments in a line of a list."""
    line = ", ".join(f"{name}={compact(value)}" for name, value in (args or {}).items())
    return graphemes.cut(line, _ARGS_LINE)


@register.filter
def error_line(error: Mapping[str, str]) -> str:
    """An error in a line of a list."""
    kind, message = error_parts(error)
    message = graphemes.cut(message, _ERROR_LINE)
    return f"{kind}: {message}" if kind else message


@register.filter
def error_parts(error: Mapping[str, str]) -> tuple[str, str]:
    """The exception's name and its message; of ours, which is none, only the message, in the reader's words."""
    if error["type"] == JOBS_FAILED:
        return "", reason_words(error["message"])
    return error["type"], error["message"]


@register.filter
def named(args: Mapping[str, Any] | None, names: Mapping[str, str]) -> dict[str, Any]:
    """Arguments for people to read: files by their names."""
    return file_names.named(args, names)


@register.filter
def compact(value: Any) -> str:
    """JSON as JavaScript writes it: no spaces, 4 for 4.0."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


@register.filter
def task_module(task: str) -> str:
    """What stands before the last word of a task's name, with its dot."""
    return task[: task.rfind(".") + 1]


@register.filter
def task_word(task: str) -> str:
    """The last word of a task's name."""
    return task[task.rfind(".") + 1 :]


@register.filter
def situation(job: Mapping[str, Any]) -> str:
    """What the job waits for, or what it is about."""
    state = job["state"]
    if state in ("started", "retrying", "queued"):
        if job["cancel"] == "asked":
            if state == "queued":
                return _("Asked to stop; it will not be started")
            return _("Asked to stop; the task has not looked yet")
        if job["cancel"] == "seen":
            return _("The task has seen the cancel and is stopping")
    if job["reason"]:
        return reason_words(str(job["reason"]))
    if state == "queued":
        return _("Waiting for a worker")
    if state == "scheduled":
        return _("Waiting for its time")
    if state == "retrying":
        return _("Waiting to try again")
    return ""


@register.filter
def again_words(job: Mapping[str, Any]) -> str:
    """What the button says that launches an ended job once more; of a batch those that did not succeed, if any."""
    if job["state"] not in FINAL:
        return ""
    if job["task"] != BATCH:
        return _("Run again")
    children = job["children"] or {}
    if not children.get("failed") and not children.get("lost"):
        return _("Run the cancelled ones again") if children.get("cancelled") else ""
    return _("Run the failed and cancelled ones again") if children.get("cancelled") else _("Run the failed ones again")


@register.filter
def children_words(children: Mapping[str, int]) -> str:
    """`Succeeded 2, Waiting 1`"""
    return ", ".join(f"{state_word(state)} {count(number)}" for state, number in children.items())


@register.filter
def is_cut(job: Mapping[str, Any], field: str) -> bool:
    """Whether a field's value is kept as a file because of its length."""
    return job.get(field) is None and field in job.get("truncated", ())


@register.filter
def has_result_file(job: Mapping[str, Any]) -> bool:
    """Whether the result is worth a file of its own: more than a word or number, and more than its outputs show."""
    return isinstance(job["result"], dict | list) or is_cut(job, "result")


@register.filter
def complaints(form: BaseForm | None) -> list[tuple[str, str, str]]:
    """What is wrong with a form's fields and their parts: the control's id, its words, the message."""
    return list(forms_parts.complaints(form)) if form else []


@register.filter
def reason_in_words(reason: str) -> str:
    """Why a job is as it is, in the reader's language where the words are ours."""
    return reason_words(reason)
