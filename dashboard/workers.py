"""The read side of workers and queues. Asks their leases, never the workers: `inspect` takes its whole timeout."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from celery import current_app
from django.utils import timezone

from dashboard import access
from tasks import broker, eventlog, leases, queues
from tasks.models import Job

# Queues of waiting jobs, beside those that are set up or that some worker listens to.
_MOST_QUEUES = 200


def overview(user: Any) -> dict[str, list[dict[str, Any]]]:
    """Workers and queues as `user` may see them: {"workers", "queues"}, see dashboard/api/schemas.py.

    Raises LogUnavailable.
    """
    said = leases.workers()
    alive = leases.alive(said)
    running = {job_id for about in said.values() for job_id in about.get("active") or ()}
    visible = _visible(user, running)
    workers = [_worker({**about, **alive.get(key, {})}, key in alive, visible) for key, about in said.items()]
    return {"workers": sorted(workers, key=lambda one: (one["name"], not one["alive"])), "queues": _queues(workers)}


def _visible(user: Any, job_ids: Collection[str]) -> set[str]:
    # By the log: the row of a job that somebody sent from a shell may lag behind.
    found = eventlog.snapshots(list(job_ids)) if job_ids else {}
    return {job_id for job_id, snapshot in found.items() if access.may_see(user, snapshot.owner_id)}


def _worker(said: dict[str, Any], is_alive: bool, visible: Collection[str]) -> dict[str, Any]:
    # What a dead worker had is no longer running there.
    active = said.get("active") if is_alive else {}
    age = (timezone.now() - datetime.fromisoformat(said["beat"])).total_seconds()
    return {
        "name": said["name"],
        "alive": is_alive,
        "heartbeat_age": round(max(0.0, age), 1),  # its clock may be ahead of ours
        "started": said.get("started"),
        "pool": said.get("pool"),
        "size": said.get("size"),
        "queues": said.get("queues", []),
        "busy": None if active is None else len(active),
        "active": None if active is None else sorted(set(active) & set(visible)),
    }


def _queues(workers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    listening = [name for worker in workers if worker["alive"] for name in worker["queues"]]
    waiting = Job.objects.filter(state__in=("queued", "retrying")).exclude(queue="").order_by()
    named = waiting.values_list("queue", flat=True).distinct()[:_MOST_QUEUES]
    paused = queues.paused()
    lengths = broker.lengths({*current_app.amqp.queues, *listening, *named, *paused})
    return [
        {"name": name, "length": length, "workers": listening.count(name), "paused": name in paused}
        for name, length in sorted(lengths.items())
    ]
