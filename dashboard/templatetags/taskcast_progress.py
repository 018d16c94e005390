"""Filters that write a job's progress, the same way as the scripts do (frontend/src/steps.ts)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard.templatetags.taskcast import count, is_final, situation, span
from tasks.models import BATCH

register = template.Library()

Progress = Mapping[str, Any]
# The step that stands for all those which are not shown.
_OTHERS = "…"
# In the order in which a batch's bar has them.
_ENDS = ("succeeded", "failed", "lost", "cancelled")


@register.filter
def has_total(progress: Mapping[str, Any] | None) -> bool:
    """Whether it is known how much there is to do."""
    return bool(progress and (progress.get("total") or 0) > 0)


@register.filter
def share(progress: Mapping[str, Any]) -> str:
    """How far, from 0 to 1, for a bar's `value`."""
    return f"{min(1.0, max(0.0, progress['current'] / progress['total'])):.4f}"


@register.filter
def percent(progress: Mapping[str, Any]) -> int:
    """How far, in whole percent; 100 only at the end."""
    return int(min(1.0, max(0.0, progress["current"] / progress["total"])) * 100)


@register.filter
def is_batch(job: Mapping[str, Any]) -> bool:
    """Whether the job's progress is that of its children, each of which ends in its own way."""
    return bool(job["task"] == BATCH and job["progress"] and job["children"])


@register.filter
def parts(job: Mapping[str, Any]) -> list[dict[str, str]]:
    """The pieces of a batch's bar: how its jobs ended, where the piece begins and how long it is, in percent."""
    found, begin = [], 0.0
    for state in _ENDS:
        if number := job["children"].get(state, 0):
            width = 100 * number / job["progress"]["total"]
            found.append({"state": state, "x": f"{begin:.2f}", "width": f"{width:.2f}"})
            begin += width
    return found


@register.filter
def doing(job: Mapping[str, Any]) -> str:
    """The line over a job's bar: its situation, and what its progress says."""
    progress = job["progress"]
    described = (_step_at_work(progress) if is_summary(progress) else progress["description"]) if progress else ""
    return " · ".join(text for text in (situation(job), described) if text)


@register.filter
def is_summary(progress: Progress | None) -> bool:
    """Whether the progress counts steps that come one after another; the one at work is described in its own line."""
    if not progress or (progress["total"] is not None and progress["total"] != progress["current"]):
        return False
    steps = progress.get("steps") or ()
    is_of_them = any(step["description"] == progress["description"] for step in steps)
    return is_of_them and progress["current"] <= _opened(progress)


def _step_at_work(progress: Progress) -> str:
    if progress["total"] is not None:
        return _("Steps")
    return _("Step {n}").format(n=count(min(progress["current"] + 1, _opened(progress))))


def _opened(progress: Progress) -> int:
    return sum(step["total"] if step["description"] == _OTHERS else 1 for step in progress["steps"])


@register.filter
def says_amount(progress: Progress | None) -> bool:
    """Whether numbers belong beside the words: "Step 2" has its own already."""
    return bool(progress) and (has_total(progress) or not is_summary(progress))


@register.filter
def finished(steps: list[Progress], state: str) -> list[Progress]:
    """The steps that are over, each with a `name`."""
    over = [step for step in with_names(steps) if is_over(step, state)]
    named = [
        {**step, "name": f"{_OTHERS} {count(step['total'])}" if _is_others(step) else step["description"]}
        for step in over
    ]
    return [step for step in named if step["name"]]


def _is_others(step: Progress) -> bool:
    return bool(step["description"] == _OTHERS)


@register.simple_tag
def step_time(job: Mapping[str, Any], step: Progress) -> str:
    """How long the step took, or has taken; empty where it bears no times."""
    if "started" not in step:
        return ""
    end = step.get("finished")
    if end is None:
        until = datetime.fromisoformat(job["finished_at"]) if job["finished_at"] else timezone.now()
        end = until.timestamp()
    return span(end - step["started"])


@register.filter
def unfinished(steps: list[Progress], state: str) -> list[Progress]:
    """The steps that are not over."""
    return [step for step in with_names(steps) if not is_over(step, state)]


def with_names(steps: list[Progress]) -> list[Progress]:
    """A step without a name is called by its place; where some are not shown, nobody knows its place."""
    if any(step["description"] == _OTHERS for step in steps):
        return steps
    return [
        {**step, "description": step["description"] or _("Step {n}").format(n=count(at))}
        for at, step in enumerate(steps, 1)
    ]


def is_over(step: Progress, state: str) -> bool:
    """Whether nothing is left to do in the step of a job in `state`."""
    return step["current"] >= step["total"] if has_total(step) else state == "succeeded"


@register.filter
def has_bar(step: Progress, state: str) -> bool:
    """Whether a bar can say something: nothing moves any more in a job that has ended, or in a step that was left."""
    return (has_total(step) or not is_final(state)) and "finished" not in step


@register.filter
def pieces(counts: list[tuple[str, int]]) -> list[dict[str, str]]:
    """The pieces of a bar of all children: a state, where its piece begins and how long it is, in percent."""
    found, before, whole = [], 0, sum(number for _state, number in counts)
    for state, number in counts:
        found.append(
            {"state": state, "x": f"{100 * before / whole:.2f}", "width": f"{100 * number / whole:.2f}"},
        )
        before += number
    return found
