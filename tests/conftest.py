"""Every test run has a Redis and a TASKCAST_HOME of its own; nothing of the developer's is touched."""

from __future__ import annotations

import os

import pytest
from django.conf import settings

# The rule for tests: the environment is set before the settings are read, in one place.
for name in [name for name in os.environ if name.startswith("TASKCAST_")]:
    del os.environ[name]
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"

_server = None


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the session's Redis and load the settings on it."""
    global _server
    from tests.support.redis import RedisServer

    _server = RedisServer()
    os.environ["TASKCAST_HOME"] = str(_server.home)
    os.environ["REDIS_URL"] = _server.address.broker_url
    _server.start()
    settings.DATABASES  # noqa: B018  (loads the settings now; pytest-django then calls django.setup())


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the session's Redis."""
    if _server:
        _server.stop()


@pytest.fixture
def redis_server():
    """The session's Redis, emptied before and after the test."""
    assert _server is not None
    client = _server.client()
    client.flushall()
    yield _server
    client.flushall()
    client.close()
