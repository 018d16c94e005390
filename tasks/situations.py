"""What holds a job up, told as its `reason` for as long as it does: a silent worker, a queue without a worker."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from tasks import eventlog, leases, queues
from tasks.eventlog import Change
from tasks.events import State
from tasks.models import Job
from tasks.reporter import reporter

# Seconds: three beats of a lease; and what a message may take from the broker to a worker.
SILENT = 3 * leases.BEAT
UNSERVED = 5.0
_MOST = 200
_NOBODY_LISTENS = "waiting for a worker: none is listening to queue "
_IS_SILENT = " has been silent since "
_IS_PAUSED = " is paused"


def tell_silent(running: Mapping[str, str]) -> None:
    """Of jobs that run, by the leases of their workers: tell whose worker is silent. Raises LogUnavailable."""
    silent = leases.silent(set(running.values()), SILENT)
    told = {lease: f"worker {leases.worker_name(lease)}{_IS_SILENT}{last_beat(lease)}" for lease in silent}
    _tell({job_id: told.get(lease) for job_id, lease in running.items()}, _IS_SILENT, {"started"})


def tell_unserved() -> None:
    """Of jobs that wait in a queue: tell those whose queue no living worker listens to. Raises LogUnavailable."""
    takers = [said for said in leases.alive(leases.workers()).values() if not said.get("draining")]
    served = {queue for said in takers for queue in said.get("queues", ())}
    waiting = Job.objects.filter(
        state__in=("queued", "retrying"), published_at__lte=timezone.now() - timedelta(seconds=UNSERVED)
    )
    known = waiting.exclude(queue="")  # of others' jobs, some do not tell theirs
    wanted = {
        **dict.fromkeys(_ids(known.filter(queue__in=served, reason__startswith=_NOBODY_LISTENS))),
        **{
            str(pk): f"{_NOBODY_LISTENS}{queue}"
            for pk, queue in known.filter(reason=None).exclude(queue__in=served).values_list("pk", "queue")[:_MOST]
        },
    }
    _tell(wanted, _NOBODY_LISTENS, {"queued", "retrying"})


def tell_paused() -> None:
    """Of jobs that wait in a queue: tell those whose queue is paused. Raises LogUnavailable."""
    paused = queues.paused()
    waiting = Job.objects.filter(state__in=("queued", "retrying"), published_at__isnull=False)
    held = waiting.filter(queue__in=paused, reason=None).values_list("pk", "queue")[:_MOST]
    wanted = {
        **dict.fromkeys(_ids(waiting.filter(reason__endswith=_IS_PAUSED).exclude(queue__in=paused))),
        **{str(pk): f"queue {queue}{_IS_PAUSED}" for pk, queue in held},
    }
    _tell(wanted, _IS_PAUSED, {"queued", "retrying"})


def _ids(jobs: QuerySet[Job]) -> list[str]:
    return [str(pk) for pk in jobs.values_list("pk", flat=True)[:_MOST]]


def _tell(wanted: Mapping[str, str | None], mark: str, only: Collection[State]) -> None:
    """Bring each job's reason to what is wanted; None takes one back that bears our mark, and leaves any other."""
    for job_id, (seq, reason) in eventlog.reasons(list(wanted)).items():
        text = wanted[job_id]
        if text == reason or (text is None and mark not in (reason or "")):
            continue
        change = Change("state", {"reason": text}, only=only)
        # The writer's name has the place: of two ticks at once, one writes.
        reporter().echo(job_id, eventlog.append(job_id, [change], writer=f"situation.{seq}", n=1))


def last_beat(lease: str) -> str:
    """When the worker with this lease last spoke, as a time of day; now where nobody knows. Raises LogUnavailable."""
    said = leases.workers().get(lease)
    moment = datetime.fromisoformat(said["beat"]) if said else timezone.now()
    return timezone.localtime(moment).strftime("%H:%M:%S")
