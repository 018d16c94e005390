"""What sockets read from the database: single jobs, and the list. Everything here belongs into a thread."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet

from dashboard import access
from dashboard.live import credentials, frames
from dashboard.live.credentials import Credential
from tasks.events import FINAL, UNFINISHED, JobDict
from tasks.models import Job

NEWEST_UNFINISHED = 200
NEWEST_FINISHED = 50


@dataclass(frozen=True)
class Row:
    """A job as history has it; `change` tells its versions apart."""

    job: JobDict
    epoch: int
    seq: int
    change: int


@dataclass(frozen=True)
class Permission:
    """Whether there is such a job, whether somebody may follow it, and whose it is as far as known."""

    is_known: bool
    is_granted: bool
    owner_id: Any


@dataclass(frozen=True)
class Listing:
    """Which jobs somebody's list begins with, and the `change` up to which that is complete."""

    ids: list[str]
    more: bool
    change: int


@dataclass(frozen=True)
class Changes:
    """Rows in the order of their changes; `visible` has, for each user, the places of those he may see."""

    items: list[frames.Item]
    owners: dict[str, Any]
    visible: dict[int, tuple[int, ...]]  # by id() of the user


@dataclass(frozen=True)
class Rights:
    """What a fresh look at all sockets found; `lost` and `gained` by id() of the user as he was before."""

    users: dict[Credential, Any]
    owners: dict[str, Any]
    sees: dict[tuple[Credential, int | None], bool]
    lost: dict[int, set[Any]]  # owners whose jobs he no longer sees
    gained: set[int]


def may_follow(user: Any, job_id: str, owner_id: Any, known: bool) -> Permission:
    """Whether `user` may follow the job.

    `known` says that the log knows the job, with that owner. Where it names none the row may: a worker that
    was quicker than the one who announces does not know whose the job is.
    """
    if owner_id is None:
        found = list(Job.objects.filter(pk=job_id).values_list("owner_id", flat=True))
        known, owner_id = known or bool(found), found[0] if found else None
    return Permission(known, known and access.may_follow(user, job_id, owner_id), owner_id)


def one(job_id: str) -> Row | None:
    """The job's row."""
    row = _shown(Job.objects.filter(pk=job_id)).first()
    return None if row is None else Row(row.as_dict(), row.epoch, row.seq, row.change)


def heads(job_ids: Collection[str]) -> dict[str, tuple[int, int, int]]:
    """(epoch, seq, change) of those jobs that have rows."""
    rows = Job.objects.filter(pk__in=job_ids).values_list("pk", "epoch", "seq", "change")
    return {str(pk): (epoch, seq, change) for pk, epoch, seq, change in rows}


def listing(user: Any) -> Listing:
    """The newest jobs that `user` may see: unfinished ones first."""
    # Read before the rows: one that changes meanwhile comes again, none is missed.
    change = Job.objects.aggregate(last=Max("change"))["last"] or 0
    visible = access.jobs_for(user)
    unfinished, more_unfinished = _newest(visible, UNFINISHED, NEWEST_UNFINISHED)
    finished, more_finished = _newest(visible, FINAL, NEWEST_FINISHED)
    return Listing([str(pk) for pk in [*unfinished, *finished]], more_unfinished or more_finished, change)


def _newest(visible: QuerySet[Job], states: Iterable[str], most: int) -> tuple[list[Any], bool]:
    # One query for each state: each is answered by an index in order, whatever the length of history.
    found = [
        key
        for state in states
        for key in visible.filter(state=state)
        .order_by("-created_at", "-id")
        .values_list("created_at", "pk")[: most + 1]
    ]
    found.sort(reverse=True)
    return [pk for _, pk in found[:most]], len(found) > most


def listed(user: Any, job_ids: Sequence[str]) -> Changes:
    """Those of the jobs that `user` may (still) see; their place is the one that they have in `job_ids`."""
    rows = _shown(access.jobs_for(user)).in_bulk([UUID(job_id) for job_id in job_ids])
    found = [(n, rows[UUID(job_id)]) for n, job_id in enumerate(job_ids) if UUID(job_id) in rows]
    items = [frames.job_item(n, row.as_dict()) for n, row in found]
    return Changes(items, {str(row.pk): row.owner_id for _, row in found}, {id(user): tuple(range(len(items)))})


def changes(after: int, most: int, users: Collection[Any]) -> Changes:
    """The next `most` rows that changed later than `after`, and which of them each of `users` may see."""
    rows = list(_shown(Job.objects.filter(change__gt=after)).order_by("change")[:most])
    visible = {id(user): tuple(n for n, row in enumerate(rows) if access.may_see(user, row.owner_id)) for user in users}
    return Changes(
        [frames.job_item(row.change, row.as_dict()) for row in rows],
        {str(row.pk): row.owner_id for row in rows},
        visible,
    )


def deleted(owners: dict[str, Any], users: Collection[Any]) -> dict[int, list[str]]:
    """Which of the jobs, given with their owners, have no rows any more: for each user (by id()) those of
    which he may know."""
    left = _owners(owners)
    gone = {job_id: owner_id for job_id, owner_id in owners.items() if job_id not in left}
    return {id(user): [j for j, owner_id in gone.items() if access.may_see(user, owner_id)] for user in users}


def rights(known: Collection[tuple[Credential, Any]], followed: dict[str, Any], listed: Iterable[Any]) -> Rights:
    """Who the sockets belong to now, and which owners' jobs each may see.

    `known` has each credential with its user as he was; `followed` the owners of followed jobs as the hub
    knows them, `listed` those of jobs in lists.
    """
    people = credentials.users({credential for credential, _ in known})
    owners = {**followed, **_owners(followed)}
    sees = {(c, owner): _sees(user, owner) for c, user in people.items() for owner in {*owners.values()}}
    listed = set(listed)
    lost: dict[int, set[Any]] = {}
    gained: set[int] = set()
    for credential, before in known:
        if credential not in people:
            continue
        then = {owner for owner in listed if access.may_see(before, owner)}
        now = {owner for owner in listed if access.may_see(people[credential], owner)}
        if then - now:
            lost[id(before)] = then - now
        if now - then:
            gained.add(id(before))
    return Rights(people, owners, sees, lost, gained)


def _sees(user: Any, owner_id: Any) -> bool:
    # A guest follows no other job than his own: access.may_follow() has let him.
    return isinstance(user, access.Guest) or access.may_see(user, owner_id)


def _owners(job_ids: Iterable[str]) -> dict[str, Any]:
    rows = Job.objects.filter(pk__in=list(job_ids)).values_list("pk", "owner_id")
    return {str(pk): owner_id for pk, owner_id in rows}


def _shown(rows: QuerySet[Job]) -> QuerySet[Job]:
    return rows.select_related("owner").defer("message")
