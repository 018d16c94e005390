"""The read side of workers and queues. Asks their leases, never the workers: `inspect` takes its whole timeout."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from celery import current_app
from django.utils import timezone

from dashboard import access, queue_figures
from tasks import broker, eventlog, leases, orders, situations
from tasks.events import iso
from tasks.models import Job, PausedQueue

# Queues of waiting jobs, beside those that are set up or that some worker listens to.
_MOST_QUEUES = 200


def overview(user: Any) -> dict[str, list[dict[str, Any]]]:
    """Workers and queues as `user` may see them: {"workers", "queues"}, see dashboard/api/schemas.py.

    Raises LogUnavailable.
    """
    said = leases.workers()
    alive = leases.alive(said)
    asked = orders.asked(alive)
    told = {key: {**about, **alive.get(key, {})} for key, about in said.items()}
    had = {job_id for about in told.values() for job_id in about.get("active") or ()}
    visible = _visible(user, had)
    workers = [_worker(about, key in alive, visible, asked.get(key, {})) for key, about in told.items()]
    queues = _queues(workers, access.may_pause_queues(user))
    return {"workers": sorted(workers, key=lambda one: (one["name"], not one["alive"])), "queues": queues}


def lease_of(name: str) -> tuple[str, dict[str, Any]] | None:
    """The lease of the living worker that is called so, and what it says; None where there is none.

    Raises LogUnavailable.
    """
    found = leases.alive(key for key in leases.workers() if leases.worker_name(key) == name)
    return max(found.items(), key=lambda one: str(one[1].get("beat")), default=None)


def _visible(user: Any, job_ids: Collection[str]) -> set[str]:
    # By the log: the row of a job that somebody sent from a shell may lag behind.
    found = eventlog.snapshots(list(job_ids)) if job_ids else {}
    return {job_id for job_id, snapshot in found.items() if access.may_see(user, snapshot.owner_id)}


def _worker(said: dict[str, Any], is_alive: bool, visible: Collection[str], asked: Mapping[str, Any]) -> dict[str, Any]:
    # What a dead worker had is no longer running there.
    active = said.get("active") if is_alive else {}
    held = said.get("reserved") if is_alive else []
    age = (timezone.now() - datetime.fromisoformat(said["beat"])).total_seconds()
    size, draining = said.get("size"), bool(said.get("draining"))
    return {
        "name": said["name"],
        "alive": is_alive,
        "state": _state(said, is_alive, age, bool(active)),
        "heartbeat_age": round(max(0.0, age), 1),  # its clock may be ahead of ours
        "heard_at": said["beat"],
        "started": said.get("started"),
        "host": said.get("host"),
        "pid": said.get("pid"),
        "celery": said.get("celery"),
        "taskcast": said.get("taskcast"),
        "pool": said.get("pool"),
        "size": size,
        "resizable": is_alive and bool(said.get("resizable")),
        "wanted_size": wanted if is_alive and (wanted := asked.get("size")) and wanted != size else None,
        "draining": is_alive and draining,
        "asked": _asked(asked, draining) if is_alive else None,
        "queues": said.get("queues", []),
        "busy": None if active is None else len(active),
        "active": None if active is None else sorted(set(active) & set(visible)),
        "prefetched": None if held is None or active is None else len(set(held) - set(active)),
        "had": [] if is_alive else sorted(set(said.get("active") or ()) & set(visible)),
        "memory": said.get("memory") if is_alive else None,
        "pool_memory": said.get("pool_memory") if is_alive else None,
        "load": said.get("load") if is_alive else None,
    }


def _state(said: Mapping[str, Any], is_alive: bool, age: float, is_busy: bool) -> str:
    if not is_alive:
        return "gone"
    if age > situations.SILENT:
        return "silent"
    return "draining" if said.get("draining") else "working" if is_busy else "idle"


def _asked(asked: Mapping[str, Any], is_draining: bool) -> str | None:
    """What the worker was asked to do and has not done yet."""
    if "drain" not in asked or asked["drain"] == is_draining:
        return None
    return "drain" if asked["drain"] else "take"


def _queues(workers: list[dict[str, Any]], may_pause: bool) -> list[dict[str, Any]]:
    taking = [name for one in workers if one["alive"] and not one["draining"] for name in one["queues"]]
    draining = [name for one in workers if one["draining"] for name in one["queues"]]
    waiting = Job.objects.filter(state__in=("queued", "retrying")).exclude(queue="").order_by()
    named = waiting.values_list("queue", flat=True).distinct()[:_MOST_QUEUES]
    paused = {one.name: one for one in PausedQueue.objects.all()}
    lengths = broker.lengths({*current_app.amqp.queues, *taking, *draining, *named, *paused})
    rates = queue_figures.rates()
    return [
        {
            "name": name,
            "length": length,
            "oldest": (since := queue_figures.oldest(name)) and iso(since),
            "rate": rates.get(name, 0.0),
            "workers": taking.count(name),
            "draining": draining.count(name),
            "paused": name in paused,
            "paused_at": iso(paused[name].at) if name in paused else None,
            "paused_by": paused[name].by if name in paused and may_pause else None,
        }
        for name, length in sorted(lengths.items())
    ]
