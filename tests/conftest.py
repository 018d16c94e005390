"""Every test run has a Redis and a TASKCAST_HOME of its own; nothing of the developer's is touched."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.utils import translation

if TYPE_CHECKING:
    from tests.support.stack import Stack

# The rule for tests: the environment is set before the settings are read, in one place.
for name in [name for name in os.environ if name.startswith("TASKCAST_")]:
    del os.environ[name]
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"

_server = None


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the session's Redis and load the settings on it."""
    global _server
    # A background job of a shell starts with SIGINT ignored, and what it starts inherits that: tests send it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if settings.configured:
        pytest.exit("The settings are loaded already: unset DJANGO_SETTINGS_MODULE.", returncode=2)
    from tests.support.redis import RedisServer

    _server = RedisServer()
    os.environ["TASKCAST_HOME"] = str(_server.home)
    os.environ["REDIS_URL"] = _server.address.broker_url
    _server.start()
    # Loads the settings now; pytest-django then calls django.setup(). SQLite's default for tests is one in memory
    # that locks whole tables between threads: a file behaves as it does outside of tests.
    settings.DATABASES["default"].setdefault("TEST", {}).setdefault("NAME", None)
    if settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
        settings.DATABASES["default"]["TEST"]["NAME"] = str(_server.home / "test.sqlite3")
    settings.TASKCAST_WATCH = False  # no thread of the test process ends the jobs that a test has left


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the session's Redis."""
    if _server:
        _server.stop()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what asks pytest-django for a database: those tests run a second time on PostgreSQL.

    A test `only("sqlite")` or `only("postgresql")` is about that database, and is not collected on the other.
    """
    vendor = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2].removesuffix("3")
    others = [item for item in items for marker in item.iter_markers("only") if marker.args != (vendor,)]
    items[:] = [item for item in items if item not in others]
    config.hook.pytest_deselected(items=others)
    for item in items:
        if item.get_closest_marker("django_db") or {"db", "transactional_db"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")


@pytest.fixture
def redis_server():
    """The session's Redis, emptied before and after the test."""
    assert _server is not None
    client = _server.client()
    client.flushall()
    yield _server
    client.flushall()
    client.close()


@pytest.fixture(autouse=True)
def _every_test_begins_in_english() -> Iterator[None]:
    """A page asked in Korean leaves that language to its thread, and so to the next test."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _pages_find_their_static_files(request: pytest.FixtureRequest) -> None:
    """Pages name static files by their hashes, which collecting finds: once a session."""
    if {"client", "async_client", "admin_client", "live_server", "db"} & set(request.fixturenames):
        request.getfixturevalue("static_files")


@pytest.fixture(scope="session")
def static_files() -> None:
    """The static files, collected into the session's home."""
    from django.core.management import call_command

    call_command("collectstatic", "--noinput", verbosity=0)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A running instance with daphne and a worker, shared by all tests of the session: leave its parts alone."""
    from tests.support.stack import Stack

    running = Stack()
    try:
        yield running.up()
    finally:
        running.down()


@pytest.fixture
def stack_factory() -> Iterator[Callable[..., Stack]]:
    """Makes instances for one test that kills parts: ``stack_factory(beat=True, WORKERS="1")`` is up already."""
    from tests.support.stack import Stack

    made: list[Stack] = []

    def make(*, beat: bool = False, **variables: str) -> Stack:
        made.append(Stack(beat=beat, **variables))
        return made[-1].up()

    yield make
    for running in made:
        running.down()
