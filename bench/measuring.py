"""What a figure is made of: rounds in which the contestants take turns, and a result with its ratios and spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

#: Rounds of a full run: fewer have no median to speak of on a machine that others share.
ROUNDS = 9

# Seconds between two actions, each of which is to find a system at rest.
_PAUSE = 0.02


@dataclass(frozen=True)
class Effort:
    """How much is done: all of it, or, for a smoke run, just enough to see that a figure can be measured."""

    smoke: bool = False

    def of(self, full: int, smoke: int) -> int:
        """`full`, or `smoke` for a smoke run."""
        return smoke if self.smoke else full

    @property
    def rounds(self) -> int:
        """Rounds in which everybody is measured once."""
        return self.of(ROUNDS, 1)


@dataclass(frozen=True)
class Target:
    """What a figure has to be: `of` at most `bound`, better `aim`; at least, where more is better."""

    of: Literal["ours", "ratio_to_floor", "ratio_to_peer"]
    bound: float
    aim: float
    more_is_better: bool = False

    def holds(self, value: float) -> bool:
        """Whether `value` is within the bound."""
        return value >= self.bound if self.more_is_better else value <= self.bound


@dataclass(frozen=True)
class Result:
    """One figure: what each round measured, in `unit`, of ours and of the floor and the peer where there are any.

    The floor is what no way of doing it can beat; the peer, `peer_name`, what people use instead.
    """

    name: str
    unit: str
    ours: Sequence[float]
    floor: Sequence[float] = ()
    floor_name: str | None = None
    peer: Sequence[float] = ()
    peer_name: str | None = None
    targets: Sequence[Target] = ()
    note: str = ""

    @classmethod
    def of(cls, name: str, unit: str, found: Mapping[str, Sequence[float]], **more: Any) -> Result:
        """The result of what `interleaved` found for "ours", "floor" and "peer"."""
        return cls(name, unit, found["ours"], floor=found.get("floor", ()), peer=found.get("peer", ()), **more)

    def as_json(self) -> dict[str, Any]:
        """The result as `make bench` prints it: medians, medians of the paired ratios, and ours from least to most."""
        values: dict[str, Any] = {
            "name": self.name,
            "unit": self.unit,
            "ours": _median(self.ours),
            "floor": _median(self.floor),
            "peer": _median(self.peer),
            "peer_name": self.peer_name,
            "ratio_to_floor": _median(ratios(self.ours, self.floor)),
            "ratio_to_peer": _median(ratios(self.ours, self.peer)),
            "runs": len(self.ours),
            "spread": [_short(min(self.ours)), _short(max(self.ours))],
            "floor_name": self.floor_name,
            "ratio_to_floor_spread": _spread(ratios(self.ours, self.floor)),
            "ratio_to_peer_spread": _spread(ratios(self.ours, self.peer)),
            "note": self.note,
        }
        values["targets"] = [
            {
                "of": target.of,
                "at_least" if target.more_is_better else "at_most": target.bound,
                "aim": target.aim,
                "holds": target.holds(values[target.of]),
            }
            for target in self.targets
        ]
        return values


def interleaved(rounds: int, contestants: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Have all of them measure once in each round, after one that does not count; another begins each time."""
    names = list(contestants)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-1, rounds):
        first = number % len(names)
        for name in [*names[first:], *names[:first]]:
            value = contestants[name]()
            if number >= 0:
                found[name].append(value)
    return found


def paused_median(count: int, action: Callable[[], object], expected: object) -> float:
    """Milliseconds (median of `count`) that `action` takes to give what is expected of it, on a system at rest."""
    found = []
    for _ in range(count):
        time.sleep(_PAUSE)
        started = time.perf_counter()
        value = action()
        found.append((time.perf_counter() - started) * 1000)
        if value != expected:
            raise RuntimeError(f"{value!r} instead of {expected!r}")
    return statistics.median(found)


def ratios(ours: Sequence[float], other: Sequence[float]) -> list[float]:
    """Ours to the other in the same round: what slowed both down in a round is not in it."""
    return [a / b for a, b in zip(ours, other, strict=True)] if other else []


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


def _median(values: Sequence[float]) -> float | None:
    return _short(statistics.median(values)) if values else None


def _spread(values: Sequence[float]) -> list[float] | None:
    return [_short(min(values)), _short(max(values))] if values else None


def _short(value: float) -> float:
    """Four significant digits: more would claim what was not measured."""
    return float(f"{value:.4g}")
