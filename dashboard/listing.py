"""Lists of jobs, newest or oldest first, at a cost that does not grow with history.

Every list is the merge of a few branches, each of which one index answers in order: a branch for each state and task
asked for, one for ids. A page goes on where the one before ended (a keyset, never an offset).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice, product
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from dashboard import queries
from tasks import catalog
from tasks.events import JobDict
from tasks.models import Job

MOST = 200  # jobs of one page
# A word that fits more tasks than this finds the jobs of the first so many.
_TASKS_OF_A_WORD = 20
_HEX = re.compile(r"[0-9a-f]{1,32}")
# What a list gives out as `next`: when the last job of the page was created, in µs, and its id. All that fits means
# something, so that a caller can be told beforehand what does not.
CURSOR = r"^[0-9]{1,17}\.[0-9a-f]{32}$"
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to; whatever is left out narrows nothing."""

    states: Sequence[str] = ()
    tasks: Sequence[str] = ()
    owner: str = ""
    q: str = ""
    is_unowned: bool = False
    id: str = ""
    schedule: str = ""
    parent: UUID | None = None
    group: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    is_oldest_first: bool = False


@dataclass(frozen=True)
class Page:
    """Jobs as they are now, and the cursor of the page after them."""

    jobs: list[JobDict] = field(default_factory=list)
    next: str | None = None


def jobs(visible: QuerySet[Job], filters: Filters, *, cursor: str = "", limit: int = 50) -> Page:
    """The first of the `visible` jobs that fit `filters`, after `cursor` (of the form CURSOR, or empty).

    A job whose state has changed since its row was written is left out where another state was asked for.
    """
    found, more = rows(visible.select_related("owner").defer("message"), filters, cursor=cursor, limit=limit)
    shown = queries.live(found)
    fitting = [job for job in shown if not filters.states or job["state"] in filters.states]
    return Page(fitting, cursor_of(found[-1]) if more else None)


def rows(visible: QuerySet[Job], filters: Filters, *, cursor: str = "", limit: int = 50) -> tuple[list[Job], bool]:
    """The rows of a page, and whether there are more; as the history has them, without what the event log knows."""
    rows = visible
    if cursor:
        at, last_id = _decode(cursor)
        after = "gt" if filters.is_oldest_first else "lt"
        # The first half is what an index can begin at; the second decides among equal times.
        rows = rows.filter(**{f"created_at__{after}e": at})
        rows = rows.filter(Q(**{f"created_at__{after}": at}) | Q(**{f"id__{after}": last_id}))
    if filters.parent:
        rows = rows.filter(parent=filters.parent)
    if filters.group:
        rows = rows.filter(group=filters.group)
    if filters.since:
        rows = rows.filter(created_at__gte=filters.since)
    if filters.until:
        rows = rows.filter(created_at__lt=filters.until)
    if filters.owner:
        owner = get_user_model()._default_manager.filter(**{get_user_model().USERNAME_FIELD: filters.owner}).first()
        rows = rows.filter(owner=owner.pk) if owner else rows.none()
    if filters.is_unowned:
        rows = rows.filter(owner=None)
    if filters.schedule:
        rows = rows.filter(schedule=filters.schedule)
    if filters.id:
        prefix = id_range(filters.id)
        rows = rows.filter(id__range=prefix) if prefix else rows.none()

    order = ("created_at", "id") if filters.is_oldest_first else ("-created_at", "-id")
    first = [branch.order_by(*order)[: limit + 1] for branch in _branches(rows, filters)]
    found = list(islice(_once(merge(*first, key=_place, reverse=not filters.is_oldest_first)), limit + 1))
    return found[:limit], len(found) > limit


def _branches(rows: QuerySet[Job], filters: Filters) -> Iterator[QuerySet[Job]]:
    states: Sequence[str | None] = filters.states or [None]
    tasks: Sequence[str | None] = filters.tasks or [None]
    if filters.q:
        if prefix := id_range(filters.q):
            for state, task in product(states, tasks):
                yield _narrowed(rows.filter(id__range=prefix), state, task)
        named = tasks_of(filters.q)
        tasks = [name for name in named if not filters.tasks or name in filters.tasks]
    for state, task in product(states, tasks):
        yield _narrowed(rows, state, task)


def _narrowed(rows: QuerySet[Job], state: str | None, task: str | None) -> QuerySet[Job]:
    if state:
        rows = rows.filter(state=state)
    return rows.filter(task=task) if task else rows


def id_range(text: str) -> tuple[UUID, UUID] | None:
    """The lowest and the highest id that begin with `text`; None where no id does."""
    digits = text.strip().lower().replace("-", "")
    if not _HEX.fullmatch(digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def tasks_of(text: str) -> list[str]:
    """The tasks that have all these words in their name or title."""
    words = text.casefold().split()
    return [
        task.name
        for task in catalog.launchables()
        if words and all(word in f"{task.name} {task.title}".casefold() for word in words)
    ][:_TASKS_OF_A_WORD]


def _place(row: Job) -> tuple[datetime, UUID]:
    return row.created_at, row.id


def _once(rows: Iterator[Job]) -> Iterator[Job]:
    last = None
    for row in rows:
        if row.id != last:
            yield row
        last = row.id


def cursor_of(row: Job) -> str:
    """The cursor of what comes after this row."""
    return f"{(row.created_at - _FIRST) // timedelta(microseconds=1)}.{row.id.hex}"


def _decode(cursor: str) -> tuple[datetime, UUID]:
    microseconds, _, last_id = cursor.partition(".")
    return _FIRST + timedelta(microseconds=int(microseconds)), UUID(last_id)
