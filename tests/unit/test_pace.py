"""How often a topic is sent something."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.pace import SECONDS, TIMES, Pace


@given(st.lists(st.floats(0, 0.3), max_size=300))
def test_no_second_has_more_and_none_waits_longer_than_one(pauses: list[float]) -> None:
    pace, now = Pace(), 0.0
    sent: list[float] = []
    for pause in pauses:
        now += pause
        wait = pace.wait(now)
        assert 0 <= wait <= SECONDS
        now += wait
        pace.note(now)
        sent.append(now)
    for n, at in enumerate(sent[TIMES:]):
        assert at - sent[n] >= SECONDS - 1e-9


def test_who_is_sent_little_never_waits() -> None:
    pace = Pace()
    for n in range(1000):
        assert pace.wait(n / TIMES) == 0
        pace.note(n / TIMES)
