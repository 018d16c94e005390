"""Loops that are counted by nobody, by us, by tqdm and by rich; they run in a worker, one after the other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from rich.console import Console
from rich.progress import Progress
from tqdm import tqdm

from bench.measuring import interleaved
from tasks import progress, track

# rich takes 2 µs for a call.
_OF_RICH = 20


def measure(kind: str, count: int, rounds: int) -> dict[str, list[float]]:
    """Nanoseconds for each item, by contestant, of `rounds` loops of `count` items.

    `kind` is "range" or "generator" (of `track` and tqdm), or "advance" (of a step and of rich).
    """
    with open(os.devnull, "w") as nowhere:
        return interleaved(rounds, _contestants(kind, count, nowhere))


def _contestants(kind: str, count: int, nowhere: Any) -> dict[str, Callable[[], float]]:
    if kind == "advance":
        return {
            "floor": lambda: _timed(lambda: _bare_calls(count), count),
            "ours": lambda: _timed(lambda: _advance(count), count),
            "peer": lambda: _timed(lambda: _advance_rich(count // _OF_RICH, nowhere), count // _OF_RICH),
        }
    items: Callable[[], Iterable[int]] = (
        (lambda: range(count)) if kind == "range" else lambda: (number for number in range(count))
    )
    return {
        "floor": lambda: _timed(lambda: _body(items()), count),
        "ours": lambda: _timed(lambda: _body(track(items(), total=count)), count),
        "peer": lambda: _timed(lambda: _body(tqdm(items(), total=count, file=nowhere)), count),
    }


def _timed(action: Callable[[], None], count: int) -> float:
    started = time.perf_counter_ns()
    action()
    return (time.perf_counter_ns() - started) / count


def _body(items: Iterable[int]) -> None:
    """A loop with a body of some 50 ns."""
    total = 0
    for item in items:
        total += (item * 3 ^ total) & 1023


def _bare_calls(count: int) -> None:
    for _ in range(count):
        pass


def _advance(count: int) -> None:
    with progress(total=count) as step:
        for _ in range(count):
            step.advance()


def _advance_rich(count: int, nowhere: Any) -> None:
    with Progress(console=Console(file=nowhere, force_terminal=True)) as bar:
        task = bar.add_task("", total=count)
        for _ in range(count):
            bar.advance(task)
