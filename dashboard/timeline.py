"""Pure: a job's way from its launch to its end, as phases that follow each other.

frontend/src/timeline.ts goes on from it the same way; tests/data/timeline.json drives the tests of both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.events import FINAL, EventDict, JobDict

#: What stands for moments that are not shown.
GAP = ""
# Moments that are shown: of a job that was tried hundreds of times the first and the last ones.
_FIRST, _LAST = 4, 26

#: When the job came into a state: {"time", "state", "attempt", "reason"}.
Moment = Mapping[str, Any]


@dataclass(frozen=True)
class Phase:
    """A stretch of the job's way; `end` is None while it lasts, and for the end of the job."""

    state: str
    attempt: int
    reason: str | None
    start: str
    end: str | None


def moments(events: Iterable[EventDict], attempt: int = 0) -> list[Moment]:
    """The changes of state among a job's events, in order; `attempt` is the one before them."""
    found: list[Moment] = []
    for event in events:
        changes = event.get("set", {})
        attempt = changes.get("attempt", attempt)
        if "state" in changes:
            state, reason = changes["state"], changes.get("reason")
            found.append({"time": event["time"], "state": state, "attempt": attempt, "reason": reason})
    return found


def shown(known: Sequence[Moment]) -> list[Moment]:
    """At most 30 of them, with a gap where others are left out."""
    if len(known) <= _FIRST + _LAST:
        return list(known)
    return [*known[:_FIRST], gap(known[_FIRST]), *known[-_LAST:]]


def gap(after: Moment) -> Moment:
    """What stands for moments of which the first is, or would be, at the time of `after`."""
    return {"time": after["time"], "state": GAP, "attempt": after["attempt"], "reason": None}


def phases(job: JobDict, known: Sequence[Moment]) -> list[Phase]:
    """The job's way by the moments that are `known`; what they lack is taken from the job."""
    way = _merged([*_begin(job, known), *known])
    if way and way[-1]["state"] != job["state"]:
        time = job["finished_at"] if job["state"] in FINAL else job["started_at"] if job["state"] == "started" else None
        if time:
            way.append({"time": time, "state": job["state"], "attempt": job["attempt"], "reason": job["reason"]})
    ends = [moment["time"] for moment in way[1:]] + [None]
    return [
        Phase(moment["state"], moment["attempt"], moment["reason"], moment["time"], end)
        for moment, end in zip(way, ends, strict=True)
    ]


def _begin(job: JobDict, known: Sequence[Moment]) -> list[Moment]:
    """What comes before the first known moment."""
    found: list[Moment] = []
    first = known[0]["state"] if known else None
    if first in ("scheduled", "queued"):
        return found
    if job["created_at"]:
        found.append({"time": job["created_at"], "state": "queued", "attempt": 0, "reason": None})
    if job["started_at"] and not known:
        found.append({"time": job["started_at"], "state": "started", "attempt": job["attempt"], "reason": None})
    return found


def _merged(way: Sequence[Moment]) -> list[Moment]:
    """Waiting that is told anew, for its reason or its queue, is one waiting; the last reason counts."""
    found: list[Moment] = []
    for moment in way:
        if found and found[-1]["state"] == moment["state"] and moment["state"] != "started":
            found[-1] = {**found[-1], "reason": moment["reason"] or found[-1]["reason"]}
        else:
            found.append(moment)
    return found
