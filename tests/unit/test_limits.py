"""How often one may: the limit itself, and by what address a caller is known."""

import pytest
from django.test import RequestFactory

from dashboard import limits
from dashboard.limits import Limit, TooMany, address_of


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def allowed(limit: Limit, caller: str, times: int) -> int:
    """How many of so many are let through."""
    count = 0
    for _ in range(times):
        try:
            limit.spend(caller)
        except TooMany:
            continue
        count += 1
    return count


def test_so_many_at_once_then_so_many_a_second(clock):
    limit = Limit(10, 3, clock)
    assert allowed(limit, "a", 15) == 10
    clock.now += 1
    assert allowed(limit, "a", 15) == 3
    clock.now += 1000
    assert allowed(limit, "a", 15) == 10


def test_what_is_refused_costs_nothing_and_says_when_to_go_on(clock):
    limit = Limit(2, 0.1, clock)
    assert allowed(limit, "a", 100) == 2
    with pytest.raises(TooMany) as refused:
        limit.spend("a")
    assert refused.value.seconds == pytest.approx(10)
    clock.now += refused.value.seconds
    limit.spend("a")


def test_callers_do_not_count_for_each_other(clock):
    limit = Limit(2, 1, clock)
    assert (allowed(limit, "a", 5), allowed(limit, "b", 5)) == (2, 2)


def test_what_is_given_back_or_forgotten_may_be_had_again(clock):
    limit = Limit(2, 1, clock)
    allowed(limit, "a", 2)
    limit.give_back("a")
    assert allowed(limit, "a", 5) == 1
    limit.forget("a")
    assert allowed(limit, "a", 5) == 2


def test_many_addresses_do_not_fill_the_memory_and_the_latest_are_known(clock):
    limit = Limit(2, 1, clock)
    for number in range(3 * limits._MOST):
        limit.spend(f"address {number}")
        if number % 1000 == 0:
            clock.now += 0.001
    assert len(limit._until) <= limits._MOST
    assert allowed(limit, f"address {3 * limits._MOST - 1}", 5) == 1


@pytest.mark.parametrize("proxy", [None, ("HTTP_X_FORWARDED_PROTO", "https")])
def test_a_callers_own_word_is_not_its_address(settings, proxy):
    settings.SECURE_PROXY_SSL_HEADER = proxy
    ask = RequestFactory().get
    assert address_of(ask("/", REMOTE_ADDR="192.0.2.1")) == "192.0.2.1"
    said = ask("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": "1.1.1.1, 198.51.100.7"})
    assert address_of(said) == ("198.51.100.7" if proxy else "192.0.2.1")


def test_addresses_of_one_network_are_one_caller(settings):
    settings.SECURE_PROXY_SSL_HEADER = None
    ask = RequestFactory().get
    one, other = (address_of(ask("/", REMOTE_ADDR=f"2001:db8:1:2::{n}")) for n in ("1", "ffff:2"))
    assert one == other == "2001:db8:1:2::/64"
    assert address_of(ask("/", REMOTE_ADDR="::ffff:192.0.2.1")) == "192.0.2.1"
    assert address_of(ask("/", REMOTE_ADDR="")) == ""
