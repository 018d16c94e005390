"""Numbers for Prometheus, asked of the database and Redis at most every 5 s, whoever scrapes how often."""

import threading
import time
from collections.abc import Iterator

from celery import current_app
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from tasks import broker, eventlog
from tasks.eventlog import LogUnavailable
from tasks.events import STATES
from tasks.models import Job

_FRESH = 5.0  # seconds
# Counting all of a long history would cost more than the number is worth.
_MOST = 10_000


class _Jobs(Collector):
    """Gauges of what stands in the database and in Redis."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What Prometheus is told."""
        jobs = GaugeMetricFamily("taskcast_jobs", f"Jobs by state, at most {_MOST} counted of each", labels=["state"])
        for state in STATES:
            jobs.add_metric([state], Job.objects.filter(state=state).order_by()[:_MOST].count())
        yield jobs

        up = GaugeMetricFamily("taskcast_redis_up", "1 while Redis answers")
        try:
            families = list(_of_redis())
        except (RedisError, LogUnavailable):
            families = []
        up.add_metric([], 1 if families else 0)
        yield from [up, *families]


def _of_redis() -> Iterator[GaugeMetricFamily]:
    redis = eventlog.client()
    pipe = redis.pipeline(transaction=False)
    pipe.scard(eventlog.DIRTY)
    pipe.hlen(eventlog.RUNNING)
    dirty, running = pipe.execute()
    queues = GaugeMetricFamily("taskcast_queue_length", "Messages that wait in a queue", labels=["queue"])
    for name, length in sorted(broker.lengths(current_app.amqp.queues).items()):
        queues.add_metric([name], length)
    yield queues
    yield GaugeMetricFamily("taskcast_unrecorded_jobs", "Jobs that the recorder has still to look at", value=dirty)
    yield GaugeMetricFamily("taskcast_running_jobs", "Jobs that workers have", value=running)


_registry = CollectorRegistry()
_registry.register(_Jobs())
_lock = threading.Lock()
_last: tuple[float, bytes] = (float("-inf"), b"")


def exposition() -> tuple[bytes, str]:
    """The numbers in Prometheus' text format, and its media type."""
    global _last
    with _lock:
        if time.monotonic() - _last[0] >= _FRESH:
            _last = (time.monotonic(), generate_latest(_registry))
        return _last[1], CONTENT_TYPE_LATEST
