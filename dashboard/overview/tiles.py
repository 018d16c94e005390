"""The numbers at the top of the page, each a link to what it counts."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from dashboard.glance import Glance
from dashboard.overview.charts import since_a_day
from dashboard.overview.failures import Failure
from dashboard.overview.waiting import Why
from dashboard.templatetags.taskcast import count, when_short
from tasks.models import Job

#: No number is counted further than this: of more, it is said that there are more.
MOST = 1000


@dataclass(frozen=True)
class Tile:
    """One number: what it is called, what it is now, what else there is to say; `tone` only where it wants a look."""

    name: str
    label: str
    value: str
    detail: str
    url: str
    tone: str = ""


def tiles(
    visible: QuerySet[Job], ended: str, waiting: int, why: list[Why], failed: list[Failure], now: Glance | None
) -> list[Tile]:
    """All tiles; `ended` says how many did, and `now` is None where Redis does not answer."""
    return [
        _running(visible, ended),
        _waiting(waiting, why),
        _failed(visible, failed),
        _workers(now),
        _queues(now),
    ]


def _running(visible: QuerySet[Job], ended: str) -> Tile:
    number = counted(visible.filter(state="started"))
    return Tile("running", _("Running"), capped(number), ended, _jobs(state="started"), "running" if number else "")


def _waiting(number: int, why: list[Why]) -> Tile:
    detail = f"{why[0].words} · {count(why[0].count)}" if why else _("nothing waits")
    url = _jobs(state=["queued", "scheduled", "retrying"])
    return Tile("waiting", _("Waiting"), capped(number), detail, url)


def _failed(visible: QuerySet[Job], failed: list[Failure]) -> Tile:
    since = since_a_day()
    number = counted(visible.filter(state__in=("failed", "lost"), created_at__gte=since))
    last = failed[0].newest["finished_at"] if number and failed else None
    detail = _("last at {time}").format(time=when_short(last)[:-3]) if last else _("in the last 24 hours")
    url = _jobs(state=["failed", "lost"], since=since.isoformat())
    return Tile("failed", _("Failed in 24 hours"), capped(number), detail, url, "bad" if number else "")


def _workers(now: Glance | None) -> Tile:
    label, url = _("Workers"), reverse("taskcast:workers")
    if now is None:
        return Tile("workers", label, "–", _("Redis does not answer"), url, "bad")
    if not now.alive:
        return Tile("workers", label, "0", _("No worker runs."), url, "bad")
    busy = _("{busy} of {size} processes busy").format(busy=count(now.busy), size=count(now.size))
    gone = _("{n} gone").format(n=now.gone) if now.gone else ""
    return Tile("workers", label, count(now.alive), " · ".join(filter(None, [busy, gone])), url)


def _queues(now: Glance | None) -> Tile:
    label, url = _("Longest queue"), reverse("taskcast:workers")
    if now is None:
        return Tile("queues", label, "–", _("Redis does not answer"), url, "bad")
    name, length = max(now.lengths.items(), key=lambda one: (one[1], one[0]), default=("", 0))
    paused = _("{n} paused").format(n=len(now.paused)) if now.paused else ""
    first = name if length else _("all are empty")
    if length and name in now.paused:
        first = _("{queue}, paused").format(queue=name)
        paused = _("{n} paused").format(n=len(now.paused)) if len(now.paused) > 1 else ""
    return Tile(
        "queues", label, count(length), " · ".join(filter(None, [first, paused])), url, "bad" if now.paused else ""
    )


def counted(jobs: QuerySet[Job]) -> int:
    """How many these are; past MOST one more than that."""
    # In the order of the index of states: without one SQLite looks through all jobs that the reader ever had.
    return jobs.order_by("-created_at", "-id")[: MOST + 1].count()


def capped(number: int) -> str:
    """The number as people read it; `1,000+` past MOST."""
    return f"{count(MOST)}+" if number > MOST else count(number)


def _jobs(**filters: str | list[str]) -> str:
    return f"{reverse('taskcast:jobs')}?{urlencode(filters, doseq=True)}"
