"""Pure: how much longer a job will run, as a range; what its progress says, and how long its task usually takes.

frontend/src/eta.ts reckons the same way; tests/data/eta.json drives the tests of both. All times are in seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Runs of a task that say what is usual, at least.
FEWEST = 3
# Runs from which on their word has its whole weight.
_MANY = 10
# What is said before this much is done, or has gone by, is a guess.
_LEAST_SHARE, _LEAST_SECONDS = 0.01, 2
# How far back the present rate looks: so many seconds, or this share of the time since the start.
_WINDOW, _WINDOW_SHARE = 10, 0.1
# By how much the rate of a moment may differ from the average: a stall is no end of the world.
_MOST_APART = 4
# Durations further apart than this depend on the arguments: alone they say nothing.
_WIDE = 8
# From this share on what a job comes to is known well enough to call it slow.
_KNOWN_SHARE = 0.1
# Seconds, and share of the usual time, by which a slow job is later than usual.
_LATE_SECONDS, _LATE_SHARE = 5, 1.25


@dataclass(frozen=True)
class Usual:
    """How long the last `n` runs took: a tenth less than `low`, half less than `middle`, a tenth more than `high`."""

    n: int
    low: float
    middle: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """For the page's data; milliseconds are enough."""
        return {"n": self.n} | {name: round(getattr(self, name), 3) for name in ("low", "middle", "high")}


@dataclass(frozen=True)
class Estimate:
    """From `low` to `high` seconds are left, None where nobody knows; `is_slow`: it takes longer than usual."""

    low: float | None
    high: float | None
    is_slow: bool


def usual(durations: Sequence[float]) -> Usual | None:
    """What is usual by these durations; None where they are too few."""
    if len(durations) < FEWEST:
        return None
    ordered = sorted(durations)
    return Usual(len(ordered), *(_percentile(ordered, share) for share in (0.1, 0.5, 0.9)))


def _percentile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def rate(samples: Sequence[Sequence[float]], elapsed: float) -> float | None:
    """How many units a second the job does at present, by its samples: [seconds since the start, units], ascending.

    None where they don't tell. The time since the last one counts too: a job that stands still slows down.
    """
    first = len(samples) - 1
    window = max(_WINDOW, _WINDOW_SHARE * elapsed)
    # A count that goes back begins anew.
    while first > 0 and elapsed - samples[first][0] < window and samples[first - 1][1] <= samples[first][1]:
        first -= 1
    if first in (-1, len(samples) - 1) or elapsed - samples[first][0] < 1:
        return None
    return (samples[-1][1] - samples[first][1]) / (elapsed - samples[first][0])


def estimate(
    elapsed: float, current: float, total: float | None, pace: float | None, usually: Usual | None
) -> Estimate:
    """What is left of a job that has run for `elapsed`: by its progress, its present `pace`, and what is usual."""
    share = min(1.0, max(0.0, current / total)) if total is not None and total > 0 else 0.0
    own = _by_progress(elapsed, current, total, pace, share)
    others = _by_history(elapsed, usually, alone=own is None)
    is_slow = _is_slow(elapsed, own if share >= _KNOWN_SHARE else None, usually)
    if own and others and usually and not is_slow:
        # The further the job has come, the more its own word weighs: others may have had less to do.
        weight = (1 - share) ** 4 * min(1, usually.n / _MANY)
        low, high = (weight * theirs + (1 - weight) * ours for ours, theirs in zip(own, others, strict=True))
        return Estimate(low, high, is_slow)
    low_high = own or others
    return Estimate(*low_high, is_slow) if low_high else Estimate(None, None, is_slow)


def _by_progress(
    elapsed: float, current: float, total: float | None, pace: float | None, share: float
) -> tuple[float, float] | None:
    if total is None or share < _LEAST_SHARE or share >= 1 or elapsed < _LEAST_SECONDS:
        return None
    average = (total - current) * elapsed / current
    present = (total - current) / pace if pace else average * (1 if pace is None else _MOST_APART)
    present = min(average * _MOST_APART, max(average / _MOST_APART, present))
    spread = 0.05 + 0.2 * (1 - share)
    return min(average, present) * (1 - spread), max(average, present) * (1 + spread)


def _by_history(elapsed: float, usually: Usual | None, *, alone: bool) -> tuple[float, float] | None:
    if usually is None or elapsed >= usually.high:
        return None
    if alone and usually.high > _WIDE * usually.low:
        return None
    return max(0.0, usually.low - elapsed), usually.high - elapsed


def _is_slow(elapsed: float, own: tuple[float, float] | None, usually: Usual | None) -> bool:
    if usually is None:
        return False
    late = max(usually.high, usually.middle * _LATE_SHARE, usually.middle + _LATE_SECONDS)
    comes_to = elapsed + (own[0] + own[1]) / 2 if own else elapsed
    return comes_to > late


def span_of(low: float, high: float) -> tuple[int, int, str]:
    """A range as people say it: two whole numbers and their unit, s, min, h or d. (0, 0, "s"): hardly anything."""
    if high < 10:
        return 0, 0, "s"
    # The longer, the rounder.
    if high <= 90:
        return _rounded(low, high, 10 if high > 30 else 5, "s")
    if high <= 5_400:
        return _rounded(low / 60, high / 60, 5 if high > 900 else 1, "min")
    if high <= 172_800:
        return _rounded(low / 3_600, high / 3_600, 1, "h")
    return _rounded(low / 86_400, high / 86_400, 1, "d")


def _rounded(low: float, high: float, step: int, unit: str) -> tuple[int, int, str]:
    return int(low // step) * step, int(-(-high // step)) * step, unit
