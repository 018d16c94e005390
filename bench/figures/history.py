"""The list of jobs and one job, over a history of 1,000 jobs and of 1,000,000."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle, islice

from bench.measuring import Effort, Result, Target, interleaved, percentile
from bench.requests import Client
from bench.stage import instance
from tests.support.stack import Stack

_FILL = "from bench import history\nanswer = history.fill(count, owner)"
_QUESTIONS = {
    "list of jobs": "jobs",
    "list of the succeeded jobs of a task": "jobs?state=succeeded&task=tasks.samples.arithmetic.add",
    "list of jobs by a word": "jobs?q=arithmetic",
    "list of jobs by the start of an id": "jobs?q={start}",
    "one job": "jobs/{id}",
}


def measure(effort: Effort) -> Iterator[Result]:
    few, many, count = effort.of(1000, 100), effort.of(1_000_000, 2000), effort.of(50, 3)
    with ExitStack() as running:
        short, long = (_History(running.enter_context(instance("daphne")), jobs) for jobs in (few, many))
        for name, path in _QUESTIONS.items():
            found = interleaved(
                effort.rounds,
                {"ours": lambda path=path: long.p95(path, count), "floor": lambda path=path: short.p95(path, count)},  # type: ignore[misc]
            )
            yield Result.of(
                f"{name}, {many:,} in history, p95",
                "ms",
                found,
                floor_name=f"with {few:,}",
                targets=[Target("ratio_to_floor", 1.5, 1.1)],
            )


class _History:
    """An instance that has so many jobs."""

    def __init__(self, stack: Stack, jobs: int) -> None:
        stack.user("reader", superuser=True)
        self._ids = stack.run(_FILL, count=jobs, owner="reader")
        self._client = Client(stack.port, stack.token("reader"))

    def p95(self, path: str, count: int) -> float:
        """Milliseconds of 95 of 100 requests; jobs of all ages take turns."""
        found: list[float] = []
        for job_id in islice(cycle(self._ids), count):
            found += self._client.milliseconds(f"/api/v1/{path.format(id=job_id, start=job_id[:8])}", 1)
        return percentile(found, 95)
