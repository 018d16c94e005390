"""How much of a job's log is read at once."""

import pytest

from dashboard.live.credit import UNACKNOWLEDGED
from dashboard.live.reading import PAGE, next_page
from tasks.eventlog import Page


def page(events, size):
    return Page(1, events, [(n, "x" * size) for n in range(1, events + 1)], True, "")


@pytest.mark.parametrize("size", [300, 3_000, 30_000])
def test_the_next_page_is_about_what_a_socket_may_be_sent(size):
    read = next_page(page(PAGE, size)) * size
    assert UNACKNOWLEDGED - size < read <= UNACKNOWLEDGED + size


def test_a_page_of_tiny_events_or_of_none_has_a_bound():
    assert next_page(page(PAGE, 1)) == 2000
    assert next_page(page(0, 1)) == PAGE
    assert next_page(page(1, 10 * UNACKNOWLEDGED)) == 1
