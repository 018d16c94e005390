"""The law of events: snapshot + events = fresh snapshot. The browser's store is held to the same recorded events."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import events

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "recorded_events.json").read_text())["jobs"]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\\")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
changes = st.dictionaries(st.sampled_from(["progress", "result", "reason", "state", "outputs"]), json_values)


@st.composite
def histories(draw):
    sets = draw(st.lists(changes, min_size=1, max_size=12))
    return [
        {"seq": n, "time": "2026-11-22T00:00:00.000000+00:00", "kind": "state", "set": s} for n, s in enumerate(sets, 1)
    ]


@pytest.mark.parametrize("recording", RECORDED)
def test_recorded_jobs_fold_to_what_they_became(recording):
    final = recording["final"]
    job = recording["snapshot"] or events.blank_job(final["id"])
    for event in recording["events"]:
        events.check_event(event)
    assert events.fold_all(job, recording["events"]) == final


@given(histories(), st.data())
def test_any_snapshot_plus_the_events_after_it_is_the_fresh_snapshot(history, data):
    fresh = events.fold_all(events.blank_job("j"), history)
    cut = data.draw(st.integers(0, len(history)))
    snapshot = events.fold_all(events.blank_job("j"), history[:cut])
    behind = data.draw(st.integers(0, cut))
    assert events.fold_all(snapshot, history[behind:]) == fresh, "events that were seen before change nothing"


@given(histories())
def test_folding_leaves_the_snapshot_that_it_was_given(history):
    before = events.blank_job("j")
    kept = json.dumps(before)
    events.fold_all(before, history)
    assert json.dumps(before) == kept


@given(json_values)
def test_texts_are_strict_json_in_utf8(value):
    text = json.dumps(value, ensure_ascii=False).replace("\\u0000", "␀")
    assert json.loads(events.dumps(value).encode()) == json.loads(re.sub("[\ud800-\udfff]", "?", text))


def test_nul_is_shown_as_a_sign_and_its_name_is_left_alone():
    assert json.loads(events.dumps(["a\x00\x00b", r"\u0000", r"\\u0000", "\\\x00"])) == [
        "a␀␀b",
        r"\u0000",
        r"\\u0000",
        "\\␀",
    ]


@pytest.mark.parametrize("value", [float("nan"), {"a": float("inf")}])
def test_numbers_that_json_has_not_are_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        events.dumps(value)


@pytest.mark.parametrize(
    "event",
    [
        {"seq": 1, "kind": "state"},
        {"seq": 1, "time": "", "kind": "gossip"},
        {"seq": 1, "time": "", "kind": "log", "extra": 1},
        {"seq": 1, "time": "", "kind": "state", "set": {"colour": "red"}},
    ],
)
def test_an_event_has_its_form_and_nothing_more(event):
    with pytest.raises(events.BadEvent):
        events.check_event(event)


def test_final_states_are_left_for_nothing():
    for state in events.FINAL:
        assert not any(events.may_become(state, new) for new in events.STATES)
    for state in events.UNFINISHED:
        assert events.may_become(state, "cancelled")
        assert events.may_become(state, "failed")


@given(st.integers(0, 9000), st.sampled_from(["x", "한", '"', "\x00", "😀"]))
def test_a_value_is_cut_exactly_when_its_json_is_over_the_limit(length, character):
    job = events.blank_job("j", result=character * length)
    cut = events.cut_job(job)
    if len(events.dumps(job["result"]).encode()) > events.FRAME_VALUE_BYTES:
        assert cut["result"] is None
        assert cut["truncated"] == ["result"]
    else:
        assert cut == job


def test_a_cut_job_fits_a_frame_whatever_it_holds():
    long = "x" * (events.FRAME_VALUE_BYTES - 10)
    fields = {name: long for name in events.JOB_FIELDS if name not in ("id", "attempt")}
    job = events.blank_job("j", **fields)
    texts = ("args", "progress", "result", "error", "outputs", "reason")
    assert sum(events.json_bytes(events.cut_job(job)[name]) for name in texts) < 64 * 1024
