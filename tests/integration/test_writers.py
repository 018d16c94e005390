"""Six processes that read, then write, at once: none is told that the database is locked, and no write is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.support.interpreter import Interpreter
from tests.support.laid_out import lay_out
from tests.support.postgres import cluster
from tests.support.stack import ROOT, Stack

PROCESSES, TIMES = 6, 150
_WRITE = """
from django.db import transaction
from django.utils import timezone
from tasks import counters
from tasks.models import Job
mine = Job.objects.create(task="t", created_at=timezone.now())
for _ in range(times):
    with transaction.atomic():
        # A transaction that begins by reading: SQLite's own deferred ones cannot be made to write any more then.
        before = Job.objects.get(pk=mine.pk).seq
        Job.objects.filter(pk=mine.pk).update(seq=before + 1, change=counters.add("change", 1))
answer = Job.objects.get(pk=mine.pk).seq
"""


@contextmanager
def database(kind: str) -> Iterator[dict[str, str]]:
    if kind == "SQLite":
        yield {}
        return
    with cluster() as url:
        yield {"DATABASE_URL": url}


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_many_who_read_then_write(kind: str) -> None:
    with database(kind) as variables:
        instance = Stack(**variables)
        try:
            lay_out(instance.home, instance.env)
            writers = [Interpreter(ROOT, instance.env) for _ in range(PROCESSES)]
            with ThreadPoolExecutor(PROCESSES) as pool:
                done = list(pool.map(lambda writer: writer.run(_WRITE, {"times": TIMES}), writers))
            for writer in writers:
                writer.close()
            total = instance.run("from tasks import counters\nanswer = counters.get('change')")
        finally:
            instance.down()
    assert done == [TIMES] * PROCESSES
    assert total == PROCESSES * TIMES
