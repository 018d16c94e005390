"""Strict JSON from any value: what breaks readers elsewhere is mended here."""

import dataclasses
import datetime
import decimal
import enum
import json
import math
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from tasks.plain import dump

_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec=None)),
    st.binary(max_size=5),
    st.dates(),
    st.decimals(),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner), st.tuples(inner), st.dictionaries(st.text() | st.integers(), inner)),
    max_leaves=10,
)


@given(_VALUES)
def test_every_value_becomes_json_that_every_reader_takes(value):
    text, _ = dump(value)
    loaded = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    again = json.dumps(loaded, ensure_ascii=False)
    again.encode()  # no lone surrogate
    assert "\\u0000" not in again  # PostgreSQL's jsonb refuses it


def test_json_stays_as_it_is():
    value = {"a": [1, 2.5, "한글 😀 \x1b[31m", None, True], "b": {"c": "\\ud800"}}
    text, not_finite = dump(value)
    assert json.loads(text) == value
    assert not_finite == 0
    assert text.isascii()


def test_numbers_that_json_does_not_have_are_null_and_counted():
    text, not_finite = dump({"a": [math.nan, 1.5, math.inf], "b": -math.inf})
    assert json.loads(text) == {"a": [None, 1.5, None], "b": None}
    assert not_finite == 3


def test_nul_and_lone_surrogates_are_replaced_visibly():
    assert json.loads(dump(["a\x00b", "x\ud800", "\udc00y"])[0]) == ["a␀b", "x�", "�y"]


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    when: datetime.date


class Login(BaseModel):
    user: str
    password: SecretStr


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, {2}), [1, [2]]),
        (decimal.Decimal("1.50"), "1.50"),
        (datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC), "2024-01-02T00:00:00+00:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({Colour.RED: Colour.RED}, {"red": "red"}),
        (Point(1, datetime.date(2024, 1, 2)), {"x": 1, "when": "2024-01-02"}),
        (Login(user="u", password=SecretStr("hush")), {"user": "u", "password": "**********"}),
        ({1: "a", None: "b", False: "c"}, {"1": "a", "null": "b", "false": "c"}),
        (range(3), [0, 1, 2]),
        (b"\x00\x01", "<2 bytes>"),
        (2**70, 2**70),
    ],
)
def test_what_python_has_and_json_has_not(value, expected):
    assert json.loads(dump(value)[0]) == expected


def test_a_value_that_contains_itself_ends():
    loop: list = []
    loop.append(loop)
    assert "…" in json.loads('"' + dump(loop)[0].replace('"', "") + '"')


def test_an_integer_too_long_for_python_to_write():
    assert json.loads(dump(10**5000)[0]) == "an integer of 16610 bits"
    assert json.loads(dump({10**5000: 1})[0]) == {"an integer of 16610 bits": 1}


class Rude:
    def __str__(self) -> str:
        raise RuntimeError("no")


def test_an_object_that_cannot_say_what_it_is():
    assert json.loads(dump([Rude()])[0]) == ["<Rude>"]
