"""What one report of progress costs the task that makes it."""

from __future__ import annotations

from collections.abc import Iterator

from bench.measuring import Effort, Result, Target
from bench.peers.processes import Peers
from bench.stage import call, instance

_PEER = "from bench.peers.tasks import report_by\nanswer = report_by.delay('socket', count).get(timeout=300) * 1000"


def measure(effort: Effort) -> Iterator[Result]:
    count, theirs = effort.of(400_000, 1_000), effort.of(300, 5)
    ours, peer = [], []
    with instance("worker", WORKERS="1") as stack, Peers() as peers:
        peers.start_worker(pool=1)
        for _ in range(effort.rounds):
            loops = call(stack, "measure_loops", "advance", count, 1)
            ours.append(max(loops["ours"][0] - loops["floor"][0], 0.01))
            peer.append(peers.run(_PEER, count=theirs))
    yield Result(
        "added by a report of progress",
        "ns",
        ours,
        peer=peer,
        peer_name="celery-progress by socket",
        targets=[Target("ratio_to_peer", 1 / 10_000, 1 / 50_000)],
    )
