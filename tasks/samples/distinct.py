"""Counting what a column holds in bounded memory: how many different values, and which are frequent."""

from collections.abc import Iterable, Mapping
from heapq import nlargest


class Distinct:
    """How many different values there were: exact up to `size` of them, an estimate after that.

    Keeps the `size` smallest hashes (the "k minimum values" sketch): the closer together they lie, the more
    values there were. The estimate's standard error is 1 / sqrt(size): 1 % for 10,000.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: set[int] = set()
        self._below = 1 << 63  # hashes from here on are of no interest any more

    def add(self, values: Iterable[str]) -> None:
        below = self._below
        self._kept.update([number for number in map(hash, values) if number < below])
        if len(self._kept) > 2 * self._size:
            self._prune()

    @property
    def exact(self) -> bool:
        return self._below == 1 << 63 and len(self._kept) <= self._size

    def count(self) -> int:
        if self.exact:
            return len(self._kept)
        self._prune()
        share = (self._below + (1 << 63)) / (1 << 64)  # of all possible hashes, those below the largest one kept
        return round((self._size - 1) / share)

    def _prune(self) -> None:
        if len(self._kept) > self._size:
            smallest = sorted(self._kept)[: self._size]
            self._kept = set(smallest)
            self._below = smallest[-1]


class Frequent:
    """The frequent values: exact while there are few different ones, guaranteed ones after that.

    A table of candidates; when there are too many, all counts are lowered by that of the first one beyond
    `size` (Misra and Gries). A count is then too low by at most `error`, and no value that occurred more
    often than that is missing.
    """

    LONGEST = 200  # characters; longer values are no categories, and a table of them would not be small

    def __init__(self, size: int) -> None:
        self._size = size
        self._counts: dict[str, int] = {}
        self.error = 0

    def add(self, counts: Mapping[str, int]) -> None:
        known = self._counts
        get = known.get
        if max(map(len, counts)) > self.LONGEST:
            counts = {value: n for value, n in counts.items() if len(value) <= self.LONGEST}
        for value, n in counts.items():
            known[value] = get(value, 0) + n
        if len(known) > 4 * self._size:
            self._lower()

    @property
    def exact(self) -> bool:
        return self.error == 0

    def top(self, most: int) -> list[tuple[str, int]]:
        """The most frequent values and their counts, none that a value left out could have exceeded."""
        best = nlargest(most, self._counts.items(), key=lambda item: item[1])
        return [(value, n) for value, n in best if n > self.error]

    def _lower(self) -> None:
        by = sorted(self._counts.values(), reverse=True)[self._size]
        self._counts = {value: n - by for value, n in self._counts.items() if n > by}
        self.error += by
