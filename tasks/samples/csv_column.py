"""What is known of one column of a table after any number of its cells, in bounded memory."""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from operator import mul
from typing import Any

from tasks.samples.csv_kinds import Kind, all_are, by_kind
from tasks.samples.distinct import Distinct, Frequent

SHOWN = 100  # characters of a value in the report
TOP = 5
# JavaScript, and so every page, has no integer beyond this one.
_EXACT_INTEGERS = 2**53


class Column:
    """Cells come in blocks; almost all work is done on the different values of a block, most of it in C."""

    def __init__(self, name: str, size: int) -> None:
        """`size` bounds memory: so many distinct values are counted exactly, so many candidates kept."""
        self.name = name
        self.empty = 0
        self._kinds: Counter[Kind] = Counter()
        self._likely: Kind = "text"
        self._numbers = _Numbers()
        self._texts: dict[Kind, _Range] = {"text": _Range(), "date": _Range()}
        self._distinct = Distinct(size)
        self._frequent = Frequent(size // 4)

    def add(self, cells: Collection[str]) -> None:
        """Take in the cells of a block of rows."""
        counts = Counter(cells)
        self.empty += counts.pop("", 0)
        if not counts:
            return
        if all_are(self._likely, counts):
            self._take(self._likely, counts)
        else:
            self._take_each_kind(counts)
        if counts:
            self._distinct.add(counts)
            self._frequent.add(counts)

    def _take_each_kind(self, counts: Counter[str]) -> None:
        groups = by_kind(counts)
        if sum(map(len, groups.values())) < len(counts):
            for blank in [value for value in counts if value.isspace()]:
                self.empty += counts.pop(blank)
        for kind, values in groups.items():
            self._take(kind, counts if len(groups) == 1 else {value: counts[value] for value in values})
        self._likely = max(groups, key=lambda kind: len(groups[kind]), default=self._likely)

    def _take(self, kind: Kind, counts: Mapping[str, int]) -> None:
        if kind == "number":
            endless = self._numbers.add(counts)
            if endless:
                self._take("text", endless)
            self._kinds["number"] += sum(counts.values()) - sum(endless.values())
            return
        self._kinds[kind] += sum(counts.values())
        if kind in self._texts:
            self._texts[kind].add(counts)

    @property
    def type(self) -> str:
        """ "integer", "decimal", "date", "boolean", "text", "mixed", or "empty".

        "No" and "Y" among other words are words: text and booleans together are text.
        """
        kinds = {kind for kind, n in self._kinds.items() if n}
        if kinds == {"number"}:
            return "decimal" if self._numbers.fractional else "integer"
        if not kinds:
            return "empty"
        if kinds <= {"text", "boolean"} and "text" in kinds:
            return "text"
        return next(iter(kinds)) if len(kinds) == 1 else "mixed"

    def report(self) -> dict[str, Any]:
        """The column as JSON. Where it is mixed, `kinds` says how, and min, max and mean are those of its
        numbers."""
        type_ = self.type
        low, high = self._range()
        report = {
            "column": self.name,
            "type": type_,
            "empty": self.empty,
            "distinct": self._count(),
            "distinct_exact": self._distinct.exact,
            "min": low,
            "max": high,
            "mean": self._numbers.mean() if type_ in ("integer", "decimal", "mixed") else None,
            "top": [{"value": _short(value), "count": n} for value, n in self._frequent.top(TOP)],
            "top_exact": self._frequent.exact,
        }
        if type_ == "mixed":
            report["kinds"] = {kind: n for kind, n in self._kinds.most_common() if n}
        return report

    def _count(self) -> int:
        """Of an estimate it is known that there are no more different values than values."""
        return min(self._distinct.count(), sum(self._kinds.values()))

    def _range(self) -> tuple[Any, Any]:
        if self._kinds["number"]:
            return _number(self._numbers.low), _number(self._numbers.high)
        of = self._texts["text" if self._kinds["text"] else "date"]
        return (None, None) if of.low is None or of.high is None else (_short(of.low), _short(of.high))


class _Numbers:
    """Sum, count and range of numbers: exact for integers, and for decimals as exact as a double is."""

    def __init__(self) -> None:
        self.fractional = False
        self.low: float = math.inf
        self.high: float = -math.inf
        self._count = 0
        self._integers = 0
        self._fractions = _Sum()

    def add(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Take in numbers and how often each occurred; returns those too large for a double."""
        if not self.fractional:
            try:
                integers = list(map(int, counts))
            except ValueError:
                self.fractional = True
            else:
                self._integers += sum(map(mul, integers, counts.values()))
                self._extend(integers, counts)
                return {}
        decimals = list(map(float, counts))
        if math.inf in (max(decimals), -min(decimals)):
            return self._add_finite(counts)
        self._fractions.add(list(map(mul, decimals, counts.values())))
        self._extend(decimals, counts)
        return {}

    def _add_finite(self, counts: Mapping[str, int]) -> dict[str, int]:
        endless = {text: n for text, n in counts.items() if math.isinf(float(text))}
        finite = {text: n for text, n in counts.items() if text not in endless}
        if finite:
            self.add(finite)
        return endless

    def _extend(self, numbers: Collection[float], counts: Mapping[str, int]) -> None:
        self.low = min(self.low, min(numbers))
        self.high = max(self.high, max(numbers))
        self._count += sum(counts.values())

    def mean(self) -> float | None:
        """The mean, or None where there are no numbers or their sum is beyond a double."""
        try:
            total = self._fractions.value() + self._integers if self.fractional else self._integers
            return _number(total / self._count) if self._count else None
        except OverflowError:
            return None


class _Sum:
    """A running sum of doubles without the error that grows with their number (Neumaier)."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._lost = 0.0

    def add(self, numbers: list[float]) -> None:
        try:
            part = math.fsum(numbers)
        except (OverflowError, ValueError):
            part = math.inf
        total = self._sum + part
        larger, smaller = (self._sum, part) if abs(self._sum) >= abs(part) else (part, self._sum)
        self._lost += (larger - total) + smaller
        self._sum = total

    def value(self) -> float:
        """The sum. Raises OverflowError beyond what a double holds."""
        total = self._sum + self._lost
        if not math.isfinite(total):
            raise OverflowError
        return total


class _Range:
    """The first and the last text in the order of their characters' code points."""

    def __init__(self) -> None:
        self.low: str | None = None
        self.high: str | None = None

    def add(self, values: Collection[str]) -> None:
        low, high = min(values), max(values)
        if self.low is None or low < self.low:
            self.low = low[: 2 * SHOWN]
        if self.high is None or high > self.high:
            self.high = high[: 2 * SHOWN]


def _number(number: float) -> Any:
    if isinstance(number, int) and abs(number) > _EXACT_INTEGERS:
        return str(number)
    return number


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
