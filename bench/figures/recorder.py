"""How fast jobs get into history: the recorder against the worker that ended those very jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from bench.measuring import Effort, Result, Target
from bench.stage import instance
from tests.support.postgres import cluster
from tests.support.stack import Stack

_PRODUCE = "from bench import recording\nanswer = recording.produce(count)"
_WORK_OFF = "from bench import recording\nanswer = recording.work_off(count)"


def measure(effort: Effort) -> Iterator[Result]:
    count = effort.of(3000, 10)
    with ExitStack() as running:
        url = running.enter_context(cluster())
        stacks = {
            "SQLite": running.enter_context(_idle_recorder()),
            "PostgreSQL": running.enter_context(_idle_recorder(DATABASE_URL=url)),
        }
        found = {name: _rounds(effort, stack, count) for name, stack in stacks.items()}
    for name, (ours, peer) in found.items():
        yield Result(
            f"jobs into history, {name}",
            "jobs a second",
            ours,
            peer=peer,
            peer_name="a worker with one process",
            targets=[Target("ratio_to_peer", 10, 20, more_is_better=True)],
            note="a backlog of jobs that do nothing, which that worker has just run",
        )


@contextmanager
def _idle_recorder(**variables: Any) -> Iterator[Stack]:
    """An instance whose worker leaves the recording to the process behind `Stack.run`."""
    with instance("redis", WORKERS="1", **variables) as stack:
        stack.run("from bench import recording\nrecording.take_over()")
        stack.start("worker")
        yield stack


def _rounds(effort: Effort, stack: Stack, count: int) -> tuple[list[float], list[float]]:
    """(jobs a second recorded, jobs a second run) of each round but a first one."""
    ask: Callable[[str], float] = lambda code: stack.run(code, count=count)  # noqa: E731
    rounds = [(ask(_PRODUCE), ask(_WORK_OFF)) for _ in range(effort.rounds + 1)][1:]
    return [recorded for _, recorded in rounds], [run for run, _ in rounds]
