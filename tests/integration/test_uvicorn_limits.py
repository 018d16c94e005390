"""What a socket may be sent, and may send, is bounded under uvicorn as it is on daphne: the same tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.test_socket_limits import (  # noqa: F401
    job,
    test_a_flood_of_bytes_is_closed_and_costs_no_memory,
    test_a_flood_of_frames_is_closed,
    test_a_reader_without_credit_is_let_be_while_it_acknowledges_now_and_then,
    test_credit_that_returns_lets_the_rest_follow,
    test_who_acknowledges_nothing_gets_256_kib_and_is_closed,
)
from tests.support.stack import Stack
from tests.support.uvicorn import serving


@pytest.fixture(scope="module")
def web() -> Iterator[Stack]:
    with serving() as running:
        yield running
