"""The tree of steps as the job's `progress`, small enough to travel. Pure."""

from __future__ import annotations

from typing import Any

from tasks.events import FRAME_VALUE_BYTES, json_bytes
from tasks.steps import SHOWN_TEXT, Step, clip

SHOWN_PER_LEVEL = 50
SHOWN_DEPTH = 5
# Steps shown per level and characters of a description: the first pair that fits a frame is taken, because
# a value that is too long is cut out of frames, and a bar that is cut out does not move.
FITS = ((SHOWN_PER_LEVEL, SHOWN_TEXT), (20, SHOWN_TEXT), (8, 100), (2, 60), (1, 40))


def shape(root: Step, *, ended: bool) -> dict[str, Any] | None:
    """The job's `progress`. A single step is the root itself; several, one after another, get a root that
    counts those that are over, is described by the one at work, and learns its total at the end of the
    attempt.
    """
    forgotten, top = root.inside
    if not top:
        return None
    found: dict[str, Any] = {}
    for limits in FITS:
        if forgotten + len(top) == 1:
            found = _shape_step(top[0], True, 1, limits)
        else:
            found = _shape_summary(root, ended, limits)
        if json_bytes(found) <= FRAME_VALUE_BYTES:
            break
    return found


def _shape_summary(root: Step, ended: bool, limits: tuple[int, int]) -> dict[str, Any]:
    forgotten, top = root.inside
    top = list(top)
    opened = forgotten + len(top)
    newest = top[-1]
    at_work = [step for step in top if not step.over]
    # A step left by an exception is over, but the job has not come past it before the next one opens.
    past = opened - len(at_work) - (newest.over and not newest.completed)
    return {
        "current": past,
        "total": past if ended and past == opened else None,
        "description": clip((at_work or top)[-1].description, limits[1]),
        "steps": _shape_level(root, 2, limits),
    }


def _shape_step(step: Step, newest: bool, depth: int, limits: tuple[int, int]) -> dict[str, Any]:
    # The steps inside a finished step are of interest only while nothing newer has begun beside it.
    inside = depth < SHOWN_DEPTH and (newest or not step.over)
    times = {"started": step.started, "finished": step.finished if step.over else None}
    return {
        "current": step.count(),
        "total": step.total,
        "description": clip(step.description, limits[1]),
        **{name: moment for name, moment in times.items() if moment is not None},
        "steps": _shape_level(step, depth + 1, limits) if inside else [],
    }


def _shape_level(parent: Step, depth: int, limits: tuple[int, int]) -> list[dict[str, Any]]:
    """At most limits[0] steps. Where that hides some, the first one, "…", counts them: how many are over,
    of how many.
    """
    forgotten, steps = parent.inside
    steps = list(steps)
    cap = limits[0]
    shown = steps
    if len(steps) + forgotten > cap:
        by_interest = sorted(range(len(steps)), key=lambda i: (not steps[i].over, i), reverse=True)
        kept = set(by_interest[: max(1, cap - 1)])
        shown = [step for i, step in enumerate(steps) if i in kept]
        hidden = [step for i, step in enumerate(steps) if i not in kept]
    level = [_shape_step(step, step is steps[-1], depth, limits) for step in shown]
    if shown is not steps and cap > 1:
        past = forgotten + sum(step.over for step in hidden)
        level.insert(0, {"current": past, "total": forgotten + len(hidden), "description": "…", "steps": []})
    return level
