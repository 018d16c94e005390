"""Credit out and bounds in: a slow reader hurts only itself, a loud one is noticed, a fast one is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live.credit import PATIENCE, UNACKNOWLEDGED, BadAck, Credit
from dashboard.live.flood import BYTES_PER_SECOND, Bucket

KB = 1024


@given(st.lists(st.tuples(st.integers(1, 64 * KB), st.integers(0, 5)), max_size=200))
def test_never_more_than_the_credit_is_unacknowledged(steps):
    credit, sizes, read = Credit(), [], 0
    for size, acks in steps:
        if credit.take(size, 0):
            sizes.append(size)
        read = min(len(sizes), read + acks)
        credit.acknowledge(read)
        assert credit.unacknowledged == sum(sizes[read:]) <= UNACKNOWLEDGED


def test_out_of_credit_nothing_fits_until_the_reader_acknowledges():
    credit = Credit()
    for _ in range(4):
        assert credit.take(60 * KB, 0)
    assert not credit.take(60 * KB, 1)
    assert not credit.take(1, 2), "small frames must not overtake"
    assert credit.acknowledge(1) == 1
    assert credit.take(60 * KB, 3)


def test_patience_is_counted_from_the_first_refusal_and_renewed_by_acks():
    credit = Credit()
    while credit.take(64 * KB, 0):
        pass
    assert not credit.is_overdue(PATIENCE - 0.1)
    assert credit.is_overdue(PATIENCE)
    credit.acknowledge(0)
    assert credit.is_overdue(PATIENCE), "an ack of nothing is none"
    credit.acknowledge(1)
    assert not credit.is_overdue(PATIENCE)
    assert credit.take(64 * KB, PATIENCE)
    assert not credit.take(1, PATIENCE)
    assert not credit.is_overdue(2 * PATIENCE - 0.1)


def test_acknowledging_what_was_not_sent_is_refused_and_repeating_is_nothing():
    credit = Credit()
    credit.take(10, 0)
    with pytest.raises(BadAck):
        credit.acknowledge(2)
    assert credit.acknowledge(1) == 1
    assert credit.acknowledge(1) == credit.acknowledge(0) == 0


def test_a_burst_of_two_hundred_and_fifty_a_second_pass():
    bucket = Bucket(0)
    assert all(bucket.take(100, 0) for _ in range(200))
    assert all(bucket.take(100, 1 + n / 50) for n in range(500))


def test_more_than_that_does_not():
    bucket = Bucket(0)
    assert not all(bucket.take(100, 0) for _ in range(300))
    bucket = Bucket(0)
    assert not all(bucket.take(100, n / 100) for n in range(600))
    bucket = Bucket(0)
    assert bucket.take(BYTES_PER_SECOND, 0)
    assert not bucket.take(1000, 0)


def test_frames_given_back_do_not_count():
    bucket = Bucket(0)
    for _ in range(10_000):
        assert bucket.take(30, 0)
        bucket.refund()
