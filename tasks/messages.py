"""What a task's message tells of its job, and the header of ours in it.

The header `taskcast` goes with every message: who owns the job, which job it was sent from. Links and bodies of chains
and chords are sent by the job before them, so what sends the first message writes the header into theirs as well.
"""

from collections.abc import Mapping
from typing import Any

from tasks import catalog, events

HEADER = "taskcast"
# Celery beat's own header, with django-celery-beat's scheduler: the name of the schedule that sent the message.
_SCHEDULE = "periodic_task_name"
# Celery's own tasks whose jobs are worth a row.
_RECORDED = frozenset({"celery.map", "celery.starmap"})


#: Celery's own task at the end of a group that took the place of a job.
COLLECTOR = "celery.accumulate"
# Retries of one task are fewer.
_NESTING = 100_000


def order_of(request: Any) -> int:
    """Which of a job's messages this is: higher for a retry, and for that of a task that took the place of another."""
    nesting = request.replaced_task_nesting or 0
    return int(request.retries + _NESTING * nesting)


def is_recorded(task_name: str) -> bool:
    """Whether jobs of this task are recorded: all but Celery's own housekeeping."""
    return not task_name.startswith("celery.") or task_name in _RECORDED


def context(request: Any) -> dict[str, Any]:
    """The header for what the job of `request` sends: its children bear its owner. Without a request: nobody's."""
    if request is None or not request.id or request.is_eager or request.called_directly:
        return {"parent": None, "root": None, "owner": None}
    own = header_of(request.headers)
    return {"parent": request.id, "root": own.get("root") or request.id, "owner": own.get("owner")}


def header_of(headers: Mapping[str, Any] | None) -> dict[str, Any]:
    """Our header among a message's, or an empty one."""
    header = (headers or {}).get(HEADER)
    return header if isinstance(header, dict) else {}


def stamp(headers: dict[str, Any], embed: Mapping[str, Any], header: Mapping[str, Any]) -> dict[str, Any]:
    """Write our header into a message about to be sent, and into the links and bodies that it bears."""
    own = {"created_at": events.now(), **header, **header_of(headers)}
    headers[HEADER] = own
    inherited = {name: own.get(name) for name in ("parent", "root", "owner")}
    for part in ("callbacks", "errbacks", "chain", "chord"):
        _stamp_signatures(embed.get(part), inherited)
    return own


def _stamp_signatures(part: Any, header: Mapping[str, Any]) -> None:
    if isinstance(part, list | tuple):
        for signature in part:
            _stamp_signatures(signature, header)
    elif isinstance(part, dict):
        options = part.setdefault("options", {})
        options["headers"] = {HEADER: dict(header), **(options.get("headers") or {})}
        # Chains, groups and chords hold signatures of their own.
        kwargs = part.get("kwargs")
        for name in ("tasks", "header", "body"):
            if isinstance(kwargs, dict) and part.get("subtask_type"):
                _stamp_signatures(kwargs.get(name), header)


def queue_of(delivery_info: Mapping[str, Any] | None) -> str:
    """The queue that a message went to, by its exchange and routing key; empty where that cannot be told.

    Celery sends to a queue by its name, without an exchange; what goes by an exchange may be in any queue.
    """
    info = delivery_info or {}
    return "" if info.get("exchange") else str(info.get("routing_key") or "")


def schedule_of(headers: Mapping[str, Any] | None) -> str:
    """The name of the schedule that sent a message, "" for one that somebody sent."""
    name = (headers or {}).get(_SCHEDULE)
    # PostgreSQL takes no NUL, and a header may come from anybody.
    return name.replace("\0", "") if isinstance(name, str) else ""


def job_of(headers: Mapping[str, Any], args: Any, kwargs: Any) -> tuple[events.JobDict, int | None]:
    """The job that a message tells of, and its owner's key."""
    own = header_of(headers)
    owner = own.get("owner") or [None, None]
    job = events.blank_job(
        headers["id"],
        task=headers["task"],
        args=catalog.shown(headers["task"], args, kwargs),
        state="scheduled" if headers.get("eta") else "queued",
        owner=owner[1],
        created_at=own.get("created_at") or events.now(),
        parent=own.get("parent"),
        root=own.get("root"),
        group=headers.get("group"),
    )
    return job, owner[0]
