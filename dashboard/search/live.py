"""What the page tells its script, so that it knows by itself which new jobs belong into the list."""

from typing import Any

from dashboard import listing
from dashboard.search.asked import NEWEST, Asked
from dashboard.search.finding import Plan


def spec(plan: Plan) -> dict[str, Any]:
    """What a job has to be, beside its state, task and owner, as frontend/src/fits.ts reads it."""
    search, words = plan.search, plan.filters.q
    prefix = listing.id_range(words) if words else None
    return {
        "unowned": plan.filters.is_unowned,
        "since": search.since and search.since.isoformat(),
        "until": search.until and search.until.isoformat(),
        "id": search.id,
        "parent": search.parent and str(search.parent),
        "group": search.group and str(search.group),
        "worker": search.worker,
        "args": [{"path": one.path, "op": one.op, "text": one.text, "number": one.number} for one in search.args],
        "texts": plan.texts,
        # Words that are the start of an id, or those of tasks.
        "words": {"id": words.strip().lower().replace("-", "") if prefix else "", "tasks": listing.tasks_of(words)}
        if words
        else None,
    }


def is_fixed(asked: Asked) -> bool:
    """Whether rows change but none come: only the server can tell whether a job fits, or where it would stand."""
    return bool(asked.order != NEWEST or asked.cursor or asked.search.queue or asked.search.schedule)
