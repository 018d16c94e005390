"""The event log against a real Redis: one dense order, whoever writes, and nothing that must not be written."""

import threading
import uuid

import pytest

from tasks import eventlog, events
from tasks.eventlog import Change, LogUnavailable
from tests.support import writing

pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture
def log(redis_server):
    eventlog.open_epoch(1)


def new_job(state="queued", **fields):
    job = events.blank_job(str(uuid.uuid4()), task="t.add", state=state, created_at=events.now(), **fields)
    eventlog.announce(job)
    return job["id"]


def begin(job_id, token="call", rerun=False, lease="taskcast:lease:w", retries=0, orphaned=0):
    return writing.start(
        events.blank_job(job_id, task="t.add"),
        started={"state": "started", "worker": "w"},
        lease=lease,
        token=token,
        retries=retries,
        rerun=rerun,
        orphaned=orphaned,
    )


def assert_law(job_id):
    """Snapshot plus events after it equals a fresh snapshot: whole, and as frames cut it."""
    now = eventlog.snapshot(job_id).job
    stored = eventlog.read(job_id, 0, 100_000).events
    assert [event["seq"] for event in stored] == list(range(1, now["seq"] + 1))
    for form_job, form_event in ((events.cut_job, events.cut_event), (events.whole_job, events.whole_event)):
        for event in stored:
            events.check_event(form_event(event))
        assert events.fold_all(events.blank_job(job_id), map(form_event, stored)) == form_job(now)


def test_several_writers_get_one_dense_order_and_lose_nothing():
    job_id = new_job()
    begin(job_id)

    def write(writer):
        for n in range(1, 101):
            lines = [{"time": events.now(), "level": "info", "text": f"{writer} {n}"}]
            eventlog.append(job_id, [Change("log", lines=lines)], writer=writer, n=n, attempt=1)

    threads = [threading.Thread(target=write, args=(f"w{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = eventlog.read(job_id, 2, 1000).events
    assert [event["seq"] for event in found] == list(range(3, 403))
    texts = [event["lines"][0]["text"] for event in found]
    for i in range(4):
        assert [text for text in texts if text.startswith(f"w{i} ")] == [f"w{i} {n}" for n in range(1, 101)]
    assert_law(job_id)


def test_a_repeated_append_is_known_by_its_number():
    job_id = new_job()
    changes = [Change("progress", {"progress": {"current": i}}) for i in (1, 2, 3)]
    first = eventlog.append(job_id, changes[:2], writer="w", n=1)
    again = eventlog.append(job_id, changes, writer="w", n=1)
    assert [seq for seq, _ in first.written] == [2, 3]
    assert [seq for seq, _ in again.written] == [4]
    assert_law(job_id)


def test_of_several_copies_one_starts():
    job_id = new_job()
    assert begin(job_id, "a").status == "started"
    assert begin(job_id, "a").status == "started", "the same call, repeated because its answer was lost"
    assert begin(job_id, "b").status == "duplicate"
    assert eventlog.snapshot(job_id).job["attempt"] == 1
    assert_law(job_id)


def test_a_job_that_nobody_announced_comes_into_being_at_its_start():
    job_id = str(uuid.uuid4())
    assert begin(job_id).status == "started"
    assert [event["set"]["state"] for event in eventlog.read(job_id, 0).events] == ["queued", "started"]
    late = eventlog.announce(events.blank_job(job_id, task="t.add"))
    assert late.status == "refused"
    assert_law(job_id)


def test_a_dead_workers_job_starts_again_only_where_it_may(redis_server):
    job_id = new_job()
    begin(job_id, "a", lease="taskcast:lease:one")
    assert begin(job_id, "b", rerun=False).status == "duplicate"
    redis_server.client().set("taskcast:lease:one", "alive")
    assert begin(job_id, "c", rerun=True).status == "duplicate"
    redis_server.client().delete("taskcast:lease:one")
    reply = begin(job_id, "d", rerun=True)
    assert (reply.status, reply.attempt) == ("started", 2)
    old = eventlog.append(job_id, [Change("log", lines=[{"text": "zombie"}])], writer="old", n=1, attempt=1)
    assert (old.status, old.written) == ("fenced", [])
    assert_law(job_id)


def test_a_job_starts_at_most_three_times_where_its_workers_die():
    job_id = new_job()
    for attempt in (1, 2, 3):
        assert begin(job_id, str(attempt), rerun=True, lease=f"taskcast:lease:{attempt}").attempt == attempt
    assert begin(job_id, "4", rerun=True).status == "lost"
    assert eventlog.snapshot(job_id).job["state"] == "lost"
    assert begin(job_id, "5", rerun=True).status == "duplicate"
    assert_law(job_id)


def test_a_living_workers_job_starts_again_where_its_process_was_seen_dead(redis_server):
    job_id = new_job()
    redis_server.client().set("taskcast:lease:w", "alive")
    begin(job_id, "a", rerun=True)
    assert begin(job_id, "b", rerun=True).status == "duplicate"
    assert begin(job_id, "c", rerun=True, orphaned=1).attempt == 2
    assert begin(job_id, "d", rerun=True, orphaned=1).status == "duplicate", "that was the attempt before"
    assert_law(job_id)


AGAIN, LOST = {"state": "queued", "reason": "w stopped answering"}, {"state": "lost"}


def test_an_orphan_waits_to_be_started_again_and_its_old_attempt_is_refused():
    job_id = new_job()
    begin(job_id, "a", rerun=True)
    told = eventlog.orphan(job_id, lease="taskcast:lease:w", attempt=1, again=AGAIN, lost=LOST)
    assert told.status == "again"
    late = [Change("state", {"state": "succeeded", "result": 1}), Change("log", lines=[{"text": "woken"}])]
    assert eventlog.append(job_id, late, writer="1.x", n=1, attempt=1).status == "fenced"
    main = eventlog.append(job_id, late, writer="main.x", n=1, lease="taskcast:lease:w")
    assert (main.status, main.written) == ("fenced", []), "nor may its worker's main process tell an end"
    assert eventlog.snapshot(job_id).job["state"] == "queued"
    assert begin(job_id, "b", lease="taskcast:lease:w2").attempt == 2
    assert eventlog.append(job_id, late, writer="2.x", n=1, attempt=2).status == "final"
    assert_law(job_id)


def test_an_orphan_whose_message_is_gone_or_that_died_too_often_is_lost():
    gone, often = new_job(), new_job()
    begin(gone, "a", rerun=True)
    told = eventlog.orphan(gone, lease="taskcast:lease:w", attempt=1, again=None, lost=LOST)
    assert (told.status, eventlog.snapshot(gone).job["state"]) == ("lost", "lost")
    for attempt, status in ((1, "again"), (2, "again"), (3, "lost")):
        begin(often, str(attempt), rerun=True)
        told = eventlog.orphan(often, lease="taskcast:lease:w", attempt=attempt, again=AGAIN, lost=LOST)
        assert told.status == status
    assert_law(often)


def test_a_job_that_went_on_is_nobodys_orphan():
    job_id = new_job()
    begin(job_id, "a", rerun=True)
    begin(job_id, "b", rerun=True)
    for attempt, lease in ((1, "taskcast:lease:w"), (2, "taskcast:lease:x")):
        assert eventlog.orphan(job_id, lease=lease, attempt=attempt, again=AGAIN, lost=LOST).status == "moved"
    assert eventlog.snapshot(job_id).job["state"] == "started"


def test_a_retry_may_start_before_its_predecessor_said_retrying():
    job_id = new_job()
    begin(job_id, "first")
    assert begin(job_id, "retry", retries=1).attempt == 2
    late = eventlog.append(job_id, [Change("state", {"state": "retrying"})], writer="1", n=1, attempt=1)
    assert late.status == "fenced"
    eventlog.append(job_id, [Change("state", {"state": "retrying"})], writer="2", n=1, attempt=2)
    assert begin(job_id, "old copy", retries=1).status == "duplicate"
    assert begin(job_id, "next", retries=2).attempt == 3
    assert_law(job_id)


def test_a_final_state_is_left_for_nothing_but_a_late_line():
    job_id = new_job()
    begin(job_id)
    eventlog.append(job_id, [Change("state", {"state": "lost"})], writer="watch", n=1)
    changes = [
        Change("state", {"state": "succeeded", "result": 8}),
        Change("log", lines=[{"text": "it had succeeded"}]),
    ]
    late = eventlog.append(job_id, changes, writer="w", n=1, attempt=1)
    assert (late.status, late.written) == ("final", [])
    assert eventlog.append(job_id, changes, writer="w.late", n=1, attempt=1, late=True).status == "final"
    job = eventlog.snapshot(job_id).job
    assert (job["state"], job["result"]) == ("lost", None)
    assert eventlog.read(job_id, 0).events[-1]["lines"] == [{"text": "it had succeeded"}]
    assert_law(job_id)


def test_a_state_that_cannot_follow_is_refused():
    job_id = new_job()
    reply = eventlog.append(job_id, [Change("state", {"state": "retrying"})], writer="w", n=1)
    assert reply.status == "refused"
    assert eventlog.snapshot(job_id).job["state"] == "queued"


def test_a_job_that_has_been_started_is_not_announced_any_more():
    job_id = str(uuid.uuid4())
    begin(job_id)
    eventlog.append(job_id, [Change("state", {"state": "retrying"})], writer="w", n=1, attempt=1)
    assert eventlog.announce(events.blank_job(job_id, task="t.add")).status == "refused"
    assert eventlog.snapshot(job_id).job["attempt"] == 1


def test_what_is_for_one_state_is_written_in_that_one_only():
    job_id = new_job()
    told = Change("state", {"reason": "it waits"}, only={"queued"})
    assert eventlog.append(job_id, [told], writer="s.1", n=1).status == "ok"
    begin(job_id)
    assert eventlog.append(job_id, [told], writer="s.3", n=1).status == "refused"
    assert_law(job_id)


def test_cancel_ends_a_waiting_job_and_asks_a_started_one():
    waiting, started = new_job(), new_job()
    begin(started)
    ends = {"asked": {"cancel": "asked"}, "cancelled": {"state": "cancelled", "cancel": "seen"}}
    assert eventlog.cancel(waiting, **ends).status == "ok"
    assert eventlog.cancel(started, **ends).cancel == "asked"
    assert begin(waiting, "late").status == "cancelled"
    assert eventlog.snapshot(started).job["state"] == "started"
    assert eventlog.cancel(waiting, **ends).status == "final"
    assert_law(waiting)
    assert_law(started)


def test_a_cancel_asked_before_a_retry_keeps_the_next_attempt_from_starting():
    job_id = new_job()
    begin(job_id)
    eventlog.cancel(job_id, asked={"cancel": "asked"}, cancelled={})
    eventlog.append(job_id, [Change("state", {"state": "retrying"})], writer="w", n=1, attempt=1)
    assert begin(job_id, "second", retries=1).status == "cancelled"
    assert eventlog.snapshot(job_id).job["state"] == "cancelled"


def test_long_values_are_named_and_the_law_holds_for_them():
    job_id = new_job(args={"text": "x" * 9000})
    begin(job_id)
    eventlog.append(job_id, [Change("output", {"outputs": [{"name": "a", "value": "한" * 3000}]})], writer="w", n=1)
    eventlog.append(job_id, [Change("output", {"outputs": []})], writer="w", n=2)
    end = Change("state", {"state": "succeeded", "result": None}, kept=frozenset({"result"}))
    eventlog.append(job_id, [end], writer="w", n=3)
    now = eventlog.snapshot(job_id).job
    assert now["truncated"] == ["args", "result"]
    assert events.whole_job(now)["truncated"] == ["result"]
    assert events.cut_job(now)["args"] is None
    assert_law(job_id)


def test_values_reach_the_log_as_they_are():
    value = {"empty list": [], "empty": {}, "big": 2**70, "float": 0.1, "text": "한글 \ud800 \x1b \u2028 </script>"}
    job_id = new_job(args=value)
    args = eventlog.snapshot(job_id).job["args"]
    assert args == {**value, "text": value["text"].replace("\ud800", "?")}


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "\u2028 \x85 \x0b", "{", "1{2}", '"time":"'])
def test_a_page_has_each_event_as_it_was_written(text):
    """Its events are one text with a line for each."""
    job_id = new_job()
    for n in range(1, 4):
        eventlog.append(job_id, [Change("log", lines=[{"text": f"{n} {text}"}])], writer="w", n=n)
    page = eventlog.read(job_id, 1)
    assert [(event["seq"], event["lines"][0]["text"]) for event in page.events] == [
        (seq, f"{seq - 1} {text}") for seq in (2, 3, 4)
    ]
    assert eventlog.read(job_id, 2).before == page.events[0]["time"]


def test_nothing_is_written_while_the_log_has_no_epoch(redis_server):
    job_id = new_job()
    redis_server.client().flushall()
    with pytest.raises(LogUnavailable):
        eventlog.append(job_id, [Change("progress")], writer="w", n=1)
    assert eventlog.current_epoch() is None


def test_a_restored_job_goes_on_after_its_row(redis_server):
    job_id = new_job()
    begin(job_id)
    job = eventlog.snapshot(job_id).job
    redis_server.client().flushall()
    eventlog.restore(job, 2, owner_id=7, lease="taskcast:lease:w")
    eventlog.open_epoch(2)
    reply = eventlog.append(job_id, [Change("progress", {"progress": None})], writer="w", n=9, attempt=1)
    assert (reply.epoch, reply.written[0][0]) == (2, job["seq"] + 1)
    assert eventlog.snapshot(job_id).owner_id == 7
    assert eventlog.running() == {job_id: "taskcast:lease:w"}
    assert not eventlog.read(job_id, 0).reaches


def test_a_page_says_whether_the_stream_reaches_back():
    job_id = new_job()
    begin(job_id)
    assert eventlog.read(job_id, 2).events == []
    assert eventlog.read(job_id, 2).reaches
    eventlog.trim(job_id, 1)
    assert not eventlog.read(job_id, 0).reaches
    assert eventlog.read(job_id, 1).reaches
    assert eventlog.read(str(uuid.uuid4()), 0) is None


def test_a_dirty_job_stays_dirty_when_it_was_written_since():
    job_id = new_job()
    assert eventlog.dirty() == [job_id]
    begin(job_id)
    eventlog.settle({job_id: 1})
    assert eventlog.dirty() == [job_id]
    eventlog.settle({job_id: 2})
    assert eventlog.dirty() == []
