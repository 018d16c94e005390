"""Server frames: at most 64 KiB whatever they bear, split without a gap, cut as the contract says."""

import json

from hypothesis import given
from hypothesis import strategies as st

from dashboard.live import frames
from tasks.events import blank_job, cut_event, cut_job, dumps, fold_all

JOB = "11111111-2222-3333-4444-555555555555"
TOPIC = f"job:{JOB}"
TIME = "2026-01-01T00:00:00.000000+00:00"


def event(seq, **fields):
    return {"seq": seq, "time": TIME, "kind": "log", **fields}


def check(frame):
    """The frame's value, after a look at its size."""
    assert frame.size == len(frame.text.encode()) <= frames.LARGEST
    return json.loads(frame.text)


@given(st.lists(st.integers(0, 30_000), max_size=40), st.sampled_from(["x", "é", "한", "😀", '"']))
def test_events_are_split_into_frames_in_order(sizes, letter):
    stored = [event(n, set={"reason": letter * (size // 4)}) for n, size in enumerate(sizes, start=5)]
    parts = frames.events(TOPIC, 3, [frames.stored_item(each) for each in stored])
    seen = []
    for part in parts:
        body = check(part.frame)
        assert (body["type"], body["topic"], body["epoch"]) == ("events", TOPIC, 3)
        assert body["events"], "a frame without events says nothing"
        seen += body["events"]
        assert part.cursor == seen[-1]["seq"]
    assert seen == [cut_event(each) for each in stored]


@given(st.integers(0, 20_000), st.text(max_size=20))
def test_an_echo_is_the_event_that_the_log_has(size, text):
    whole = event(7, set={"reason": text + "x" * size}, kept=["result"])
    body = dumps({name: value for name, value in whole.items() if name != "seq"})
    ((seq, text),) = frames.event_items([(7, body)])
    assert (seq, json.loads(text)) == (7, json.loads(frames.stored_item(whole).text))
    assert "kept" not in json.loads(text)


def test_lines_too_long_for_a_frame_are_counted_not_sent():
    lines = [{"time": TIME, "level": "info", "text": "한" * 1000} for _ in range(100)]
    (part,) = frames.events(TOPIC, 1, [frames.stored_item(event(1, lines=lines))])
    (shown,) = check(part.frame)["events"]
    kept, note = shown["lines"][:-1], shown["lines"][-1]
    assert kept == lines[: len(kept)]
    assert f"{100 - len(kept)} more lines" in note["text"]


def test_one_line_longer_than_a_frame_still_gives_its_event():
    lines = [{"time": TIME, "level": "info", "text": "x" * 100_000}]
    (part,) = frames.events(TOPIC, 1, [frames.stored_item(event(1, lines=lines))])
    assert "1 more lines" in check(part.frame)["events"][0]["lines"][0]["text"]


def test_a_snapshot_of_values_just_short_enough_fits_and_is_whole():
    full = {"text": "x" * 8150}
    names = ("args", "progress", "result", "error", "outputs", "children", "reason")
    job = {**blank_job(JOB), **dict.fromkeys(names, full)}
    assert check(frames.snapshot(TOPIC, 1, 9, job))["job"] == cut_job(job) == job


def test_a_snapshot_with_absurdly_long_names_fits_and_names_what_it_lacks():
    job = {**blank_job(JOB), **dict.fromkeys(("args", "result", "error", "reason"), "x" * 8150)}
    job |= dict.fromkeys(("task", "worker", "owner", "group", "progress", "outputs"), "y" * 8150)
    shown = check(frames.snapshot(TOPIC, 1, 9, job))["job"]
    assert shown["truncated"] == sorted(name for name in job if shown[name] is None and job[name] is not None)
    (part,) = frames.events(TOPIC, 1, [frames.stored_item(event(1, kind="state", set=job))])
    check(part.frame)


@given(st.lists(st.integers(0, 8000), max_size=300))
def test_rows_come_a_hundred_to_a_frame_at_most(sizes):
    items = [frames.job_item(n, blank_job(JOB, reason="x" * size)) for n, size in enumerate(sizes)]
    parts = frames.jobs(items, more=True)
    bodies = [check(part.frame) for part in parts]
    assert all(len(body["jobs"]) <= 100 and body["removed"] == [] and body["more"] is True for body in bodies)
    assert [len(job["reason"]) for body in bodies for job in body["jobs"]] == sizes
    assert [part.cursor for part in parts][-1:] == ([len(sizes) - 1] if sizes else [])
    assert all("more" not in check(part.frame) for part in frames.jobs(items))


def test_small_frames():
    assert check(frames.no_events(TOPIC, 2))["events"] == []
    assert check(frames.no_jobs()) == {"type": "jobs", "jobs": [], "removed": [], "more": False}
    assert check(frames.tick("away"))["log"] == "away"
    refusal = check(frames.error("x" * 100, "bad_request", "y" * 100_000))
    assert len(refusal["detail"]) == 500


def test_cut_frames_obey_the_law():
    first = blank_job(JOB)
    stored = [
        event(1, kind="state", set={"result": "x" * 9000, "truncated": ["result"]}, kept=[]),
        event(2, kind="state", set={"reason": "r"}),
        event(3, kind="state", set={"result": "short", "truncated": []}),
    ]
    shown = [json.loads(frames.stored_item(each).text) for each in stored]
    after_two = {**first, "result": "x" * 9000, "reason": "r", "truncated": ["result"], "seq": 2}
    assert fold_all(first, shown[:2]) == check(frames.snapshot(TOPIC, 1, 2, after_two))["job"]
    assert fold_all(first, shown)["result"] == "short"
