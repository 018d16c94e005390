"""The recorder against a real log and database: rows and archive become what the log says, once each."""

import json
import random
import threading
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection, connections
from django.utils import timezone

from tasks import archive, epochs, eventlog, events, job_ended, recorder, records
from tasks.eventlog import Change, keeping
from tasks.models import Counter, Job, JobEvents
from tasks.upsert import upsert
from tests.support import writing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("log")]


@pytest.fixture
def log(redis_server, transactional_db):
    epochs.ensure_open()


def launch(**fields):
    job = events.blank_job(
        str(uuid.uuid4()), task="t.add", args={"a": 1, "b": [1.5, None]}, created_at=events.now(), **fields
    )
    eventlog.announce(job)
    return job["id"]


def begin(job_id, lease="taskcast:lease:w:1", retries=0, rerun=False):
    return writing.start(
        events.blank_job(job_id, task="t.add", created_at=events.now()),
        started={"state": "started", "started_at": events.now(), "worker": "w"},
        lease=lease,
        retries=retries,
        rerun=rerun,
    )


def progress(job_id, first, last):
    changes = [Change("progress", {"progress": {"current": i}}) for i in range(first, last + 1)]
    eventlog.append(job_id, changes, writer="w", n=first, attempt=1)


def end(job_id, **fields):
    done = {"state": "succeeded", "finished_at": events.now(), "result": 8, **fields}
    return eventlog.append(job_id, [Change("state", done)], writer="end", n=1, attempt=1)


@pytest.fixture(autouse=True)
def nobody_rests():
    recorder._resting.clear()


def record_all():
    total = 0
    while eventlog.dirty(1):
        total += recorder.record_once()
    return total


def archived(job_id):
    chunks = JobEvents.objects.filter(job_id=job_id).order_by("first")
    return [json.loads(line) for chunk in chunks for line in chunk.body.split("\n")]


def assert_recorded(job_id):
    """The row is the snapshot, and the archive folds into it, with each event once."""
    job = eventlog.snapshot(job_id).job
    row = Job.objects.select_related("owner").get(pk=job_id)
    assert row.as_dict() == job
    found = archived(job_id)
    assert [event["seq"] for event in found] == list(range(1, job["seq"] + 1))
    assert events.fold_all(events.blank_job(job_id), map(events.cut_event, found)) == events.cut_job(job)
    assert row.archived == row.seq == job["seq"]


def test_a_jobs_life_becomes_its_row_and_its_archive(redis_server):
    job_id = launch()
    assert recorder.record_once() == 1
    assert_recorded(job_id)
    begin(job_id)
    progress(job_id, 1, 20)
    assert record_all() == 1
    assert Job.objects.get(pk=job_id).lease == "taskcast:lease:w:1"
    end(job_id, result={"deep": ["a", {"b": 2**70}]}, outputs=[{"name": "t", "kind": "json"}])
    assert record_all() == 1
    assert_recorded(job_id)
    assert recorder.record_once() == 0
    client = redis_server.client()
    for key in (f"taskcast:log:{job_id}", f"taskcast:job:{job_id}"):
        assert 600 < client.ttl(key) <= 900


def test_long_values_are_recorded_whole_and_named(redis_server):
    job_id = launch()
    begin(job_id)
    end(job_id, result="x" * 20_000)
    record_all()
    assert_recorded(job_id)
    assert Job.objects.get(pk=job_id).truncated == ["result"]


def test_a_row_written_by_the_launch_keeps_what_only_it_knows():
    job_id = str(uuid.uuid4())
    owner = get_user_model().objects.create_user("alice")
    eta = timezone.now()
    Job.objects.create(
        id=job_id, task="t.add", args={}, created_at=eta, owner=owner, message={"a": 1}, queue="q", eta=eta
    )
    job = events.blank_job(job_id, task="t.add", created_at=events.iso(eta), owner="alice")
    eventlog.announce(job, owner_id=owner.pk)
    record_all()
    row = Job.objects.get(pk=job_id)
    assert (row.message, row.queue, row.eta, row.published_at) == ({"a": 1}, "q", eta, None)
    assert (row.owner, row.state) == (owner, "queued")
    begin(job_id)
    record_all()
    assert Job.objects.get(pk=job_id).message is None, "it may hold secrets, and nobody will have to send it again"
    assert_recorded(job_id)


def test_an_owner_who_is_gone_is_nobody():
    owner = get_user_model().objects.create_user("alice")
    job = events.blank_job(str(uuid.uuid4()), task="t", created_at=events.now(), owner="alice")
    eventlog.announce(job, owner_id=owner.pk)
    owner.delete()
    other = launch()
    record_all()
    assert Job.objects.get(pk=job["id"]).owner is None
    assert_recorded(other)


def test_changes_are_numbered_in_the_order_of_their_commits():
    ids = [launch() for _ in range(5)]
    record_all()
    first = set(Job.objects.values_list("change", flat=True))
    assert len(first) == 5
    begin(ids[2])
    record_all()
    assert Job.objects.get(pk=ids[2]).change == Counter.objects.get(name="change").value > max(first)


def test_what_is_written_while_a_batch_is_recorded_stays_dirty(monkeypatch):
    job_id = launch()
    write = recorder._write

    def write_and_more(plans, epoch):
        written = write(plans, epoch)
        if plans:
            begin(job_id)
        return written

    monkeypatch.setattr(recorder, "_write", write_and_more)
    recorder.record_once()
    monkeypatch.setattr(recorder, "_write", write)
    assert eventlog.dirty() == [job_id]
    record_all()
    assert_recorded(job_id)


def test_events_newer_than_the_snapshot_wait_for_the_next_batch(redis_server):
    """Between the two reads of a job somebody may write: a row must never be older than its archive."""
    job_id = launch()
    client = redis_server.client()
    raw = client.hgetall(f"taskcast:job:{job_id}")
    begin(job_id)
    tail = keeping._tail(raw, [(entry, ("e", told["e"])) for entry, told in client.xrange(f"taskcast:log:{job_id}")])
    assert [seq for seq, _ in tail.events] == [1]


def test_a_recorder_that_dies_before_it_settles_doubles_nothing(monkeypatch):
    job_id = launch()
    begin(job_id)
    with monkeypatch.context() as patch:
        patch.setattr(eventlog, "settle", lambda recorded: None)
        assert recorder.record_once() == 1
        assert recorder.record_once() == 0
    progress(job_id, 1, 5)
    record_all()
    assert_recorded(job_id)


def test_recorders_at_once_write_each_event_once():
    ids = [launch() for _ in range(30)]
    for job_id in ids:
        begin(job_id)
    stop = threading.Event()
    failures = []

    def run():
        try:
            while not stop.is_set() or eventlog.dirty(1):
                recorder.record_once()
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(20):
        for job_id in ids:
            progress(job_id, turn * 3 + 1, turn * 3 + 3)
    for job_id in ids:
        end(job_id)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert recorder._resting == {}, "a job was refused: two wrote the same"
    for job_id in ids:
        assert_recorded(job_id)


@pytest.mark.parametrize("seed", range(5))
def test_archive_and_stream_are_dense_whatever_the_turns(seed, monkeypatch):
    monkeypatch.setattr(recorder, "BATCH_EVENTS", 300)
    monkeypatch.setattr(recorder, "KEEP_EVENTS", 40)
    monkeypatch.setattr(recorder, "TRIM_STEP", 10)
    monkeypatch.setattr(records, "CHUNK_EVENTS", 7)
    dice = random.Random(seed)
    ids = [launch() for _ in range(4)]
    for job_id in ids:
        begin(job_id)
    written = dict.fromkeys(ids, 0)
    for _ in range(60):
        job_id = dice.choice(ids)
        if dice.random() < 0.4:
            recorder.record_once()
        else:
            n = dice.randint(1, 60)
            progress(job_id, written[job_id] + 1, written[job_id] + n)
            written[job_id] += n
        for each in ids:
            row = Job.objects.filter(pk=each).first()
            after = row.archived if row else 0
            stream = eventlog.read(each, after, 10_000)
            seqs = [event["seq"] for event in [*archived(each), *stream.events]]
            assert seqs == list(range(1, stream.seq + 1))
    for job_id in ids:
        end(job_id)
    record_all()
    for job_id in ids:
        assert_recorded(job_id)
        assert eventlog.read(job_id, 0, 10_000).reaches == (written[job_id] <= 40)


def test_a_job_that_the_database_refuses_does_not_hold_up_the_others(monkeypatch):
    ids = [launch() for _ in range(9)]
    row = records.row

    def refuse(plan, **options):
        if plan.job_id == ids[4]:
            raise OverflowError("too large for a column")
        return row(plan, **options)

    monkeypatch.setattr(records, "row", refuse)
    recorder._resting.clear()
    assert recorder.record_once() == 8
    assert eventlog.dirty() == [ids[4]]
    assert recorder.record_once() == 0, "it is left alone for a while"
    monkeypatch.setattr(records, "row", row)
    recorder._resting.clear()
    assert recorder.record_once() == 1


@pytest.mark.only("postgresql")  # which is given the next rows before it has answered; and SQLite holds any text
def test_what_the_server_itself_refuses_does_not_hold_up_the_others(monkeypatch):
    ids = [launch() for _ in range(300)]
    row = records.row

    def too_long(plan, **options):
        return row(plan, **options) | ({"queue": "q" * 300} if plan.job_id == ids[150] else {})

    monkeypatch.setattr(records, "row", too_long)
    recorder._resting.clear()
    assert recorder.record_once() == 299
    assert eventlog.dirty() == [ids[150]]
    recorder._resting.clear()


def test_text_that_a_database_cannot_hold_is_recorded_all_the_same():
    job_id = launch()
    begin(job_id)
    end(job_id, result="a\x00b", reason="c\x00d")
    record_all()
    assert Job.objects.get(pk=job_id).result == "a␀b"
    assert len(archived(job_id)) == 3


def test_an_id_that_is_no_uuid_is_let_go(redis_server):
    job = events.blank_job("my-own-id", task="t", created_at=events.now())
    eventlog.announce(job)
    other = launch()
    record_all()
    assert_recorded(other)
    assert eventlog.dirty() == []
    assert redis_server.client().ttl("taskcast:job:my-own-id") > 0


def test_a_log_that_lost_its_last_second_is_put_right_from_the_row(redis_server):
    job_id = launch()
    begin(job_id)
    end(job_id)
    record_all()
    client = redis_server.client()
    client.delete(f"taskcast:log:{job_id}", f"taskcast:job:{job_id}")
    begin(job_id)  # a copy of its message, delivered again
    assert eventlog.snapshot(job_id).job["state"] == "started"
    record_all()
    assert eventlog.snapshot(job_id).job == Job.objects.get(pk=job_id).as_dict()
    assert Job.objects.get(pk=job_id).state == "succeeded"
    late = eventlog.append(
        job_id, [Change("log", lines=[{"time": "", "level": "info", "text": "late"}])], writer="z", n=1
    )
    assert late.status == "final"
    record_all()
    assert_recorded(job_id)


def test_a_batch_read_before_the_log_began_anew_is_not_written():
    job_id = launch()
    tail = records.plan(job_id, records.Known(), eventlog.tails({job_id: 0}, 10)[job_id])
    epoch = epochs.counted()
    epochs._begin()
    assert recorder._write([tail], epoch) == ([], 0)
    assert not Job.objects.exists()


@pytest.mark.only("sqlite")
def test_a_locked_database_is_waited_for():
    job_id = launch()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        patience = cursor.fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 50")
    locked, done = threading.Event(), threading.Event()

    def lock():
        with connections["default"].cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            locked.set()
            done.wait()
            cursor.execute("ROLLBACK")
        connections.close_all()

    thread = threading.Thread(target=lock)
    thread.start()
    locked.wait()
    with pytest.raises(OperationalError):
        recorder.record_once()
    done.set()
    thread.join()
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {patience}")
    assert recorder.record_once() == 1
    assert_recorded(job_id)


def test_the_archive_of_an_old_job_keeps_all_but_superseded_progress():
    job_id, young = launch(), launch()
    for each in (job_id, young):
        begin(each)
        for i, cancel in enumerate(("asked", "seen"), start=1):
            eventlog.append(each, [Change("state", {"cancel": cancel})], writer="c", n=i, attempt=1)
        for i in range(3):
            progress(each, i * 10 + 1, i * 10 + 10)
            record_all()
        eventlog.append(
            each, [Change("log", lines=[{"time": "", "level": "info", "text": "a\u2028b\x85c"}])], writer="l", n=1
        )
        end(each)
    record_all()
    Job.objects.filter(pk=job_id).update(finished_at=timezone.now() - timedelta(minutes=16))
    assert archive.compact_once() == 1
    assert archive.compact_once() == 0
    found = archived(job_id)
    assert [event["kind"] for event in found] == ["state"] * 4 + ["progress", "log", "state"]
    seqs = [event["seq"] for event in found]
    assert seqs == sorted(set(seqs))
    folded = events.fold_all(events.blank_job(job_id), found)
    assert folded == eventlog.snapshot(job_id).job
    assert JobEvents.objects.filter(job_id=job_id).count() == 1
    assert_recorded(young)


def test_the_end_of_a_job_is_told_once_and_after_it_is_written(caplog):
    told = []

    def broken(job, **_):
        raise ValueError("a receiver that is broken")

    def told_of(job, **_):
        told.append((str(job.pk), job.state, job.result, Job.objects.get(pk=job.pk).state, connection.in_atomic_block))

    job_ended.connect(broken)
    job_ended.connect(told_of)
    try:
        first, second = launch(), launch()
        begin(first)
        recorder.record_once()
        assert told == []
        end(first)
        recorder.record_once()
        line = {"time": events.now(), "level": "warning", "text": "the worker came back"}
        eventlog.append(first, [Change("log", lines=[line])], writer="late", n=1, attempt=1, late=True)
        assert recorder.record_once() == 1
        # One that nobody recorded before it had ended.
        begin(second)
        end(second, state="failed", result=None)
        recorder.record_once()
    finally:
        job_ended.disconnect(broken)
        job_ended.disconnect(told_of)
    assert told == [(first, "succeeded", 8, "succeeded", False), (second, "failed", None, "failed", False)]
    assert caplog.text.count("Error calling") == 2


def test_many_rows_are_inserted_or_overwritten_at_once_and_keep_what_the_log_does_not_decide():
    users = get_user_model().objects
    owner = users.create_user("alice")
    ids = [uuid.UUID(int=n) for n in range(1, 101)]
    # Half of them were launched with a row, which knows what no event bears.
    for pk in ids[::2]:
        Job.objects.create(id=pk, task="t.add", created_at=timezone.now(), queue="slow", priority=9, owner=owner)
    text = "quotes \" ' and {braces}, \\ and 한국어, %s"
    rows = [
        {
            "id": pk,
            "task": text,
            "args": {"z": text, "a": [None, 1.5]},
            "state": "succeeded",
            "result": None if n % 3 else [text],
            "outputs": [],
            "started_at": timezone.now() if n % 2 else None,
            "owner_id": None,
            "created_at": timezone.now(),
            "queue": "",
            "lease": "",
            **dict.fromkeys(("attempt", "epoch", "seq", "archived", "change"), n),
        }
        for n, pk in enumerate(ids)
    ]
    upsert(Job, rows, ("task", "args", "state", "result", "outputs", "started_at"))
    upsert(Job, [], ("task",))
    found = Job.objects.in_bulk(ids)
    assert len(found) == Job.objects.count() == 100
    for n, pk in enumerate(ids):
        job = found[pk]
        assert (job.task, job.state, job.result) == (text, "succeeded", rows[n]["result"])
        assert (list(job.args), job.args, job.outputs) == (["z", "a"], rows[n]["args"], [])
        assert job.started_at == rows[n]["started_at"]
        known = ("slow", 9, owner.pk) if n % 2 == 0 else ("", None, None)
        assert (job.queue, job.priority, job.owner_id) == known
