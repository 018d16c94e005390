"""The catalogue's cards: what a reader may launch, found by words, with his favourites and his last launches."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Subquery

from dashboard import access
from tasks.catalog import LaunchableTask
from tasks.events import JobDict
from tasks.models import Job

# Tasks whose last launch is looked up, each by one step into an index; and those that are offered as recent.
_LOOKED_UP, _RECENT = 200, 6
# How much a word tells, by where it stands.
_BEGINS_TITLE, _BEGINS_WORD, _IN_NAME, _IN_DESCRIPTION = 8, 6, 3, 1
_BETWEEN_WORDS = re.compile(r"[\s._/()-]+")


@dataclass
class Card:
    """A task as the catalogue shows it; `last` is the reader's own last launch."""

    task: LaunchableTask
    at: int
    group: str
    is_favourite: bool = False
    last: JobDict | None = None

    @property
    def about(self) -> str:
        """The whole description, in which one searches too."""
        return str(self.task.description or "")

    @property
    def line(self) -> str:
        """The first line of the description."""
        return self.about.strip().partition("\n")[0]


def cards(user: Any) -> list[Card]:
    """A card for each task that `user` is offered, by application and name."""
    offered = sorted(access.tasks_for(user), key=lambda task: (str(task.group), task.name))
    kept = set(access.favourites_for(user).values_list("task", flat=True))
    last = last_launches(user, [task.name for task in offered])
    return [Card(task, at, str(task.group), task.name in kept, last.get(task.name)) for at, task in enumerate(offered)]


def last_launches(user: Any, names: Collection[str]) -> dict[str, JobDict]:
    """The job by which `user` launched each of these tasks last, by hand; of as many as it is cheap for."""
    mine = access.jobs_for(user).filter(owner=user.pk, parent=None, schedule=None)
    newest: list[Any] = [
        Subquery(mine.filter(task=name).order_by("-created_at", "-id").values("pk")[:1])
        for name in list(names)[:_LOOKED_UP]
    ]
    rows: Iterable[Job] = Job.objects.filter(pk__in=newest).select_related("owner").defer("message") if newest else ()
    return {row.task: row.as_dict() for row in rows}


def recent(found: Collection[Card]) -> list[Card]:
    """The cards that were launched last, the latest first."""
    launched = [card for card in found if card.last]
    return sorted(launched, key=lambda card: str(card.last and card.last["created_at"]), reverse=True)[:_RECENT]


def matching(found: Collection[Card], query: str) -> list[Card]:
    """Those that bear every word of the query, the best first."""
    words = fold(query).split()
    scored = [(score(words, str(card.task.title), card.task.name, card.about), card) for card in found]
    hits = [pair for pair in scored if pair[0] > 0]
    return [card for points, card in sorted(hits, key=lambda pair: (-pair[0], not pair[1].is_favourite, pair[1].at))]


def score(words: Collection[str], title: str, name: str, description: str) -> int:
    """PURE. How well a task answers to the folded words, 0 for not. frontend/src/catalogue.ts counts the same way."""
    title, name, description = fold(title), fold(name), fold(description)
    parts = _BETWEEN_WORDS.split(f"{title} {name.rpartition('.')[2]}")
    points = 0
    for word in words:
        if title.startswith(word):
            points += _BEGINS_TITLE
        elif any(part.startswith(word) for part in parts):
            points += _BEGINS_WORD
        elif word in title or word in name:
            points += _IN_NAME
        elif word in description:
            points += _IN_DESCRIPTION
        else:
            return 0
    return points


def fold(text: str) -> str:
    """Text as it is compared: composed, in small letters."""
    return unicodedata.normalize("NFC", text).lower()
