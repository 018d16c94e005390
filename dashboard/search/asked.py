"""What an address of the list asks for: the search, its order, and which page of it.

`?q=` has the language of `language.py`. The parameters of before (`state=`, `task=`, `owner=`, `since=`, …), which the
API has too, say the same: they become words of the search.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone
from pydantic import Field, StringConstraints

from dashboard.api import schemas
from dashboard.search import finding, language
from dashboard.search.language import Search, term

#: Orders of the list. The last two put only what is on the page in order: no index has them.
NEWEST, OLDEST, FINISHED, LONGEST = ORDERS = ("newest", "oldest", "finished", "longest")
SIZE = 50  # jobs of a page
MOST = 500  # of a page that was read on


class _Parameters(schemas.Filters):
    q: Annotated[str, StringConstraints(max_length=language.LONGEST, pattern=r"^[^\x00]*$")] | None = None
    order: Literal["newest", "oldest", "finished", "longest"] = "newest"  # type: ignore[assignment]
    limit: int = Field(default=SIZE, ge=1, le=MOST)


@dataclass(frozen=True)
class Asked:
    """A search as text and as it was understood."""

    text: str
    search: Search
    order: str = NEWEST
    cursor: str = ""
    limit: int = SIZE

    def query(self, **changes: Any) -> str:
        """The address's query for the same search, from its beginning unless `changes` say otherwise."""
        asked = {"q": self.text, "order": "" if self.order == NEWEST else self.order, **changes}
        return urlencode({name: value for name, value in asked.items() if value})

    def plan(self, user: Any) -> finding.Plan:
        """How it is answered to `user`."""
        return finding.plan(user, self.search, is_oldest_first=self.order == OLDEST)


def read(request: HttpRequest) -> Asked:
    """Raises pydantic.ValidationError where a parameter is not understood; words of `q` are told in `misread`."""
    given = {**request.GET.dict(), "state": request.GET.getlist("state")}
    asked = _Parameters.model_validate(given)
    text = " ".join([*_older(asked), *([asked.q.strip()] if asked.q and asked.q.strip() else [])])
    return Asked(text, parse(text), asked.order, asked.cursor or "", asked.limit)


def parse(text: str) -> Search:
    """The search that `text` asks for, now and here."""
    return language.parse(text, timezone.localtime())


def _older(asked: schemas.Filters) -> list[str]:
    """The other parameters, in the words of the search."""
    words = [term("state", ",".join(dict.fromkeys(asked.state)))] if asked.state else []
    for name in ("task", "owner", "parent", "group"):
        if value := getattr(asked, name):
            words.append(term(name, str(value)))
    for name in ("since", "until"):
        if moment := getattr(asked, name):
            words.append(term(name, timezone.localtime(moment).isoformat()))
    return words
