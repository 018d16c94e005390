"""The children of a job that failed, grouped by what was wrong: "row 17 is bad" and "row 96 is bad" are one mistake."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2s
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.fields.json import KeyTextTransform

from dashboard.graphemes import cut
from tasks.models import Job

#: Failed children that are looked at, and groups that are shown of them.
MOST, GROUPS = 10_000, 20
#: Stands where the messages of a group differ.
BLANK = "…"
# Code points of a message that tell its group; more is looked at of none.
_TOLD = 200
_DIFFERS = re.compile(
    r"""
      \b[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\b  # a UUID
    | \b0x[0-9a-fA-F]+\b                                          # an address
    | \b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b        # a hash
    | \d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?  # a moment
    | \d+(?:[.,:/-]\d+)*                                          # a number, a date, a time
    """,
    re.VERBOSE,
)


@dataclass
class Group:
    """Children that failed alike; `example` is the newest, `jobs` all of them, newest first."""

    key: str
    type: str
    message: str
    state: str
    jobs: list[UUID] = field(default_factory=list)
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many children failed like this."""
        return len(self.jobs)

    @property
    def differs(self) -> bool:
        """Whether the messages of the group are not all the same, as far as this can be told from one."""
        return BLANK in self.message and self.message != self.example["message"]


@dataclass
class Failures:
    """The largest groups; how many children are in others; and whether there are more than were looked at."""

    groups: list[Group]
    others: int = 0
    is_cut: bool = False


def of(visible: QuerySet[Job], parent: UUID) -> Failures:
    """The failures among the `visible` children of the job, by what was wrong, most frequent first."""
    groups, is_cut = _grouped(visible, parent)
    first = sorted(groups.values(), key=lambda one: (-one.count, one.type, one.message))
    return Failures(first[:GROUPS], sum(one.count for one in first[GROUPS:]), is_cut)


def alike(visible: QuerySet[Job], parent: UUID, key: str) -> Group | None:
    """The group with this key; None where no child fails like this (any more)."""
    return _grouped(visible, parent)[0].get(key)


def _grouped(visible: QuerySet[Job], parent: UUID) -> tuple[dict[str, Group], bool]:
    groups: dict[str, Group] = {}
    is_cut = False
    for state in ("failed", "lost"):
        rows = visible.filter(parent=parent, state=state).annotate(
            error_type=KeyTextTransform("type", "error"), error_message=KeyTextTransform("message", "error")
        )
        found = list(
            rows.order_by().values_list("id", "row", "error_type", "error_message", "reason", "finished_at")[: MOST + 1]
        )
        is_cut = is_cut or len(found) > MOST
        for pk, row, kind, said, reason, at in sorted(found[:MOST], key=_newest_first, reverse=True):
            kind, message = (kind or "", first_line(said or reason or ""))
            told = pattern(message)
            key = blake2s(f"{state}\n{kind}\n{told}".encode(), digest_size=8).hexdigest()
            if not (group := groups.get(key)):
                example = {"id": str(pk), "row": row, "message": message, "at": at}
                group = groups[key] = Group(key, kind, told, state, example=example)
            group.jobs.append(pk)
    return groups, is_cut


def _newest_first(row: tuple[Any, ...]) -> tuple[bool, datetime | None]:
    at = row[-1]
    return (at is not None, at) if at else (False, None)


def first_line(text: str) -> str:
    """The first line of a message that has one, not too long."""
    return cut(text.strip().partition("\n")[0].strip(), _TOLD)


def pattern(message: str) -> str:
    """What a message has in common with others of its kind: numbers and ids are blanks."""
    return _DIFFERS.sub(BLANK, message)
