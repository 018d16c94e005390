"""Counting in the task's code: every item once, the right count at any moment, a stop at the next item."""

# ruff: noqa: PT012  (what raises here is a loop)
# mypy: disable-error-code="arg-type, attr-defined, index, misc, operator, var-annotated"

from __future__ import annotations

import concurrent.futures
import contextlib
import gc
import io
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks import loop, steps
from tasks.events import FRAME_VALUE_BYTES, json_bytes
from tasks.progress import (
    JobCancelled,
    Recording,
    activate,
    cancelled,
    current,
    deactivate,
    progress,
    track,
)

HUGE = 10**400
HOT = (steps.__file__, sys.modules[progress.__module__].__file__)


@pytest.fixture
def recording() -> Iterator[Recording]:
    with activate(Recording()) as running:
        yield running


def bar(current, total=None, description="", steps=()):
    return {"current": current, "total": total, "description": description, "steps": list(steps)}


# --- items ---------------------------------------------------------------------------------------------

KINDS = {
    "range": range,
    "list": lambda n: list(range(n)),
    "tuple": lambda n: tuple(range(n)),
    "generator": lambda n: (x for x in range(n)),
    "map": lambda n: map(int, range(n)),
    "dict": lambda n: dict.fromkeys(range(n)),
    "view": lambda n: dict.fromkeys(range(n)).keys(),
    "range iterator": lambda n: iter(range(n)),
    "islice": lambda n: itertools.islice(itertools.count(), n),
    "file": lambda n: io.StringIO("".join(f"{x}\n" for x in range(n))),
}


class Watched:
    """An iterator that counts how often it was asked, and calls `at(n)` while it computes item n."""

    def __init__(self, n, at=lambda n: None):
        self.items, self.asked, self.at = iter(range(n)), 0, at

    def __iter__(self):
        return self

    def __next__(self):
        self.at(self.asked)
        self.asked += 1
        return next(self.items)


@given(
    kind=st.sampled_from(sorted(KINDS)),
    n=st.integers(0, 40),
    ticks=st.integers(1, 9),
    cancel_in=st.none() | st.integers(0, 45),
)
@example(kind="generator", n=8, ticks=4, cancel_in=None)
@example(kind="list", n=8, ticks=4, cancel_in=3)
@example(kind="list", n=8, ticks=4, cancel_in=4)
def test_items_come_once_in_order_until_the_cancel_and_the_rest_stays(kind, n, ticks, cancel_in):
    items, got, stopped = [int(x) for x in KINDS[kind](n)], [], False
    source = iter(KINDS[kind](n)) if kind != "range" else range(n)
    with pytest.MonkeyPatch.context() as patch, activate(Recording()) as recording:
        patch.setattr(loop, "TICKS", bytes(ticks))
        try:
            for x in track(source):
                assert recording.sample()["current"] == len(got)  # bodies that are over
                got.append(int(x))
                if len(got) - 1 == cancel_in:
                    recording.cancel()
        except JobCancelled:
            stopped = True
        assert recording.sample()["current"] == len(got)
    assert stopped == (cancel_in is not None and cancel_in < n)
    if stopped:
        assert got == items[: cancel_in + 1]
        if kind != "range":
            assert [int(x) for x in source] == items[cancel_in + 1 :]
    else:
        assert got == items


@given(n=st.integers(0, 20), ticks=st.integers(1, 5), cancel_at=st.integers(0, 22))
def test_a_cancel_while_the_source_computes_loses_no_item(n, ticks, cancel_at):
    with pytest.MonkeyPatch.context() as patch, activate(Recording()) as recording:
        patch.setattr(loop, "TICKS", bytes(ticks))
        source = Watched(n, at=lambda asked: recording.cancel() if asked == cancel_at else None)
        got = []
        if cancel_at <= n:
            with pytest.raises(JobCancelled):
                got.extend(iter_appending(track(source), got))
        else:
            got.extend(iter_appending(track(source), got))
        assert got == list(range(n))[: cancel_at + 1]
        assert source.asked == min(n, cancel_at) + 1
        assert recording.sample()["current"] == len(got)
    assert got + list(source.items) == list(range(n))


def iter_appending(items, got):
    for x in items:
        got.append(x)
    return ()


@given(n=st.integers(0, 20), ticks=st.integers(1, 5))
def test_a_source_is_asked_past_its_end_once_only(n, ticks):
    # The end of a segment and of the source may fall together; a socket or queue must not be asked again.
    with pytest.MonkeyPatch.context() as patch, activate(Recording()) as recording:
        patch.setattr(loop, "TICKS", bytes(ticks))
        source = Watched(n)
        tracked = track(source)
        assert list(tracked) == list(range(n))
        assert source.asked == n + 1
        assert recording.sample() == bar(n, n)


@contextlib.contextmanager
def another_thread_at(step, act, files=(loop.__file__,)):
    """Do act() before the step-th bytecode of tasks/loop.py: what a change of threads there would do."""
    count = 0

    def trace(frame, event, arg):
        nonlocal count
        if frame.f_code.co_filename not in files:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            count += 1
            if count == step:
                act()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: count >= step
    finally:
        sys.settrace(before)


class Taking:
    """A tracked loop taken item by item; `got` is how many items came."""

    def __init__(self, source):
        self.tracked, self.got, self.stopped = track(source), 0, False

    def take(self, n):
        for _ in range(n):
            if self.stopped:
                return
            try:
                assert next(self.tracked) == self.got
                self.got += 1
            except JobCancelled:
                self.stopped = True


@pytest.mark.parametrize("source", [range, lambda n: iter(range(n))])
@pytest.mark.parametrize("taken", range(5))
@pytest.mark.parametrize("meanwhile", [1, 2, 5])
def test_a_cancel_counts_right_wherever_the_loop_moves_on_meanwhile(source, taken, meanwhile, monkeypatch):
    monkeypatch.setattr(loop, "TICKS", bytes(3))
    for step in itertools.count(1):
        with activate(Recording()) as recording:
            items = source(99)
            taking = Taking(items)
            taking.take(taken)
            with another_thread_at(step, lambda taking=taking: taking.take(meanwhile)) as happened:
                recording.cancel()
            got = taking.got
            taking.take(1)
            assert taking.stopped
            assert taking.got == got
            assert recording.sample()["current"] == got if taken else recording.sample() is None
            if source is not range:
                assert next(items) == got
        if not happened():
            assert step > 20 or not taken
            break


@pytest.mark.parametrize("source", [range, lambda n: iter(range(n))])
@pytest.mark.parametrize("meanwhile", [1, 2, 5])
@pytest.mark.parametrize("cancel", [False, True])
def test_a_sample_lies_between_before_and_after(source, meanwhile, cancel, monkeypatch):
    monkeypatch.setattr(loop, "TICKS", bytes(3))
    for taken in range(1, 9):
        for step in itertools.count(1):
            with activate(Recording()) as recording:
                taking = Taking(source(9))

                def act(taking=taking, recording=recording):
                    with contextlib.suppress(StopIteration):
                        taking.take(meanwhile)
                    if cancel:
                        recording.cancel()

                taking.take(taken)
                with another_thread_at(step, act) as happened:
                    current = recording.sample()["current"]
                assert taken - 1 <= current <= taking.got
                assert current <= recording.sample()["current"]
            if not happened():
                assert step > 10
                break


@pytest.fixture
def restless():
    """Threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("source", [itertools.count, lambda: range(sys.maxsize), lambda: range(10**18)])
def test_a_cancel_from_another_thread_stops_a_loop_at_once_and_counts_right(source, restless):
    for at_least in range(0, 300, 5):
        with activate(Recording()) as recording:
            args = (recording, at_least)
            canceller = threading.Thread(target=cancel_once_moving, args=args, daemon=True)
            canceller.start()
            got = -1
            with pytest.raises(JobCancelled):
                for got in track(source()):  # noqa: B007
                    pass
            canceller.join()
            assert recording.sample()["current"] == got + 1


def cancel_once_moving(recording, at_least):
    while not (sample := recording.sample()) or sample["current"] < at_least:
        pass
    recording.cancel()


@pytest.mark.parametrize("ticks", [1, 2, 7, 8192])
def test_samples_from_another_thread_never_go_back_and_end_exact(ticks, restless, monkeypatch):
    monkeypatch.setattr(loop, "TICKS", bytes(ticks))
    seen, done, given_out = [-1], threading.Event(), 0

    def rows():
        deadline = time.monotonic() + 60
        while len(seen) < 60 and time.monotonic() < deadline:
            yield
            given_out_now()

    def given_out_now():
        nonlocal given_out
        given_out += 1

    with activate(Recording()) as recording:
        sampler = threading.Thread(target=sample_until, args=(recording, done, seen), daemon=True)
        sampler.start()
        try:
            for _ in track(rows()):
                pass
        finally:
            done.set()
            sampler.join(10)
        assert recording.sample() == bar(given_out, given_out)
    assert len(seen) >= 60
    assert seen == sorted(seen)


def sample_until(recording, done, seen):
    while not done.is_set():
        if (sample := recording.sample()) and sample["current"] != seen[-1]:
            seen.append(sample["current"])


def test_what_the_source_raises_comes_unchanged_and_leaves_the_count(recording):
    def rows():
        yield from "abc"
        raise KeyError("row 4")

    with pytest.raises(KeyError, match="row 4") as caught:
        list(track(rows()))
    assert caught.type is KeyError
    assert recording.sample() == bar(3)


def test_what_is_not_iterable_fails_as_it_would_without_track(recording):
    with pytest.raises(TypeError, match="'int' object is not iterable"):
        track(5)


def test_none_and_falsy_items_are_items(recording):
    assert list(track(iter([None, 0, "", False]))) == [None, 0, "", False]


def test_an_iterator_that_grows_while_it_is_worked_through(recording):
    queue = [0]
    for x in track(queue):
        if x < 5:
            queue.append(x + 1)
    assert recording.sample() == bar(6, 6)


def test_a_growing_list_can_be_stopped(recording):
    queue = [0]
    with pytest.raises(JobCancelled):
        for x in track(queue):
            queue.append(x + 1)
            if x == 20:
                recording.cancel()
    assert recording.sample()["current"] == 21


# --- totals, numbers, texts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("iterable", "total", "shown"),
    [
        ([1, 2], None, 2),
        (iter([1, 2]), None, 2),
        ({1: 2}.items(), None, 1),
        ((x for x in "ab"), None, None),
        ((x for x in "ab"), 2.5, 2.5),
        ((x for x in "ab"), 9, 9),
        ((x for x in "ab"), Decimal("2"), 2.0),
        ((x for x in "ab"), -1, None),
        ((x for x in "ab"), float("nan"), None),
        ((x for x in "ab"), float("inf"), None),
        ((x for x in "ab"), "2", None),
        ((x for x in "ab"), object(), None),
        ((x for x in "ab"), HUGE, None),
        ([1, 2], -1, 2),
        (range(10**30), None, None),
    ],
)
def test_total(recording, iterable, total, shown):
    for _ in track(iterable, total=total):
        assert recording.sample() == bar(0, shown)
        break


def test_the_end_of_an_iterable_tells_a_total_that_was_unknown_but_not_one_that_was_given(recording):
    list(track((x for x in "ab"), "known at the end"))
    assert recording.sample() == bar(2, 2, "known at the end")
    recording.close()
    with activate(Recording()) as second:
        list(track((x for x in "ab"), total=5))
        assert second.sample() == bar(2, 5)


def test_a_len_that_raises_is_no_total(recording):
    class Rows:
        def __iter__(self):
            return iter("ab")

        def __len__(self):
            raise OSError("no connection")

    rows = track(Rows())
    next(rows)
    assert recording.sample() == bar(0, 2)  # the iterator itself could tell
    assert list(rows) == ["b"]


@pytest.mark.parametrize(
    "bad", [float("nan"), float("inf"), "3", None, object(), [1], 1j, HUGE, 1e308], ids=lambda bad: repr(bad)[:9]
)
def test_bad_numbers_fail_nothing_and_change_nothing(recording, bad):
    with progress(total=bad) as step:
        step.update(current=2)
        step.advance(0.5)
        step.advance(bad)
        step.update(current=bad)
        step.advance(bad)
        step.advance()
        sample = recording.sample()
        if bad != 1e308:  # a number after all, until it is added to itself too often
            assert sample == bar(3.5)
        json.dumps(sample, allow_nan=False)


def test_integers_without_end_stay_numbers_for_a_browser(recording):
    with progress() as step:
        step.advance(3)
        assert recording.sample()["current"] == 3
        step.advance(10**400)
        assert recording.sample()["current"] == 3
    with progress() as step:
        step.advance(2**70)
        assert isinstance(recording.sample()["steps"][1]["current"], float)


def test_update_sets_what_it_is_given(recording):
    with progress(total=10, description="a") as step:
        step.update(current=4)
        assert recording.sample() == bar(4, 10, "a")
        step.update(total=20, description="b")
        step.advance(-1)
        assert recording.sample() == bar(3, 20, "b")
        step.update(total=-1)
        assert recording.sample() == bar(3, None, "b")
        step.update(current=True, total=0)
        assert json.dumps(recording.sample()) == json.dumps(bar(1, 0, "b"))


@pytest.mark.parametrize(
    ("description", "shown"),
    [
        ("x" * 201, "x" * 199 + "…"),
        ("x" * 200, "x" * 200),
        ("a\x1b[31mb\x00", "a\ufffd[31mb\ufffd"),
        ("a\nb\tc\u2028d", "a b c d"),
        ("\ud800 \u202egnp.exe", "\ufffd \ufffdgnp.exe"),
        ("읽는 중 😀", "읽는 중 😀"),
        (5, "5"),
        (None, "None"),
    ],
)
def test_descriptions_are_one_printable_line(recording, description, shown):
    with progress(description=description):
        assert recording.sample()["description"] == shown


def test_a_description_that_cannot_be_made_fails_nothing(recording):
    class Broken:
        def __str__(self):
            raise RuntimeError

    with progress(description=Broken()) as step:
        step.update(description=Broken())
        assert recording.sample() == bar(0)


# --- the tree ------------------------------------------------------------------------------------------


def test_nothing_before_the_first_step(recording):
    assert recording.sample() is None
    never_looped_over = track([1])
    progress()
    assert recording.sample() is None
    assert list(never_looped_over) == [1]


def test_loops_inside_loops_are_steps(recording):
    for name in track(["a", "b"], "files"):
        for row in track(range(3), f"rows of {name}"):
            with progress(10, "row") as step:
                step.advance(row)
                if (name, row) == ("b", 1):
                    row_steps = [bar(0, 10, "row"), bar(1, 10, "row")]
                    now = [bar(3, 3, "rows of a"), bar(1, 3, "rows of b", row_steps)]
                    assert recording.sample() == bar(1, 2, "files", now)
    assert recording.sample()["current"] == 2


def test_a_loop_over_a_generator_that_tracks_holds_its_steps(recording):
    def rows():
        for chunk in track([[1, 2], [3]], "chunks"):
            yield from chunk

    for x in track(rows(), "rows"):
        if x == 3:
            assert recording.sample() == bar(2, None, "rows", [bar(1, 2, "chunks")])


def test_top_level_steps_one_after_another_are_summed_up(recording):
    list(track("ab", "load"))
    assert recording.sample() == bar(2, 2, "load")
    with progress(5, "write") as step:
        step.advance(5)
        loaded = bar(2, 2, "load")
        assert recording.sample() == bar(1, None, "write", [loaded, bar(5, 5, "write")])
    written = bar(2, None, "write", [loaded, bar(5, 5, "write")])
    assert recording.sample() == written
    recording.close()
    assert recording.sample() == {**written, "total": 2}


def test_a_job_that_fails_in_its_last_step_has_not_come_past_it(recording):
    list(track("ab", "load"))
    with pytest.raises(ZeroDivisionError), progress(5, "write") as step:
        step.advance(3)
        raise ZeroDivisionError
    recording.close()
    assert recording.sample() == bar(1, None, "write", [bar(2, 2, "load"), bar(3, 5, "write")])


@pytest.mark.parametrize("source", [lambda: range(9), lambda: (x for x in range(9))])
def test_a_loop_left_by_break_is_over_and_stays_before_the_item_it_was_left_in(recording, source):
    for x in track(source(), "first"):
        if x == 3:
            break
    for _ in track("ab", "second"):
        first, second = recording.sample()["steps"]
        assert (first["current"], second["steps"], second["description"]) == (3, [], "second")
        assert recording.sample()["current"] in (1, 2)
    assert not recording.loops


def test_a_loop_left_by_an_exception_that_somebody_keeps_is_over(recording):
    def work():
        for x in track(range(9), "first"):
            if x == 3:
                raise ValueError(x)

    kept = []
    try:
        work()
    except ValueError as error:
        kept.append(error)
    list(track("ab", "second"))
    assert [step["current"] for step in recording.sample()["steps"]] == [3, 2]


def test_a_loop_collected_in_a_cycle_and_another_thread_is_over(recording):
    cycle = [track(range(9))]
    cycle.append(cycle)
    next(cycle[0])
    next(cycle[0])
    del cycle
    collector = threading.Thread(target=gc.collect)
    collector.start()
    collector.join()
    assert not recording.loops
    assert recording.sample() == bar(1, 9)


def test_an_iterator_still_held_does_not_swallow_the_steps_after_its_own_step(recording):
    with progress(description="first"):
        held = track("abc", "held")
        next(held)
    with progress(description="second"):
        steps = recording.sample()["steps"]
    assert [step["description"] for step in steps] == ["first", "second"]
    assert list(held) == ["b", "c"]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=170))
def test_a_level_shows_fifty_steps_open_ones_and_new_ones_first(moves):
    """moves: (left open, or not; as `progress`, or as a loop)."""
    with activate(Recording()) as recording, progress(description="outer"):
        held, opened = [], 0
        for left_open, as_loop in moves:
            if left_open and len(held) < 40:
                here = threading.Thread(target=lambda n=opened: held.append(entered(str(n))))
                here.start()
                here.join()
            elif as_loop:
                list(track("a", str(opened)))
            else:
                with progress(description=str(opened)):
                    pass
            opened += 1
        steps = recording.sample()["steps"]
        assert len(steps) <= 50
        shown = [step["description"] for step in steps]
        open_ones = {step.description for step in held}
        if opened <= 50 and shown[0] != "…":
            assert shown == [str(n) for n in range(opened)]
        else:
            assert shown[0] == "…"
            assert steps[0]["total"] + len(steps) - 1 == opened
            assert steps[0]["current"] == steps[0]["total"]
            assert open_ones <= set(shown)
            past = [n for n in range(opened) if str(n) not in open_ones]
            assert [n for n in map(int, shown[1:]) if str(n) not in open_ones] == past[
                -(len(steps) - 1 - len(open_ones)) :
            ]


def test_open_steps_are_shown_before_finished_ones(recording):
    with progress(description="outer"):
        opened = []
        for n in range(10):
            here = threading.Thread(target=lambda n=n: opened.extend(map(entered, (f"open {n}", f"in {n}"))))
            here.start()
            here.join()
        for _ in range(90):
            list(track("a", "finished"))
        steps = recording.sample()["steps"]
        assert [step["description"] for step in steps] == (["…"] + [f"open {n}" for n in range(10)] + ["finished"] * 39)
        assert steps[1]["steps"] == [bar(0, None, "in 0")]


def test_the_steps_inside_a_finished_step_are_shown_until_something_newer_begins(recording):
    with progress(description="outer"):
        outlived = []
        here = threading.Thread(target=lambda: outlived.extend(map(entered, ("old", "inside"))))
        here.start()
        here.join()
        assert recording.sample()["steps"] == [bar(0, None, "old", [bar(0, None, "inside")])]
        with progress(description="newer"):
            outlived[0].__exit__(None, None, None)
            assert recording.sample()["steps"] == [bar(0, None, "old"), bar(0, None, "newer")]


def entered(description):
    step = progress(description=description)
    step.__enter__()
    return step


def test_a_million_steps_do_not_pile_up(recording):
    with progress() as outer:
        for _ in range(2_000):
            for _ in track("a"):
                list(track("b"))
        forgotten, kept = outer.inside
        assert forgotten + len(kept) == 2_000
        assert len(kept) <= 100
        assert sum(len(step.inside[1]) for step in kept) <= 1
        assert recording.sample()["steps"][0] == bar(1951, 1951, "…")


def test_steps_more_than_five_deep_count_and_stop_but_are_not_shown(recording):
    def down(depth):
        with progress(description=str(depth)) as step:
            if depth < 9:
                return down(depth + 1)
            recording.cancel()
            with pytest.raises(JobCancelled):
                step.advance()
            return recording.sample()

    sample, names = down(1), []
    while sample:
        names.append(sample["description"])
        sample = (sample["steps"] or [None])[-1]
    assert names == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("letter", ["x", "가", "😀", '"'])
def test_a_sample_always_fits_a_frame(recording, letter):
    # A value over 8 KiB is cut out of frames, and the bar on the page would stand still.
    def down(depth):
        for _ in range(60):
            with progress(description=letter * 200):
                pass
        with progress(description=letter * 200):
            if depth < 5:
                down(depth + 1)
            else:
                sample = recording.sample()
                assert json_bytes(sample) <= FRAME_VALUE_BYTES
                assert deepest(sample) == 5

    down(1)
    assert json_bytes(recording.sample()) <= FRAME_VALUE_BYTES


def deepest(sample):
    return 1 + max(map(deepest, sample["steps"]), default=0)


# --- cancel --------------------------------------------------------------------------------------------


def test_everything_raises_once_cancelled_and_nothing_else_does(recording):
    with progress() as step:
        step.advance()
        assert not cancelled()
        recording.cancel()
        recording.cancel()
        assert cancelled()
        for call in (step.advance, step.update, lambda: list(track([1])), progress().__enter__):
            with pytest.raises(JobCancelled, match="The job was asked to stop"):
                call()
    assert recording.sample() == bar(1)


def test_a_cancel_passes_through_except_exception(recording):
    with pytest.raises(JobCancelled):
        for _ in track(range(3)):
            try:
                recording.cancel()
                list(track(range(3)))
            except Exception:  # pragma: no cover
                pytest.fail("swallowed")
    assert not issubclass(JobCancelled, Exception)


def test_a_cancelled_job_that_reports_nothing_runs_on(recording):
    recording.cancel()
    assert sum(range(10)) == 45


def test_nested_loops_all_stop(recording):
    outer, inner = [], []
    with pytest.raises(JobCancelled):
        for x in track(range(5)):
            outer.append(x)
            for y in track(iter(range(5))):
                inner.append(y)
                if (x, y) == (1, 2):
                    recording.cancel()
    assert (outer, inner) == ([0, 1], [0, 1, 2, 3, 4, 0, 1, 2])
    assert recording.sample() == bar(1, 5, "", [bar(5, 5), bar(3, 5)])


# --- which recording -----------------------------------------------------------------------------------


def test_outside_a_worker_nothing_happens():
    assert current() is None
    assert not cancelled()
    items = [1, 2]
    assert type(track(items, "x", total="bad")) is type(iter(items))
    with progress(total="bad", description="x") as step:
        step.advance("bad")
        step.update(current="bad", total=-1, description=object())
        with progress() as inner:
            inner.advance()
    with pytest.raises(ZeroDivisionError), progress():
        raise ZeroDivisionError


def test_a_task_called_inside_a_task_has_its_own_recording(recording):
    for _ in track([1], "outer"):
        inside = activate(Recording())
        assert current() is inside.recording
        list(track("ab", "inner"))
        assert inside.recording.sample() == bar(2, 2, "inner")
        deactivate(inside)
        deactivate(inside)
        assert current() is recording
        list(track("abc", "outer's own"))
    assert recording.sample() == bar(1, 1, "outer", [bar(3, 3, "outer's own")])


def test_a_recording_is_over_with_its_context_also_after_an_error():
    with pytest.raises(ZeroDivisionError), activate(Recording()):
        raise ZeroDivisionError
    assert current() is None


def test_threads_of_a_task_report_beneath_the_step_it_is_in(recording):
    with concurrent.futures.ThreadPoolExecutor(4) as pool, progress(8, "all") as step:

        def work(n):
            for _ in track(range(n), f"part {n}"):
                for _ in track("ab", "inner"):
                    pass
            step.advance()

        list(pool.map(work, range(1, 9)))
        sample = recording.sample()
    assert (sample["current"], sample["description"]) == (8, "all")
    parts = {part["description"]: part["current"] for part in sample["steps"]}
    assert parts == {f"part {n}": n for n in range(1, 9)}


def test_a_thread_is_nobodys_where_several_recordings_are_active(recording):
    with activate(Recording()), concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(current).result() is None


def test_a_pools_thread_that_served_an_earlier_job_serves_the_next():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for name in ("first", "second"):
            with activate(Recording()) as recording:
                pool.submit(lambda name=name: list(track("ab", name))).result()
                assert recording.sample() == bar(2, 2, name)
        assert pool.submit(current).result() is None


def test_advance_from_several_threads_loses_nothing(recording, restless):
    with progress() as step:
        threads = [threading.Thread(target=advance_often, args=(step, 20_000)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert recording.sample() == bar(80_000)


def advance_often(step, times):
    for _ in range(times):
        step.advance()


def test_coroutines_side_by_side_are_siblings(recording):
    import asyncio

    async def part(name):
        for _ in track(range(3), name):
            await asyncio.sleep(0)

    async def both():
        await asyncio.gather(part("a"), part("b"))

    with progress(description="all"):
        asyncio.run(both())
        assert recording.sample()["steps"] == [bar(3, 3, "a"), bar(3, 3, "b")]


def test_a_process_that_the_task_forks_reports_nothing(recording):
    child = os.fork()
    if child == 0:
        os._exit(0 if current() is None and type(track([1])) is type(iter([])) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert current() is recording


# --- the first report after a pause --------------------------------------------------------------------


@given(
    kind=st.sampled_from(sorted(KINDS)), n=st.integers(0, 40), ticks=st.integers(1, 9), at=st.sets(st.integers(0, 45))
)
def test_listening_loses_no_item_and_hears_of_the_next_turn(kind, n, ticks, at):
    heard, got = [], []
    with pytest.MonkeyPatch.context() as patch:
        recording = Recording(wake=lambda: heard.append(recording.sample()["current"]))
        with activate(recording):
            patch.setattr(loop, "TICKS", bytes(ticks))
            for x in track(KINDS[kind](n)):
                assert recording.sample()["current"] == len(got)
                got.append(int(x))
                if len(got) - 1 in at:
                    recording.listen()
            assert recording.sample() == bar(n, n) if n else True
    assert got == [int(x) for x in KINDS[kind](n)]
    # The count as the next item was asked for: the turn of the one before is over.
    assert heard == [number + 1 for number in sorted(at) if number < n]


@pytest.mark.parametrize("source", [range, lambda n: iter(range(n))])
def test_listening_counts_right_wherever_the_loop_moves_on_meanwhile(source, monkeypatch):
    monkeypatch.setattr(loop, "TICKS", bytes(3))
    for taken, meanwhile in itertools.product(range(1, 6), (1, 2, 9)):
        for step in itertools.count(1):
            with activate(Recording()) as recording:
                taking = Taking(source(7))

                def act(taking=taking, meanwhile=meanwhile):
                    with contextlib.suppress(StopIteration):
                        taking.take(meanwhile)

                taking.take(taken)
                with another_thread_at(step, act) as happened:
                    recording.listen()
                with contextlib.suppress(StopIteration):
                    taking.take(99)
                assert taking.got == 7
                assert recording.sample() == bar(7, 7)
            if not happened():
                assert step > 10
                break


@pytest.mark.parametrize("source", [range, lambda n: iter(range(n))])
@pytest.mark.parametrize("n", [0, 2, 3, 7])
def test_listening_counts_right_wherever_the_loop_is(source, n, monkeypatch):
    monkeypatch.setattr(loop, "TICKS", bytes(3))
    for step in itertools.count(1):
        with activate(Recording()) as recording:
            with another_thread_at(step, recording.listen) as happened:
                assert list(track(source(n))) == list(range(n))
            assert recording.sample() == bar(n, n)
        if not happened():
            assert step > 10
            break


@pytest.mark.parametrize("source", [range, lambda n: iter(range(n)), lambda n: list(range(n))])
def test_another_thread_that_listens_all_the_time_costs_no_item(source, restless):
    with activate(Recording()) as recording:
        done = threading.Event()

        def listen():
            while not done.is_set():
                recording.listen()

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        assert list(track(source(30_000))) == list(range(30_000))
        done.set()
        listener.join()
        assert recording.sample() == bar(30_000, 30_000)


def test_whatever_is_reported_first_is_heard_once():
    heard = []
    recording = Recording(wake=lambda: heard.append(recording.sample()))
    with activate(recording):
        with progress(total=9) as step:
            for report in (
                lambda: step.advance(),
                lambda: step.update(current=5),
                lambda: step.update(description="on"),
                lambda: progress(total=2).__enter__(),
            ):
                before = recording.sample()
                recording.listen()
                assert len(heard) == 0
                report()
                step.advance(0)
                assert len(heard) == 1
                assert heard.pop() != before
            recording.listen()
        assert len(heard) == 1


def test_a_cancel_is_not_missed_while_the_first_report_is_heard():
    for step_of in itertools.count(1):
        recording = Recording()
        with activate(recording), progress() as step:
            recording.listen()
            with another_thread_at(step_of, recording.cancel, HOT) as happened, contextlib.suppress(JobCancelled):
                step.advance()
            if not happened():
                assert step_of > 10
                break
            with pytest.raises(JobCancelled):
                step.advance()


# --- wake, close ---------------------------------------------------------------------------------------


def test_wake_is_called_when_the_first_step_opens_and_sees_it():
    samples = []
    recording = Recording(wake=lambda: samples.append(recording.sample()), clock=lambda: 12.5)
    recording.listen()
    with activate(recording):
        assert recording.opened_at is None
        for _ in track(range(100), "first"):
            list(track("ab"))
    assert samples == [bar(0, 100, "first")]
    assert recording.opened_at == 12.5


def test_a_wake_that_raises_fails_nothing():
    def wake():
        raise OSError("too many open files")

    with activate(Recording(wake=wake)) as recording:
        recording.listen()
        assert list(track("ab")) == ["a", "b"]
        assert recording.sample() == bar(2, 2)


def test_after_close_the_last_sample_stays(recording):
    for x in track(range(9), "work"):
        if x == 4:
            recording.close()
            recording.close()
            list(track("ab", "of a thread that runs on"))
            with progress() as step:
                step.advance()
    assert recording.sample() == bar(4, 9, "work")


def test_close_without_any_step(recording):
    recording.close()
    assert recording.sample() is None


# --- times ---------------------------------------------------------------------------------------------


def test_steps_bear_when_they_began_and_ended():
    clock = itertools.count(100).__next__
    with activate(Recording(clock=clock, timed=True)) as recording:
        with progress(total=2, description="outer"):
            for _ in track([1], "inner"):
                pass
            sample = recording.sample()
            (inner,) = sample["steps"]
            assert inner["finished"] - inner["started"] == 1
            assert "finished" not in sample
            assert sample["started"] < inner["started"]
        recording.close()
        assert recording.sample()["finished"] > inner["finished"]
    assert abs(sample["started"] - time.time()) < 60


def test_times_make_no_frame_too_long():
    with activate(Recording(timed=True)) as recording:
        with progress(description="all"):
            for n in range(60):
                with progress(total=1, description=f"{n} " + "x" * 90):
                    pass
        sample = recording.sample()
    assert json_bytes(sample) <= FRAME_VALUE_BYTES
    assert sample["steps"][0]["description"] == "…"
    assert "started" not in sample["steps"][0]
