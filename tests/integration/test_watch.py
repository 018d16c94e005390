"""The watch against a real log and database: epochs, jobs of dead workers, dispatch."""

import logging
import threading
import uuid
from datetime import timedelta

import pytest
from celery import current_app
from django.contrib.auth import get_user_model
from django.db import connections
from django.utils import timezone
from kombu.exceptions import EncodeError

from tasks import broker, control, epochs, eventlog, events, launching, leases, recorder, watch
from tasks.eventlog import Change, LogUnavailable
from tasks.locks import Lock
from tasks.models import Counter, Job
from tests.integration.test_recorder import assert_recorded, begin, end, launch, progress, record_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("log")]
LEASE = "taskcast:lease:w1@host:boot"


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Ticking:
    """A watch, and time that passes by its ticks alone."""

    def __init__(self):
        self.clock = Clock()
        self.watch = watch.Watch(self.clock)

    def tick(self, times=1, seconds=1.0):
        for _ in range(times):
            assert self.watch.tick()
            self.clock.now += seconds


@pytest.fixture
def log(redis_server, transactional_db):
    epochs.ensure_open()


@pytest.fixture
def ticking():
    return Ticking()


@pytest.fixture
def alive(redis_server, monkeypatch):
    """Makes LEASE alive, with what its worker says that it runs."""
    monkeypatch.setattr(leases, "_key", LEASE)

    def renew(**said):
        leases.renew({"active": None, **said})

    return renew


# --- epochs


def test_the_first_start_opens_epoch_one(redis_server):
    assert eventlog.current_epoch() == 1
    assert Counter.objects.get(name="epoch").value == 1
    epochs.ensure_open()
    assert Counter.objects.get(name="epoch").value == 1


def test_an_emptied_redis_begins_anew_with_the_unfinished_jobs(redis_server, ticking):
    owner = get_user_model().objects.create_user("alice")
    job = events.blank_job(str(uuid.uuid4()), task="t", created_at=events.now(), owner="alice")
    eventlog.announce(job, owner_id=owner.pk)
    waiting, running, done, unknown = job["id"], launch(), launch(), launch()
    begin(running, LEASE)
    progress(running, 1, 7)
    begin(done)
    end(done)
    eventlog.settle({unknown: 1})  # never recorded
    record_all()
    before = {job_id: eventlog.snapshot(job_id).job for job_id in (waiting, running)}
    redis_server.client().flushall()
    with pytest.raises(LogUnavailable):
        progress(running, 8, 8)

    ticking.tick()
    assert eventlog.current_epoch() == 2
    for job_id, known in before.items():
        snapshot = eventlog.snapshot(job_id)
        assert (snapshot.epoch, snapshot.job) == (2, known)
    assert eventlog.snapshot(waiting).owner_id == owner.pk
    assert eventlog.snapshot(done) is None
    assert eventlog.running() == {running: LEASE}
    # Its worker goes on as if nothing had been.
    progress(running, 8, 9)
    end(running)
    record_all()
    assert_recorded(running)
    assert Job.objects.get(pk=running).epoch == 2


def test_many_who_open_at_once_open_one_epoch(redis_server):
    ids = [launch() for _ in range(20)]
    record_all()
    redis_server.client().flushall()

    def open_it():
        epochs.ensure_open()
        connections.close_all()

    threads = [threading.Thread(target=open_it) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert eventlog.current_epoch() == 2
    assert {eventlog.snapshot(job_id).epoch for job_id in ids} == {2}


def test_a_restore_that_is_cut_off_by_another_flush_is_not_opened(redis_server, monkeypatch):
    now = timezone.now()
    Job.objects.bulk_create(Job(task="t", created_at=now) for _ in range(150))
    ids = [str(pk) for pk in Job.objects.values_list("pk", flat=True)]
    redis_server.client().flushall()
    restore, left = eventlog.restore, [50]

    def flush_once_meanwhile(*args, **options):
        restore(*args, **options)
        left[0] -= 1
        if left[0] == 0:
            redis_server.client().flushall()

    with monkeypatch.context() as patch:
        patch.setattr(eventlog, "restore", flush_once_meanwhile)
        assert not epochs.open_anew()
    assert eventlog.current_epoch() is None
    epochs.check()
    assert len(eventlog.heads(ids)) == 150


def test_a_new_database_beside_a_redis_in_use_counts_on_from_there(redis_server, ticking):
    redis_server.client().set(eventlog.EPOCH, 7)
    ticking.tick()
    assert (eventlog.current_epoch(), epochs.counted()) == (7, 7)


def test_an_older_redis_begins_anew(ticking):
    Counter.objects.filter(name="epoch").update(value=5)
    job_id = launch()
    record_all()
    ticking.tick()
    assert (eventlog.current_epoch(), epochs.counted()) == (6, 6)
    assert eventlog.snapshot(job_id).epoch == 6


# --- cancelling


def test_a_cancel_that_was_acknowledged_outlives_a_redis_that_loses_its_data(redis_server, ticking):
    waiting, running = launch(), launch()
    begin(running, LEASE)
    record_all()
    assert control.cancel(waiting)["state"] == "cancelled"
    assert control.cancel(running)["cancel"] == "asked"
    redis_server.client().flushall()  # before any of it was recorded
    ticking.tick()
    assert eventlog.snapshot(waiting).job["state"] == "cancelled"
    assert [event["set"]["state"] for event in eventlog.read(waiting, 0).events] == ["cancelled"]
    job = eventlog.snapshot(running).job
    assert (job["state"], job["cancel"]) == ("started", "asked")
    progress(running, 1, 7)  # the attempt goes on, and is told in the answer
    assert eventlog.append(running, [], writer="w", n=8, attempt=1).cancel == "asked"
    record_all()
    assert_recorded(waiting)
    assert_recorded(running)


def test_a_log_that_fell_back_behind_a_cancel_is_told_again(redis_server, ticking):
    """A Redis that is killed may lose its last second, and comes back with the rest."""
    running = launch()
    begin(running, LEASE)
    record_all()
    before = eventlog.snapshot(running).job
    control.cancel(running)
    eventlog.restore(before, 1, owner_id=None, lease=LEASE)
    progress(running, 1, 7)
    record_all()
    assert Job.objects.get(pk=running).cancel == "asked", "what the log does not know of is not forgotten"
    ticking.tick()
    assert eventlog.snapshot(running).job["cancel"] == "asked"
    ticking.tick()
    asked = [event["seq"] for event in eventlog.read(running, 0).events if "cancel" in event.get("set", {})]
    assert len(asked) == 1, "once is enough"


def test_a_cancel_that_came_too_late_is_not_noted(ticking):
    job_id = launch()
    begin(job_id, LEASE)
    record_all()
    end(job_id)  # not recorded yet
    with pytest.raises(control.NotCancellable):
        control.cancel(job_id)
    ticking.tick()
    record_all()
    assert_recorded(job_id)
    assert Job.objects.get(pk=job_id).cancel is None


# --- reaping


def test_a_job_whose_workers_lease_is_gone_is_lost(redis_server, alive, ticking):
    alive()
    beat = leases.workers()[LEASE]["beat"]
    job_id = launch()
    begin(job_id, LEASE)
    ticking.tick(10)
    assert eventlog.snapshot(job_id).job["state"] == "started"
    redis_server.client().delete(LEASE)
    ticking.tick(4)
    assert eventlog.snapshot(job_id).job["state"] == "started", "it may be renewed in a moment"
    ticking.tick()
    job = eventlog.snapshot(job_id).job
    at = timezone.localtime(timezone.datetime.fromisoformat(beat)).strftime("%H:%M:%S")
    assert (job["state"], job["reason"]) == (
        "lost",
        f"worker w1@host stopped answering at {at}; it was killed or cut off",
    )
    assert job["finished_at"]
    assert eventlog.running() == {}
    late = [Change("state", {"state": "succeeded", "result": 8})]
    assert eventlog.append(job_id, late, writer="w", n=1, attempt=1).status == "final"
    record_all()
    assert_recorded(job_id)


def test_a_lease_that_comes_back_saves_the_job(redis_server, alive, ticking):
    job_id = launch()
    begin(job_id, LEASE)
    for _ in range(3):
        ticking.tick(4)
        alive()
        ticking.tick()
        redis_server.client().delete(LEASE)
    assert eventlog.snapshot(job_id).job["state"] == "started"


def test_one_look_after_a_long_sleep_condemns_nobody(alive, ticking):
    """This process, or the whole machine, may have been frozen: all leases have run out, and all will be renewed."""
    job_id = launch()
    begin(job_id, LEASE)
    ticking.tick(2, seconds=60)
    assert eventlog.snapshot(job_id).job["state"] == "started"


def test_a_job_that_its_living_worker_no_longer_has_is_lost(alive, ticking):
    kept, gone = launch(), launch()
    begin(kept, LEASE)
    begin(gone, LEASE)
    alive(active=[kept])
    ticking.tick(14)
    assert eventlog.snapshot(gone).job["state"] == "started"
    progress(gone, 1, 1)
    ticking.tick(15)
    assert eventlog.snapshot(gone).job["state"] == "started", "it still spoke"
    ticking.tick(2)
    assert eventlog.snapshot(gone).job["state"] == "lost"
    assert "no longer has this job" in eventlog.snapshot(gone).job["reason"]
    assert eventlog.snapshot(kept).job["state"] == "started"


def test_the_next_attempt_is_not_lost_with_the_last_ones_worker(redis_server, alive):
    job_id = launch()
    begin(job_id, LEASE)
    eventlog.append(job_id, [Change("state", {"state": "retrying"})], writer="w", n=1, attempt=1)
    begin(job_id, "taskcast:lease:other:boot", retries=1)
    watch.give_up(job_id, LEASE, "it is gone")
    assert eventlog.snapshot(job_id).job["state"] == "started"


def test_an_attempt_that_starts_while_its_predecessor_is_judged_goes_on(redis_server, monkeypatch):
    job_id = launch()
    begin(job_id, LEASE)
    held = eventlog.held

    def start_meanwhile(job_id):
        found = held(job_id)
        eventlog.append(job_id, [Change("state", {"state": "retrying"})], writer="w", n=1, attempt=1)
        begin(job_id, "taskcast:lease:other:boot", retries=1)
        return found

    monkeypatch.setattr(eventlog, "held", start_meanwhile)
    watch.give_up(job_id, LEASE, "it is gone")
    assert eventlog.snapshot(job_id).job["state"] == "started"


# --- dispatch


@pytest.fixture
def queue(redis_server):
    """Names of the messages in the default queue."""
    import json

    def ids():
        name, client = current_app.conf.task_default_queue, redis_server.client()
        raw = [text for step in broker.STEPS for text in client.lrange(name + step, 0, -1)]
        return [json.loads(text)["headers"]["id"] for text in raw]

    return ids


def row(**fields):
    fields = {"task": "tasks.samples.arithmetic.add", "message": {"args": [1, 2], "kwargs": {}}, **fields}
    created_at = timezone.now() - timedelta(seconds=fields.pop("age", 2))
    return str(Job.objects.create(created_at=created_at, **fields).pk)


def test_what_the_launch_did_not_publish_is_dispatched_once(queue, ticking):
    waiting = row(reason="the broker does not answer")
    young = row(age=0)
    cancelled = row(state="cancelled")
    later = row(state="scheduled", eta=timezone.now() + timedelta(seconds=30))
    soon = row(state="scheduled", eta=timezone.now() - timedelta(seconds=1))
    ticking.tick(3)
    assert sorted(queue()) == sorted([waiting, soon])
    assert Job.objects.get(pk=waiting).published_at
    for job_id in (cancelled, later):
        assert Job.objects.get(pk=job_id).published_at is None
    Job.objects.filter(pk__in=[young, later]).update(created_at=timezone.now() - timedelta(seconds=5), eta=None)
    ticking.tick()
    assert sorted(queue()) == sorted([waiting, soon, young, later])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("queues", "QueueNotFound: "),
        ("router", "RuntimeError: this router is broken"),
        ("serializer", "EncodeError: this is no JSON"),
    ],
)
def test_what_no_broker_would_take_has_failed_and_says_why(queue, ticking, monkeypatch, wrong, words):
    def fails(*args, **options):
        raise EncodeError("this is no JSON") if wrong == "serializer" else RuntimeError("this router is broken")

    job_id = row(queue="nowhere")
    with monkeypatch.context() as broken:
        match wrong:
            case "queues":
                broken.setattr(current_app.amqp.queues, "create_missing", False)
            case "router":
                broken.setattr(current_app.amqp.router, "route", fails)
                assert launching.usual_queue("tasks.samples.arithmetic.add") == "", "a launch still has its row"
            case "serializer":
                broken.setattr(current_app, "send_task", fails)
        ticking.tick(2)
    job = eventlog.snapshot(job_id).job
    assert (job["state"], job["error"]["type"]) == ("failed", "NotSendable")
    assert job["error"]["message"].startswith(f"the job's message cannot be sent: {words}")
    assert Job.objects.get(pk=job_id).published_at, "nobody tries it again"
    record_all()
    assert_recorded(job_id)


def test_queued_jobs_of_an_emptied_redis_are_published_again(redis_server, queue, ticking):
    job_id = row()
    ticking.tick()
    record_all()
    Job.objects.filter(pk=job_id).update(message={"args": [1, 2], "kwargs": {}})  # kept by the launch until it starts
    redis_server.client().flushall()
    ticking.tick()
    assert queue() == [job_id]


# --- who ticks, and what it says


def test_one_watch_at_a_time(ticking):
    other = watch.Watch()
    ticking.tick()
    assert not other.tick()
    ticking.watch.release()
    assert other.tick()


def test_the_watch_records_while_there_is_no_recorder(ticking):
    job_id = launch()
    other = recorder.recorder_lock()
    assert other.hold()
    ticking.tick()
    assert not Job.objects.exists(), "there is a recorder"
    other.release()
    ticking.tick()
    assert_recorded(job_id)
    assert other.hold(), "the next recorder need not wait"


def test_a_lock_passes_on_and_is_released_by_its_holder_alone(redis_server):
    one, other = Lock("x", 30), Lock("x", 30)
    assert one.hold()
    assert one.hold()
    assert not other.hold()
    other.release()
    assert not other.hold()
    one.release()
    assert other.hold()
    assert 0 < redis_server.client().pttl("taskcast:x") <= 30_000


def test_a_part_that_fails_leaves_the_others_alone_and_is_named_once(caplog, monkeypatch, ticking, alive):
    caplog.set_level(logging.WARNING, "tasks.watch")

    def fail():
        raise OSError("no broker")

    with monkeypatch.context() as patch:
        patch.setattr(watch, "dispatch", fail)
        ticking.tick(3)
    ticking.tick(2)
    said = [record.getMessage() for record in caplog.records if "dispatching" in record.getMessage()]
    assert said == ["dispatching jobs does not work: OSError: no broker", "dispatching jobs works again"]


def test_recorder_and_watch_outlive_an_outage_of_redis(redis_server, ticking):
    """Nothing but LogUnavailable comes out of the recorder, and the tick says that it could do nothing."""
    launch()
    redis_server.process.kill()
    redis_server.process.wait()
    try:
        with pytest.raises(LogUnavailable):
            recorder.record_once()
        assert not ticking.watch.tick()
    finally:
        redis_server.start()
    ticking.tick()
    assert record_all() >= 0
