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
        early, early_recorder = _after(stack, before)
        late, late_recorder = _after(stack, jobs)
    note = f"after {before:,} jobs"
    yield Result(
        f"growth of a worker's main process and pool over {jobs:,} jobs",
        "MiB",
        [late - early],
        targets=[Target("ours", 0.5, 0.1)],
        note=note,
    )
    yield Result("growth of its recorder meanwhile", "MiB", [late_recorder - early_recorder], note=note)


def _after(stack: Stack, jobs: int) -> tuple[float, float]:
    """MiB that the worker's processes hold when they have run so many more jobs: main and pool; the recorder."""
    stack.run(_RUN, count=jobs)
    main = psutil.Process(stack.pid("worker"))
    held = {True: 0.0, False: 0.0}
    for each in (main, *main.children(recursive=True)):
        held["--lease" in each.cmdline()] += each.memory_info().rss / 2**20
    return held[False], held[True]
