"""The same application under uvicorn, in daphne's place: what the socket promises holds there too.

These are the tests of the socket on daphne, with another server behind `web`.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.test_socket_job import (  # noqa: F401
    job,
    test_each_subscribe_is_answered,
    test_events_whose_messages_are_lost_arrive_within_a_sweep,
    test_killed_subscriptions_lose_nothing,
    test_reconnecting_every_fifty_events_loses_and_repeats_nothing,
    test_snapshot_then_live_events,
)
from tests.integration.test_socket_rights import (  # noqa: F401
    somebody,
    test_an_unknown_path_is_refused_without_a_traceback,
    test_foreign_origins_are_refused_before_anything_is_accepted,
    test_logging_out_closes_every_socket_of_that_session_only,
    test_losing_the_right_to_see_a_job_ends_its_subscription,
    test_our_own_origin_and_none_are_fine,
    test_strangers_are_let_in_to_be_told_the_reason,
)
from tests.support.live import Reader
from tests.support.stack import Stack
from tests.support.uvicorn import serving


@pytest.fixture(scope="module")
def web() -> Iterator[Stack]:
    with serving() as running:
        yield running


def test_pages_and_api(web: Stack) -> None:
    with httpx.Client(base_url=web.url, cookies=web.cookies("alice")) as browser:
        page = browser.get("/jobs/")
        assert (page.status_code, "Content-Security-Policy" in page.headers) == (200, True)
        assert "server" not in page.headers
        assert browser.get("/static/embed.js").status_code == 200
        assert browser.get("/api/v1/jobs").json()["jobs"] is not None


def test_it_ends_when_it_is_told_to_with_sockets_open() -> None:
    with serving() as running, Reader(running, "alice") as reader:
        reader.subscribe("jobs")
        reader.next()
        process = Path(f"/proc/{running.pid('daphne')}")
        running.kill("daphne", signal.SIGTERM)
        assert not process.exists()
        assert reader.close_code() in (1001, 1005, 1006, 1012)
