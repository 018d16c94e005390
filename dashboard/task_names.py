"""Names of tasks that the list of jobs can be narrowed to, and which of them a reader means by a part."""

from collections.abc import Iterable
from typing import Any

from dashboard import access
from tasks import catalog

# Of the reader's newest jobs the tasks are known too: not all of them stand in the catalogue.
_NEWEST = 200
# A part that fits more tasks than this finds the jobs of the first so many.
_MOST = 20


def known_to(user: Any) -> list[str]:
    """Names that may be offered to `user`: what they may launch, what they have launched; to staff all of them."""
    offered = catalog.launchables() if access.sees_all(user) else access.tasks_for(user)
    newest = access.jobs_for(user).order_by("-created_at", "-id").values_list("task", flat=True)[:_NEWEST]
    return sorted({*(task.name for task in offered), *newest})


def meant_by(text: str, known: Iterable[str]) -> list[str]:
    """The names that `text` is, or is a part of; the text itself where nothing is known by it.

    >>> meant_by("ADD", ["a.add", "a.mul"]), meant_by("a.mul", ["a.mul", "a.mul_all"]), meant_by("x", [])
    (['a.add'], ['a.mul'], ['x'])
    """
    if text in known:
        return [text]
    part = text.strip().casefold()
    return [name for name in known if part in name.casefold()][:_MOST] or [text]
