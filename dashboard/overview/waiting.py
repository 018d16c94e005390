"""Why jobs wait, and what one can do about it. Decisions only."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard.reasons import reason_words

_BROKER_IS_AWAY = "the broker does not answer; the job will be sent when it does"
_TRY_AGAIN = "next try at "
_AGAIN = "waiting to be started again"


@dataclass(frozen=True)
class Waiting:
    """What is asked of a job that waits: columns of its row."""

    state: str
    reason: str | None
    queue: str
    eta: datetime | None
    is_sent: bool


@dataclass(frozen=True)
class Served:
    """What is known of the queues; `listening` is None where that is not known now."""

    paused: Collection[str]
    listening: Collection[str] | None
    free: Collection[str]


@dataclass(frozen=True)
class Why:
    """A reason for which `count` jobs wait, in words; `url` leads to where one sees more, or can do something."""

    words: str
    count: int
    advice: str
    url: str


def why(jobs: Sequence[Waiting], served: Served) -> list[Why]:
    """The reasons of these jobs, the most frequent first."""
    reasons = Counter(_reason(job, served) for job in jobs)
    due = min((job.eta for job in jobs if job.state == "scheduled" and job.eta), default=None)
    return [Why(_words(*key), number, *_advice(key[0], due)) for key, number in reasons.most_common()]


def _reason(job: Waiting, served: Served) -> tuple[str, str]:
    """What kind of reason, and of which queue or in which words."""
    reason = job.reason or ""
    if job.state == "scheduled":
        return "scheduled", ""
    if reason == _BROKER_IS_AWAY:
        return "broker", ""
    if job.state == "retrying" or _TRY_AGAIN in reason or _AGAIN in reason:
        return "again", ""
    # Rows tell it too, but of the first two hundred only, and some seconds later.
    if job.queue in served.paused:
        return "paused", job.queue
    if served.listening is not None and job.queue and job.is_sent:
        if job.queue not in served.listening:
            return "unserved", job.queue
        return ("soon", "") if job.queue in served.free else ("busy", "")
    return ("other", reason) if reason else ("soon", "")


def _words(kind: str, name: str) -> str:
    match kind:
        case "scheduled":
            return _("Scheduled for later")
        case "broker":
            return _("The broker does not answer")
        case "again":
            return _("To be tried again")
        case "paused":
            return _("Queue {queue} is paused").format(queue=name)
        case "unserved":
            return _("No worker listens to queue {queue}").format(queue=name)
        case "busy":
            return _("All processes are busy")
        case "soon":
            return _("About to start")
        case _:
            return reason_words(name)


def _advice(kind: str, due: datetime | None) -> tuple[str, str]:
    jobs, workers = reverse("taskcast:jobs"), reverse("taskcast:workers")
    match kind:
        case "scheduled":
            next_one = _("The next one is due at {time}.").format(time=_clock(due)) if due else ""
            return next_one, f"{jobs}?state=scheduled"
        case "broker":
            return _("They are sent as soon as it does."), f"{jobs}?state=queued"
        case "again":
            return _("They failed before, and start once more by themselves."), f"{jobs}?state=retrying"
        case "paused":
            return _("They start when it is resumed, on the page of workers."), workers
        case "unserved":
            return _("They start when a worker listens to it."), workers
        case "busy":
            return _("They start as soon as a process is free."), f"{jobs}?state=started"
        case _:
            return "", f"{jobs}?state=queued"


def _clock(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local:%H:%M}" if local.date() == timezone.localdate() else f"{local:%m-%d %H:%M}"


def names(jobs: Iterable[Waiting]) -> set[str]:
    """The queues in which these jobs wait."""
    return {job.queue for job in jobs if job.queue}
