"""From a launch to its result: by `.delay()`, and by `POST jobs`, in the socket of somebody who follows the job."""

from __future__ import annotations

from collections.abc import Iterator

from bench.measuring import Effort, Result, Target, interleaved
from bench.peers.processes import Peers
from bench.stage import instance, reader

_OURS = "from bench import launches\nanswer = getattr(launches, name)(*args)"
_BARE = """
from bench.measuring import paused_median
from bench.peers.tasks import add
answer = paused_median(count, lambda: add.delay(4, 4).get(timeout=10), 8)
"""


def measure(effort: Effort) -> Iterator[Result]:
    count = effort.of(40, 2)
    with instance(WORKERS="1") as stack, Peers() as peers:
        peers.start_worker(pool=1)
        cookies, token = reader(stack), stack.token("reader")
        found = interleaved(
            effort.rounds,
            {
                "delay": lambda: stack.run(_OURS, name="delays", args=[stack.port, cookies, count]),
                "floor": lambda: peers.run(_BARE, count=count),
                "post": lambda: stack.run(_OURS, name="posts", args=[stack.port, cookies, token, count]),
            },
        )
    for ours, name, target in (
        (found["delay"], "delay to result in the socket, p50", Target("ratio_to_floor", 1.3, 1.1)),
        (found["post"], "POST jobs to result in the socket, p50", Target("ratio_to_floor", 2.5, 2.0)),
    ):
        yield Result(name, "ms", ours, floor=found["floor"], floor_name="bare .delay().get()", targets=[target])
