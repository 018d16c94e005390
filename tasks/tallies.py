"""What the recorder adds up: ends by the minute, in the transaction that makes them durable.

A row becomes final once, and the recorder's batch counts it only where it does: whatever is written a second time,
after a crash, adds nothing.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import connections, router

from tasks.models import BATCH
from tasks.models_tallies import Tally

#: Seconds that one tally holds.
MINUTE, TEN_MINUTES = 60, 600
_TABLE = Tally._meta.db_table
_KEY = ("span", "start", "owner", "task", "state")
_SUMS = ("ended", "waits", "waited", "runs", "ran")
_COLUMNS = ", ".join(f'"{name}"' for name in (*_KEY, *_SUMS))
_PLACES = f"({', '.join(['%s'] * len((*_KEY, *_SUMS)))})"
_ADD = ", ".join(f'"{name}" = "{_TABLE}"."{name}" + EXCLUDED."{name}"' for name in _SUMS)
_ON_CONFLICT = f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {_ADD}"
# In how many spans since 1970, the owner's key, the task, the state.
_Key = tuple[int, str, str, str]
# Rows of one statement: SQLite takes 32,766 values, ten for each row.
_PIECE = 1000


class Ends:
    """The ends of one batch of jobs, added up."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)
        self._sums: dict[_Key, list[float]] = {}

    def take(self, row: Mapping[str, Any], owner_id: Any, eta: datetime | None) -> None:
        """Count a job that has just ended: its row's columns, its owner's key, and when it was to start."""
        # A worker's clock may be ahead of ours.
        at = min(row["finished_at"] or self._now, self._now)
        key = (int(at.timestamp()) // MINUTE, "" if owner_id is None else str(owner_id), row["task"], row["state"])
        sums = self._sums.get(key)
        if sums is None:
            sums = self._sums[key] = [0, 0, 0.0, 0, 0.0]
        sums[0] += 1
        begun = row["started_at"]
        # A batch is its jobs: it neither waits nor runs itself.
        if begun is None or row["task"] == BATCH:
            return
        if row["attempt"] <= 1:
            wanted = max(row["created_at"], eta) if eta else row["created_at"]
            sums[1] += 1
            sums[2] += max(0.0, (begun - wanted).total_seconds())
        sums[3] += 1
        sums[4] += max(0.0, (at - begun).total_seconds())

    def write(self) -> None:
        """Add the sums to the tallies. Call it inside the transaction that writes the rows."""
        if not self._sums:
            return
        tens: dict[_Key, list[float]] = {}
        for (minute, owner, task, state), sums in self._sums.items():
            key = (minute * MINUTE // TEN_MINUTES, owner, task, state)
            tens[key] = [a + b for a, b in zip(tens.get(key, [0] * 5), sums, strict=True)]
        connection = connections[router.db_for_write(Tally)]
        rows = [
            (span, connection.ops.adapt_datetimefield_value(datetime.fromtimestamp(start * span, UTC)), *rest, *sums)
            for span, some in ((MINUTE, self._sums), (TEN_MINUTES, tens))
            for (start, *rest), sums in some.items()
        ]
        with connection.cursor() as cursor:
            for i in range(0, len(rows), _PIECE):
                piece = rows[i : i + _PIECE]
                # Only names of ours stand in the statement.
                places = ", ".join([_PLACES] * len(piece))
                statement = f'INSERT INTO "{_TABLE}" ({_COLUMNS}) VALUES {places} {_ON_CONFLICT}'  # noqa: S608
                cursor.execute(statement, [value for row in piece for value in row])
