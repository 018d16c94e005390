"""What tests of the sockets share: a web process without a worker, so that nobody else writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.laid_out import lay_out
from tests.support.stack import Stack


@pytest.fixture(scope="session")
def web() -> Iterator[Stack]:
    """Redis and daphne, and the cast: alice and bob may launch, charlie may nothing, dora is staff."""
    running = Stack()
    try:
        start_web(running)
        yield running
        said = running.log("daphne")
        for complaint in ("Exception inside application", "took too long", "never retrieved", "was destroyed"):
            at = said.find(complaint)
            assert at < 0, said[max(0, at - 300) : at + 3000]
    finally:
        running.down()


@contextmanager
def serving(running: Stack, *more: str) -> Iterator[Stack]:
    """`running` with what `start_web` starts, until the end."""
    try:
        start_web(running, *more)
        yield running
    finally:
        running.down()


def start_web(running: Stack, *more: str) -> None:
    """Start Redis, daphne and `more` parts, with the cast."""
    running.start("redis")
    lay_out(running.home, running.env)
    for part in ("daphne", *more):
        running.start(part)
    cast(running)


def cast(running: Stack) -> None:
    """Make the cast's accounts."""
    running.user("alice", launch=True)
    running.user("bob", launch=True)
    running.user("charlie")
    running.user("dora", staff=True)
    running.run("from tests.support import writing; writing.open_log()")
