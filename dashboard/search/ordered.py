"""Orders of the list, and the links that change it.

By when jobs were created an index knows them, all through history. By their end or their length none does: only the
jobs that are on the page are put in order, and the page says so.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from dashboard.search.asked import FINISHED, LONGEST, NEWEST, OLDEST, ORDERS, Asked
from tasks.events import JobDict


def ordered(jobs: Sequence[JobDict], order: str) -> list[JobDict]:
    """The jobs of a page in their order; those that have no end, or did not begin, stand last."""
    if order == FINISHED:
        return sorted(jobs, key=lambda job: job["finished_at"] or "", reverse=True)
    if order == LONGEST:
        now = datetime.now(UTC)
        return sorted(jobs, key=lambda job: _seconds(job, now), reverse=True)
    return list(jobs)


def _seconds(job: JobDict, now: datetime) -> float:
    if not job["started_at"]:
        return -1.0
    end = datetime.fromisoformat(job["finished_at"]) if job["finished_at"] else now
    return (end - datetime.fromisoformat(job["started_at"])).total_seconds()


def heads(asked: Asked) -> dict[str, Any]:
    """Of the columns that give an order: where their link leads, and what `aria-sort` says of them."""
    is_created = asked.order in (NEWEST, OLDEST)
    return {
        "created": {
            "query": asked.query(order=OLDEST if asked.order == NEWEST else ""),
            "sort": ("ascending" if asked.order == OLDEST else "descending") if is_created else "",
        },
        "duration": {"query": asked.query(order=LONGEST), "sort": "descending" if asked.order == LONGEST else ""},
    }


def orders(asked: Asked) -> list[dict[str, Any]]:
    """The choices of the field that puts the list in order."""
    words = {
        NEWEST: _("Newest first"),
        OLDEST: _("Oldest first"),
        FINISHED: _("Ended last first"),
        LONGEST: _("Longest first"),
    }
    return [{"value": one, "words": words[one], "is_chosen": one == asked.order} for one in ORDERS]
