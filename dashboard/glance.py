"""Workers and queues in a few numbers, for pages that show more than those."""

from collections.abc import Iterable
from dataclasses import dataclass

from celery import current_app

from tasks import broker, leases, queues


@dataclass(frozen=True)
class Glance:
    """Workers and queues in a few numbers: `busy` of `size` processes; for `free` queues there is an idle one."""

    alive: int
    gone: int
    busy: int
    size: int
    listening: frozenset[str]
    free: frozenset[str]
    lengths: dict[str, int]
    paused: frozenset[str]


def glance(named: Iterable[str] = ()) -> Glance:
    """What workers do now, and how long queues are: those that are set up or listened to, and `named` ones.

    Raises LogUnavailable.
    """
    said = leases.workers()
    alive = list(leases.alive(said).values())
    taking = [about for about in alive if not about.get("draining")]
    listening = frozenset(name for about in taking for name in about.get("queues", ()))
    # Of a worker that does not say what it does, nobody knows that it is busy.
    idle = [about for about in taking if len(about.get("active") or ()) < (about.get("size") or 1)]
    paused = frozenset(queues.paused())
    return Glance(
        alive=len(alive),
        gone=len(said) - len(alive),
        busy=sum(len(about.get("active") or ()) for about in alive),
        size=sum(about.get("size") or 0 for about in alive),
        listening=listening,
        free=frozenset(name for about in idle for name in about.get("queues", ())) - paused,
        lengths=broker.lengths({*current_app.amqp.queues, *listening, *named, *paused}),
        paused=paused,
    )
