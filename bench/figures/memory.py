"""Whether a worker grows with the jobs that it has run."""

from __future__ import annotations

from collections.abc import Iterator

import psutil

from bench.measuring import Effort, Result, Target
from bench.stage import instance
from tests.support.stack import Stack

_RUN = """
from bench.tasks import nothing
for _ in range(count - 1):
    nothing.delay()
nothing.delay().get(timeout=900)
"""


def measure(effort: Effort) -> Iterator[Result]:
    # What is bought once: modules, caches, connections, the allocator's arenas.
    before, jobs = effort.of(20_000, 100), effort.of(100_000, 50)
    with instance("worker", WORKERS="1") as stack:
        early = _after(stack, before)
        late = _after(stack, jobs)
    yield Result(
        f"growth of a worker's processes over {jobs:,} jobs",
        "MiB",
        [late - early],
        targets=[Target("ours", 0.5, 0.1)],
        note=f"main, pool and recorder, after {before:,} jobs",
    )


def _after(stack: Stack, jobs: int) -> float:
    """MiB that the worker's processes hold when they have run so many more jobs."""
    stack.run(_RUN, count=jobs)
    main = psutil.Process(stack.pid("worker"))
    return float(sum(each.memory_info().rss for each in (main, *main.children(recursive=True))) / 2**20)
