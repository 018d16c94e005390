"""The children of a job, all of them at once and in few bytes: what a map of up to 10,000 is drawn from."""

from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet
from django.db.models.functions import Coalesce

from dashboard import failures
from tasks.events import STATES, JobDict
from tasks.models import Job

#: Children that a map shows.
MOST = 10_000
#: The states in the order in which a bar has them: what has ended first. frontend/src/elements/counts.ts has it too.
ORDER = ("succeeded", "failed", "lost", "cancelled", "started", "retrying", "queued", "scheduled")
# Changes of rows, whoever's, that one answer goes through; whoever is further behind is told all anew.
_REACH = 20_000
# Of so many that run it is told how far they are.
_RUNNING = 200


def cells(visible: QuerySet[Job], parent: UUID, since: int | None = None) -> dict[str, Any]:
    """The first `MOST` of the `visible` children in the order in which they were launched, or, of all of them, those
    that have changed since the change `since`.

    {"change": up to which this is complete, "whole": whether these are all, "ids": hexadecimal digits, 32 for each,
    "states": a digit for each, which counts in STATES, "rows": their numbers in the batch's table, None where they have
    none, "shares": how far some that run are, from 0 to 1, by their place}
    """
    # Read before the rows: one that changes meanwhile comes again, none is missed.
    change = Job.objects.aggregate(last=Max("change"))["last"] or 0
    is_whole = since is None or not change - _REACH <= since <= change
    if is_whole:
        rows = visible.filter(parent=parent).order_by("created_at", "id")
    else:
        # By the order of changes alone, however many children there are: an expression cannot be looked up in the
        # index of parents.
        recent = visible.filter(change__gt=since, change__lte=change, parent__isnull=False)
        rows = recent.annotate(of=Coalesce("parent", "id")).filter(of=parent).order_by("change")
    found = list(rows.values_list("id", "state", "row")[: MOST if is_whole else _REACH])
    return {
        "change": change,
        "whole": is_whole,
        "ids": "".join([pk.hex for pk, _, _ in found]),
        "states": "".join([_DIGITS[state] for _, state, _ in found]),
        "rows": [row for _, _, row in found] if any(row for _, _, row in found) else None,
        "shares": _shares(visible, [(place, pk) for place, (pk, state, _) in enumerate(found) if state == "started"]),
    }


_DIGITS = {state: str(number) for number, state in enumerate(STATES)}


def _shares(visible: QuerySet[Job], running: list[tuple[int, UUID]]) -> dict[int, float]:
    places = {pk: place for place, pk in running[:_RUNNING]}
    if not places:
        return {}
    shares = {}
    for pk, progress in visible.filter(pk__in=places).values_list("id", "progress"):
        if progress and (total := progress.get("total") or 0) > 0:
            shares[places[pk]] = round(min(1.0, max(0.0, progress["current"] / total)), 2)
    return shares


def page(visible: QuerySet[Job], job: JobDict) -> dict[str, Any]:
    """What the page of a job shows of all its children: {"counts", "all_children", "failed_children",
    "failures"}."""
    children = job["children"] or {}
    failed = children.get("failed", 0) + children.get("lost", 0)
    return {
        "counts": [(state, children[state]) for state in ORDER if children.get(state)],
        "all_children": sum(children.values()),
        "failures": failures.of(visible, UUID(str(job["id"]))) if failed else None,
        "failed_children": failed,
    }
