"""Jobs that fit a search, page by page, at a cost that does not grow with history.

What an index answers in order is left to `listing`. The rest (arguments, texts, workers, queues) has none: of what an
index gives, so many rows at most are looked at for a page, which then says how far back it has searched.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from dashboard import access, listing, queries, task_names
from dashboard.search import fits, language
from dashboard.search.language import Search
from tasks.events import JobDict
from tasks.models import Job

#: Rows looked at for one page where no index tells which fit.
MOST_LOOKED_AT = 5000
# And read for that: of several branches each gives a chunk, of which the merge takes only a part.
_MOST_READ = 20_000
_CHUNK, _LEAST = 500, 25
_LOOKED_AT = ("id", "created_at", "task", "args", "error", "worker", "queue")


@dataclass(frozen=True)
class Plan:
    """How a search is answered: what indexes do, and what is left to a look at each job.

    `tasks` are those that are meant by the parts of names; `texts` are to be found in a job's arguments, error or name.
    """

    search: Search
    filters: listing.Filters
    texts: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    known: Sequence[str] = ()

    @property
    def is_scanned(self) -> bool:
        """Whether each job has to be looked at."""
        return fits.is_needed(self.search, self.texts)


@dataclass(frozen=True)
class Page:
    """Jobs as they are now, the cursor of the page after, and, where the search gave up for now, how far it came."""

    jobs: list[JobDict] = field(default_factory=list)
    next: str | None = None
    reached: datetime | None = None


def plan(user: Any, search: Search, *, is_oldest_first: bool = False) -> Plan:
    """How `search` is answered to `user`."""
    known = task_names.known_to(user) if search.tasks else []
    tasks = tuple(dict.fromkeys(name for part in search.tasks for name in task_names.meant_by(part, known)))
    words = " ".join(search.words)
    # Words are the start of an id or a task's, and only where they are neither, texts of the job.
    is_text = bool(words) and listing.id_range(words) is None and not listing.tasks_of(words)
    filters = listing.Filters(
        states=search.states,
        tasks=tasks,
        owner={language.ME: user.get_username(), language.NOBODY: ""}.get(search.owner, search.owner),
        is_unowned=search.owner == language.NOBODY,
        q="" if is_text else words,
        id=search.id,
        schedule=search.schedule,
        parent=search.parent,
        group=search.group,
        since=search.since,
        until=search.until,
        is_oldest_first=is_oldest_first,
    )
    texts = (*search.phrases, *(search.words if is_text else ()))
    return Plan(search, filters, texts, tasks, known)


def page(user: Any, plan: Plan, *, cursor: str = "", limit: int = 50) -> Page:
    """The first jobs that `user` may see and that fit, after `cursor`."""
    visible = access.jobs_for(user)
    if not plan.is_scanned:
        found = listing.jobs(visible, plan.filters, cursor=cursor, limit=limit)
        return Page(found.jobs, found.next)
    return _scanned(visible, plan, cursor, limit)


def _scanned(visible: QuerySet[Job], plan: Plan, cursor: str, limit: int) -> Page:
    looked_at = visible.only(*_LOOKED_AT)
    branches = max(1, len(plan.filters.states)) * max(1, len(plan.filters.tasks))
    chunk = max(_LEAST, _CHUNK // branches)
    ids: list[Any] = []
    number = 0
    while number < min(MOST_LOOKED_AT, _MOST_READ // branches):
        rows, more = listing.rows(looked_at, plan.filters, cursor=cursor, limit=chunk)
        for row in rows:
            number += 1
            if fits.fits(row.__dict__, plan.search, plan.texts):
                ids.append(row.pk)
            if len(ids) == limit:
                is_last = not more and row is rows[-1]
                return Page(_jobs(visible, plan, ids), None if is_last else listing.cursor_of(row))
        if not more:
            return Page(_jobs(visible, plan, ids))
        cursor = listing.cursor_of(rows[-1])
    return Page(_jobs(visible, plan, ids), cursor, rows[-1].created_at)


def _jobs(visible: QuerySet[Job], plan: Plan, ids: list[Any]) -> list[JobDict]:
    of_id = visible.select_related("owner").defer("message").in_bulk(ids)
    jobs = queries.live(of_id[pk] for pk in ids if pk in of_id)
    return [job for job in jobs if not plan.filters.states or job["state"] in plan.filters.states]
