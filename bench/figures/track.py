"""What `track` and `advance` cost a loop for each item, in a job whose reporter speaks."""

from __future__ import annotations

from collections.abc import Iterator

from bench.measuring import Effort, Result, Target
from bench.stage import call, instance

_LOOPS = "the bare loop"


def measure(effort: Effort) -> Iterator[Result]:
    count, rounds = effort.of(400_000, 1_000), effort.of(21, 1)
    with instance("worker", WORKERS="1") as stack:
        ranges = call(stack, "measure_loops", "range", count, rounds)
        generators = call(stack, "measure_loops", "generator", count, rounds)
        calls = call(stack, "measure_loops", "advance", count, rounds)
    yield Result.of(
        "track over a range, body of 50 ns",
        "ns an item",
        ranges,
        floor_name=_LOOPS,
        peer_name="tqdm",
        targets=[Target("ratio_to_floor", 1.15, 1.05)],
    )
    yield Result(
        "added by track over a range",
        "ns an item",
        ours=_added(ranges["ours"], ranges["floor"]),
        peer=_added(ranges["peer"], ranges["floor"]),
        peer_name="tqdm",
        targets=[Target("ratio_to_peer", 0.33, 0.05)],
    )
    yield Result.of(
        "track over a generator, body of 50 ns",
        "ns an item",
        generators,
        floor_name=_LOOPS,
        peer_name="tqdm",
        targets=[Target("ratio_to_floor", 1.6, 1.4)],
    )
    yield Result(
        "added by advance",
        "ns a call",
        ours=_added(calls["ours"], calls["floor"]),
        peer=_added(calls["peer"], calls["floor"]),
        peer_name="rich",
        targets=[Target("ours", 150, 80)],
    )


def _added(values: list[float], floor: list[float]) -> list[float]:
    # Not below a hundredth of a nanosecond: where noise makes ours the faster one, it is not infinitely cheaper.
    return [max(value - least, 0.01) for value, least in zip(values, floor, strict=True)]
