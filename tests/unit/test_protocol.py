"""Client frames: the contract's are read, everything else is refused by name and never by an exception."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live.protocol import Ack, BadRequest, Subscribe, Unsubscribe, parse

JOB = "11111111-2222-3333-4444-555555555555"
TOPIC = f"job:{JOB}"


def test_the_frames_of_the_contract():
    assert parse(f'{{"type":"subscribe","topic":"{TOPIC}"}}') == Subscribe(TOPIC, JOB)
    assert parse(f'{{"type":"subscribe","topic":"{TOPIC}","after":7,"epoch":2}}') == Subscribe(TOPIC, JOB, 7, 2)
    assert parse('{"type":"subscribe","topic":"jobs"}') == Subscribe("jobs")
    assert parse('{"type":"unsubscribe","topic":"jobs"}') == Unsubscribe("jobs")
    assert parse('{"type":"ack","n":12,"more":"is ignored"}') == Ack(12)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        "1",
        "null",
        "{}",
        '{"type":"shout"}',
        '{"type":["subscribe"]}',
        '{"type":"subscribe"}',
        '{"type":"subscribe","topic":"job:1"}',
        '{"type":"subscribe","topic":["jobs"]}',
        '{"type":"subscribe","topic":"jobs "}',
        f'{{"type":"subscribe","topic":"{TOPIC.upper()}"}}',
        f'{{"type":"subscribe","topic":"{TOPIC}\\n"}}',
        f'{{"type":"subscribe","topic":"{TOPIC}","after":"1"}}',
        f'{{"type":"subscribe","topic":"{TOPIC}","after":1.0}}',
        f'{{"type":"subscribe","topic":"{TOPIC}","after":true}}',
        f'{{"type":"subscribe","topic":"{TOPIC}","after":null}}',
        f'{{"type":"subscribe","topic":"{TOPIC}","after":-1}}',
        f'{{"type":"subscribe","topic":"{TOPIC}","after":99999999999999999999}}',
        f'{{"type":"subscribe","topic":"{TOPIC}","after":1,"epoch":"1"}}',
        '{"type":"ack"}',
        '{"type":"ack","n":"1"}',
        '{"type":"ack","n":NaN}',
        '{"type":"ack","n":' + "1" * 5000 + "}",
        "[" * 4000,
        "x" * 100_000,
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(BadRequest):
        parse(text)


def test_a_refusal_echoes_a_short_topic():
    with pytest.raises(BadRequest) as caught:
        parse(json.dumps({"type": "subscribe", "topic": "x" * 3000}))
    assert caught.value.topic == "x" * 100


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
nearly = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["subscribe", "unsubscribe", "ack"]) | json_values,
        "topic": st.sampled_from(["jobs", TOPIC]) | json_values,
        "after": json_values,
        "epoch": json_values,
        "n": json_values,
    },
)


@given(st.text() | json_values.map(json.dumps) | nearly.map(json.dumps))
def test_no_frame_is_an_exception(text):
    with suppress(BadRequest):
        assert isinstance(parse(text), Subscribe | Unsubscribe | Ack)
