"""What Taskcast adds to Celery's processes: a worker's lease and recorder, and the watch in beat."""

import logging
import os
from collections import defaultdict
from typing import Any

from celery import bootsteps, signals
from celery.utils.nodenames import node_format
from celery.worker import state
from redis.exceptions import RedisError

from tasks import events, handing_back, leases, listening, obeying, worker_facts
from tasks.complaints import Complaints
from tasks.recorder_process import RecorderProcess

complaints = Complaints(logging.getLogger(__name__))

# More ids than this are not written into the lease.
_MOST_IDS = 1000


def install(app: Any) -> None:
    """Add the worker's step to the Celery app, and the watch to beat. May be called again."""
    app.steps["worker"].add(Companion)
    signals.beat_init.connect(_watch_in_beat, weak=False, dispatch_uid="taskcast-watch-in-beat")


class Companion(bootsteps.StartStopStep):
    """Holds the worker's lease and keeps its recorder running, from the worker's own timer, without a thread.

    A step of the worker, not of its consumer: those are stopped and started whenever the broker's connection
    is lost.
    """

    label = "Taskcast"

    def include(self, w: Any) -> bool:
        # First to start: the pool forks processes that know the lease. Last to stop: after the last job has
        # ended.
        w.steps.insert(0, self)
        return True

    def start(self, w: Any) -> None:
        leases.begin(w.hostname)
        self._about = {
            "pid": os.getpid(),
            "pool": w.pool_cls.__module__.rpartition(".")[2],
            "queues": sorted(w.app.amqp.queues.consume_from),
            "started": events.now(),
            **worker_facts.lasting(),
        }
        self._worker = w
        self._obeying = obeying.Obeying(w)
        logfile = w.options.get("logfile")
        self._listening = listening.Listening(w)
        self._recorder = RecorderProcess(
            w.app, leases.lease_key(), node_format(logfile, w.hostname) if isinstance(logfile, str) else None
        )
        self._beat()
        self._recorder.look()
        w.timer.call_repeatedly(leases.BEAT, self._beat)
        w.timer.call_repeatedly(0.5, self._recorder.look)
        patience = w.app.conf.worker_soft_shutdown_timeout
        if patience and self._about["pool"] == "prefork":

            def begin_to_end(how: str = "", **_: Any) -> None:
                if how == "Warm":
                    handing_back.after(patience, w, lambda: self.stop(w))

            signals.worker_shutting_down.connect(begin_to_end, weak=False, dispatch_uid="taskcast-handing-back")

    def _beat(self) -> None:
        try:
            paused, orders = leases.asked(listening.PAUSED)
            self._obeying.heed(orders)
            self._listening.heed(paused, self._obeying.draining)
            now = {
                "size": self._obeying.size,
                "resizable": self._obeying.is_resizable,
                "draining": self._obeying.draining,
                "paused": self._listening.paused,
                **worker_facts.passing(getattr(self._worker, "pool", None)),
            }
            leases.renew({**self._about, **now, "active": _processes(), "reserved": _held()})
        except RedisError as error:
            complaints.fails("this worker's lease", error)
        else:
            complaints.works("this worker's lease")

    def stop(self, w: Any) -> None:
        self._recorder.stop()
        try:
            leases.end()
        except RedisError as error:
            complaints.fails("giving this worker's lease back", error)

    def terminate(self, w: Any) -> None:
        # A cold shutdown has ended the pool's processes: nobody will finish their jobs, and a lease would only
        # hide it.
        self.stop(w)


def _processes() -> dict[str, list[int]] | None:
    found = defaultdict(list)  # of one job there may be several copies, of which the gate lets one run
    for request in tuple(state.active_requests):
        found[request.id].append(request.worker_pid)
    return dict(found) if len(found) <= _MOST_IDS else None


def _held() -> list[str] | None:
    # Taken from the broker: running, waiting for a process, waiting for their time.
    later: Any = vars(state)["scheduled_requests"]  # since Celery 5.7
    ids = sorted({request.id for request in (*state.reserved_requests, *later)})
    return ids if len(ids) <= _MOST_IDS else None


def _watch_in_beat(**_: Any) -> None:
    from tasks import watch  # imports models, which need Django's apps

    watch.run_in_thread()
