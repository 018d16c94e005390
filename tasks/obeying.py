"""A worker's side of orders (tasks/orders.py): each is done once, in the worker's main loop."""

import json
import logging
from collections.abc import Mapping
from typing import Any

logger = logging.getLogger(__name__)


class Obeying:
    """What this worker was told, and what has become of it."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker
        self._done: dict[str, str] = {}
        self._wanted: int | None = None
        self.draining = False

    def heed(self, orders: Mapping[str, str | None]) -> None:
        """Do what is new among the orders, texts as orders.py leaves them by their kinds."""
        for kind, text in orders.items():
            order = json.loads(text) if text else None
            if order is None or self._done.get(kind) == order["id"]:
                continue
            self._done[kind] = order["id"]
            if kind == "drain":
                self.draining = bool(order["wanted"])
                logger.info("this worker takes %s", "nothing more: it drains" if self.draining else "jobs again")
            else:
                self._wanted = int(order["wanted"])
        self._resize()

    @property
    def size(self) -> int:
        """How many processes the pool has."""
        return int(self._worker.pool.num_processes) if self.is_resizable else int(self._worker.concurrency)

    @property
    def is_resizable(self) -> bool:
        """Whether the pool can be made larger and smaller: one of processes, which nobody else sizes."""
        is_prefork = self._worker.pool_cls.__module__.endswith(".prefork")
        is_running = getattr(getattr(self._worker, "pool", None), "_pool", None) is not None
        return is_prefork and is_running and getattr(self._worker, "autoscaler", None) is None

    def _resize(self) -> None:
        consumer = getattr(self._worker, "consumer", None)
        if self._wanted is None or not self.is_resizable or consumer is None:
            return
        missing = self._wanted - self.size
        try:
            if missing > 0:
                self._worker.pool.grow(missing)
                consumer._update_prefetch_count(missing)
            for _ in range(-missing):
                self._worker.pool.shrink(1)
                consumer._update_prefetch_count(-1)
        except ValueError:
            return  # all its processes work: once more with the next beat
        logger.info("the pool has %d processes", self.size)
        self._wanted = None
