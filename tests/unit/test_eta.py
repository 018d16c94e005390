"""What is left of a job, reckoned here as in the browser: both are tested with tests/data/eta.json."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard import eta
from dashboard.templatetags import taskcast_eta

CASES: dict[str, Any] = json.loads(Path("tests/data/eta.json").read_text(encoding="utf-8"))
SECONDS = st.floats(0, 1e7)


def usual_of(values: dict[str, float] | None) -> eta.Usual | None:
    return eta.Usual(**values) if values else None  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES["estimates"], ids=lambda case: case["name"])
def test_what_is_left(case: dict[str, Any]) -> None:
    found = eta.estimate(case["elapsed"], case["current"], case["total"], case["rate"], usual_of(case["usual"]))
    assert (found.low, found.high) == pytest.approx((case["low"], case["high"]), abs=0.001)
    assert found.is_slow == case["slow"]


@pytest.mark.parametrize("case", CASES["rates"], ids=lambda case: case["name"])
def test_rates(case: dict[str, Any]) -> None:
    assert eta.rate(case["samples"], case["elapsed"]) == pytest.approx(case["rate"], abs=0.001)


@pytest.mark.parametrize(("left", "span"), CASES["spans"])
def test_spans(left: list[float], span: list[Any]) -> None:
    assert list(eta.span_of(*left)) == span


@pytest.mark.parametrize(("durations", "values"), CASES["usual"])
def test_what_is_usual(durations: list[float], values: dict[str, float] | None) -> None:
    assert eta.usual(durations) == usual_of(values)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    SECONDS,
    st.floats(-10, 1e9),
    st.none() | st.floats(0, 1e9),
    st.none() | st.floats(0, 1e6),
    st.lists(SECONDS, max_size=12),
)
def test_a_range_is_never_negative_nor_the_wrong_way_round(
    elapsed: float, current: float, total: float | None, rate: float | None, durations: list[float]
) -> None:
    found = eta.estimate(elapsed, current, total, rate, eta.usual(durations))
    if found.low is not None and found.high is not None:
        assert 0 <= found.low <= found.high
        first, last, _ = eta.span_of(found.low, found.high)
        assert 0 <= first <= last


@pytest.mark.parametrize(("left", "words", "korean"), CASES["words"])
def test_words(left: list[float], words: str, korean: str) -> None:
    assert taskcast_eta.left_words(*left) == words
    with translation.override("ko"):
        assert taskcast_eta.left_words(*left) == korean


@pytest.mark.parametrize(("rate", "words"), CASES["rate_words"])
def test_words_of_rates(rate: float | None, words: str) -> None:
    assert taskcast_eta.rate_words(rate) == words


@pytest.mark.parametrize(("seconds", "words"), CASES["roughly"])
def test_lengths_in_one_unit(seconds: float, words: str) -> None:
    assert taskcast_eta.roughly(seconds) == words
