"""A page of a list of 10,000 jobs, against Flower's table of 10,000 tasks."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from urllib.parse import urlencode

from bench.measuring import Effort, Result, Target, interleaved
from bench.peers.processes import Peers
from bench.requests import Client
from bench.stage import instance
from tests.support.stack import wait_for

_FILL = "from bench import history\nanswer = history.fill(count, owner)"
_RUN = """
from bench.peers.tasks import nothing
for _ in range(count - 1):
    nothing.delay()
nothing.delay().get(timeout=120)
"""
# As Flower's page asks for it, which shows 15 tasks, the latest first.
_ROWS = 15
_COLUMNS = ("name", "uuid", "state", "received", "runtime", "worker")


def measure(effort: Effort) -> Iterator[Result]:
    jobs, count = effort.of(10_000, 50), effort.of(40, 3)
    with instance("daphne") as stack, Peers() as peers:
        stack.user("reader", superuser=True)
        stack.run(_FILL, count=jobs, owner="reader")
        ours = Client(stack.port, stack.token("reader"))
        peers.start_flower()
        peers.start_worker("-E")
        peers.run(_RUN, count=jobs)
        flower = Client(peers.port("flower"))
        wait_for(lambda: json.loads(flower.get(_datatable()))["recordsTotal"] == jobs, "Flower has all tasks", 60)
        found = interleaved(
            effort.rounds,
            {
                "ours": lambda: statistics.median(ours.milliseconds(f"/api/v1/jobs?limit={_ROWS}", count)),
                "peer": lambda: statistics.median(flower.milliseconds(_datatable(), count)),
            },
        )
    yield Result.of(
        f"{_ROWS} rows of a list of {jobs:,} jobs, p50",
        "ms",
        found,
        peer_name="Flower",
        targets=[Target("ratio_to_peer", 1.0, 0.5)],
    )


def _datatable() -> str:
    columns = {f"columns[{number}][data]": name for number, name in enumerate(_COLUMNS)}
    order = {"order[0][column]": _COLUMNS.index("received"), "order[0][dir]": "desc"}
    asked = {"draw": 1, "start": 0, "length": _ROWS, "search[value]": "", **order, **columns}
    return f"/tasks/datatable?{urlencode(asked)}"
