"""Pure: two runs of a task side by side: what is the same, what differs, and by how much."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tasks.events import JobDict

Mark = Literal["same", "differs", "only one", "only other"]
_MISSING = object()


@dataclass(frozen=True)
class Pair:
    """A value of both runs; None is a value too. `change` is by how much the second is more than the first."""

    name: str
    one: Any
    other: Any
    mark: Mark
    change: float | None = None


def pairs(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Pair]:
    """The values of both by their names, in the order of the first."""
    return [pair(name, one.get(name, _MISSING), other.get(name, _MISSING)) for name in dict.fromkeys([*one, *other])]


def pair(name: str, one: Any, other: Any) -> Pair:
    """One value of both."""
    if one is _MISSING or other is _MISSING:
        return Pair(name, *((None, other, "only other") if one is _MISSING else (one, None, "only one")))
    return Pair(name, one, other, "same" if _alike(one, other) else "differs", _change(one, other))


def _alike(one: Any, other: Any) -> bool:
    # True is no 1.
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _change(one: Any, other: Any) -> float | None:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    return other - one if numbers and one != other else None


def results(job: JobDict) -> dict[str, Any]:
    """What the job gave: the fields of its result, or the result whole, and what it put out as JSON."""
    found: dict[str, Any] = {}
    if job["state"] == "succeeded" and "result" not in job.get("truncated", ()):
        result = job["result"]
        found |= result if isinstance(result, dict) else {"": result}
    outputs = ((output["name"], output["value"]) for output in job["outputs"] or () if "value" in output)
    return found | {name: value for name, value in outputs if name not in found}


def steps(job: JobDict) -> dict[str, float]:
    """How long each of the job's steps took that are over, in seconds, by their names; of equal ones together."""
    found: dict[str, float] = {}
    progress = job["progress"] or {}
    for step in progress.get("steps", ()):
        if "finished" in step and step["description"]:
            found[step["description"]] = found.get(step["description"], 0.0) + step["finished"] - step["started"]
    return found
