"""A database that is away, for tests: nothing is faked, the connection is really refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def database_away() -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Gives `ask(question)`, which answers from a thread whose connections go nowhere.

    The test's own connection, and with it the transaction that the test runs in, is left alone.
    """
    name = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = "/nowhere/at/all.sqlite3"
    try:
        with ThreadPoolExecutor(1) as pool:
            yield lambda question: pool.submit(question).result(30)
            pool.submit(lambda: connection.close()).result(30)  # the thread's own
    finally:
        connection.settings_dict["NAME"] = name
