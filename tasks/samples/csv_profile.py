"""A table's profile: its columns, and which of its rows do not fit."""

from collections.abc import Collection
from typing import Any

from tasks.samples.csv_column import Column
from tasks.samples.csv_stream import Row

# All columns together: about 100 bytes for each distinct value that is counted exactly.
_BUDGET = 200_000
_MOST = 10_000
_EXAMPLES = 5


class Profile:
    """Takes blocks of rows, and says at any time what it knows."""

    def __init__(self, names: list[str], only: Collection[str] = ()) -> None:
        """`only`: the columns to look at; all of them where it is empty. Each must be one of `names`."""
        self._width = len(names)
        wanted = [index for index, name in enumerate(names) if not only or name in only]
        size = max(100, min(_MOST, _BUDGET // max(1, len(wanted))))
        self._columns = [(index, Column(names[index], size)) for index in wanted]
        self.rows = 0
        self.ragged = 0
        self.ragged_examples: list[str] = []

    def add(self, rows: list[Row]) -> None:
        """Take in a block of rows. One that is too short is filled with empty cells, one too long is cut."""
        if set(map(len, rows)) != {self._width}:
            rows = [row if len(row) == self._width else self._fit(row, n) for n, row in enumerate(rows, 1)]
        self.rows += len(rows)
        columns = list(zip(*rows, strict=True))
        for index, column in self._columns:
            column.add(columns[index])

    def _fit(self, row: Row, number: int) -> Row:
        self.ragged += 1
        if len(self.ragged_examples) < _EXAMPLES:
            self.ragged_examples.append(f"row {self.rows + number} has {len(row)} of {self._width} fields")
        return (row + [""] * (self._width - len(row)))[: self._width]

    def columns(self) -> list[dict[str, Any]]:
        """The columns' reports."""
        return [column.report() for _, column in self._columns]


def as_table(columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reports for people: a value in each cell, `≈` before what is an estimate, `≥` before a count that may
    be too low."""
    return [
        {
            "column": report["column"],
            "type": report["type"],
            "empty": report["empty"],
            "distinct": report["distinct"] if report["distinct_exact"] else f"≈ {report['distinct']:,}",
            "min": report["min"],
            "max": report["max"],
            "mean": None if report["mean"] is None else float(f"{report['mean']:.6g}"),
            "top values": _top(report),
        }
        for report in columns
    ]


def _top(report: dict[str, Any]) -> str:
    if report["distinct"] and not report["top"]:
        return "(too long to list)" if report["top_exact"] else "(too many different values)"
    least = "" if report["top_exact"] else "≥ "
    return ", ".join(f"{entry['value']} ({least}{entry['count']})" for entry in report["top"])
