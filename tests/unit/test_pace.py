"""How often a topic is sent something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.pace import APART, TIMES, Pace


@given(st.lists(st.floats(0, 0.3), max_size=300), st.integers(1, 5))
def test_twenty_a_second_and_what_was_saved_before(pauses: list[float], ahead: int) -> None:
    pace, now = Pace(ahead), 0.0
    sent: list[float] = []
    for pause in pauses:
        now += pause
        wait = pace.wait(now)
        assert 0 <= wait <= APART + 1e-9
        now += wait
        pace.note(now)
        sent.append(now)
    for first, at in enumerate(sent):
        for more, later in enumerate(sent[first:]):
            assert more <= (later - at) * TIMES + ahead + 1e-6


def test_who_is_sent_little_never_waits() -> None:
    pace = Pace(1)
    for n in range(1000):
        assert pace.wait(n / TIMES + 1e-9) == 0
        pace.note(n / TIMES)


def test_who_was_late_once_is_in_time_again() -> None:
    pace = Pace(1)
    for n in range(100):
        report = n * 0.0501
        told = report + (0.03 if n == 10 else pace.wait(report))
        pace.note(told)
        assert told - report == pytest.approx(0.03 if n == 10 else 0, abs=1e-9)
