"""How the last hour or day went: jobs that ended, and how long they waited and ran, from the tallies."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard.templatetags.taskcast import count, span, state_word
from tasks.models import Tally
from tasks.tallies import MINUTE, TEN_MINUTES

_SUMS = ("ended", "waits", "waited", "runs", "ran")
# Of the others, how long they ran says nothing about their task.
_RAN_TO_THEIR_END = ("succeeded", "failed")
_TONES = {"succeeded": "good", "failed": "bad", "lost": "lost", "cancelled": "idle"}


@dataclass(frozen=True)
class Range:
    """How far back charts go: so many tallies of `span` seconds, the last of which is not over yet."""

    name: str
    span: int
    number: int


HOUR, DAY = Range("hour", MINUTE, 60), Range("day", TEN_MINUTES, 144)
RANGES = {one.name: one for one in (HOUR, DAY)}


@dataclass(frozen=True)
class Row:
    """One span of the charts, for people who read a table; None where no job tells."""

    at: datetime
    ended: dict[str, int]
    waited: float | None
    ran: float | None


@dataclass(frozen=True)
class Figures:
    """The charts, and the same as a table: the newest first, without spans in which nothing ended."""

    plots: dict[str, dict[str, Any]]
    rows: list[Row]
    ended: int


def figures(tallies: QuerySet[Tally], over: Range) -> Figures:
    """What the `tallies` say of the range: one query, whose answer has at most a row for each span and state."""
    last = int(timezone.now().timestamp()) // over.span * over.span
    starts = range(last - (over.number - 1) * over.span, last + 1, over.span)
    found = tallies.filter(span=over.span, start__gte=_moment(starts[0]), start__lte=_moment(last))
    sums: dict[int, dict[str, dict[str, float]]] = defaultdict(dict)
    for start, state, *values in (
        found.order_by().values_list("start", "state").annotate(*(Sum(name, default=0) for name in _SUMS))
    ):
        sums[int(start.timestamp())][state] = dict(zip(_SUMS, values, strict=True))
    rows = [_row(_moment(start), sums.get(start, {})) for start in starts]
    every = [one for of_state in sums.values() for one in of_state.values()]
    ended = {state: sum(row.ended[state] for row in rows) for state in _TONES}
    ran = [one for of_state in sums.values() for state, one in of_state.items() if state in _RAN_TO_THEIR_END]
    x = list(starts)
    plots = {
        "ended": _plot(
            _("Jobs ended, by minute") if over is HOUR else _("Jobs ended, by ten minutes"),
            x,
            [
                _series(state_word(state), tone, [row.ended[state] for row in rows], count(ended[state]), kind="bars")
                for state, tone in _TONES.items()
                if ended[state] or state != "lost"  # rare, and not to be taken for the colour of a cancel
            ],
            stacked=True,
        ),
        "waited": _plot(
            _("Waiting time, on average"),
            x,
            [_series(_("Waited"), "idle", [row.waited for row in rows], _words(_mean(every, "waited", "waits")))],
            unit="seconds",
        ),
        "ran": _plot(
            _("Duration, on average"),
            x,
            [_series(_("Ran"), "running", [row.ran for row in rows], _words(_mean(ran, "ran", "runs")))],
            unit="seconds",
        ),
    }
    return Figures(plots, [row for row in reversed(rows) if any(row.ended.values())], sum(ended.values()))


def ended_words(said: Figures, over: Range) -> str:
    """How many jobs ended in the range."""
    words = _("{n} ended in the last hour") if over is HOUR else _("{n} ended in the last day")
    return words.format(n=count(said.ended))


def _row(at: datetime, of_state: dict[str, dict[str, float]]) -> Row:
    ran = [one for state, one in of_state.items() if state in _RAN_TO_THEIR_END]
    return Row(
        timezone.localtime(at),
        {state: int(of_state[state]["ended"]) if state in of_state else 0 for state in _TONES},
        _mean(list(of_state.values()), "waited", "waits"),
        _mean(ran, "ran", "runs"),
    )


def _mean(sums: list[dict[str, float]], of: str, number: str) -> float | None:
    how_many = sum(one[number] for one in sums)
    return round(sum(one[of] for one in sums) / how_many, 3) if how_many else None


def _words(seconds: float | None) -> str:
    return "–" if seconds is None else span(seconds)


def _plot(label: str, x: list[int], series: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A chart as frontend/src/plotdata.ts has it."""
    return {"label": label, "x": x, "time": True, "zero": True, "series": series, **more}


def _series(label: str, tone: str, values: list[Any], total: str, *, kind: str = "line") -> dict[str, Any]:
    return {"label": label, "kind": kind, "tone": tone, "values": values, "total": total}


def since_a_day() -> datetime:
    """From when on a job failed in the last 24 hours; to the minute, so that a link says it shortly."""
    return timezone.now().replace(second=0, microsecond=0) - timedelta(days=1)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
