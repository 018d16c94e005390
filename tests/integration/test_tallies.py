"""What the recorder adds up: each end once, in its minute and its ten minutes, by owner and task."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError, connections
from django.utils import timezone

from tasks import epochs, eventlog, events, recorder, retention, tallies
from tasks.eventlog import Change
from tasks.models import BATCH, Job, Tally
from tests.support import writing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("log")]

AT = datetime(2025, 11, 22, 14, 3, 7, tzinfo=UTC)


@pytest.fixture
def log(redis_server, transactional_db):
    epochs.ensure_open()


def moment(seconds: float) -> str:
    return events.iso(AT + timedelta(seconds=seconds))


def ended(state="succeeded", *, task="t.add", owner=None, row=None, wait=2.0, run=3.0, attempt=1):
    """A job of the log that waited and ran for so many seconds, or, without `run`, never began; its id."""
    job_id = str(row.pk if row else uuid4())
    job = events.blank_job(job_id, task=task, created_at=moment(0))
    eventlog.announce(job, owner_id=owner.pk if owner else None)
    if run is not None:
        for retries in range(attempt):
            if retries:
                again = Change("state", {"state": "retrying"})
                eventlog.append(job_id, [again], writer="w", n=1, attempt=retries)
            begun = {"state": "started", "started_at": moment(wait), "worker": "w"}
            writing.start(job, started=begun, lease="taskcast:lease:w:1", retries=retries)
    done = {"state": state, "finished_at": moment(wait + (run or 0))}
    eventlog.append(job_id, [Change("state", done)], writer="end", n=1, attempt=attempt)
    return job_id


def record_all():
    while eventlog.dirty(1):
        recorder.record_once()


def sums(**only):
    fields = ("span", "start", "owner", "task", "state", "ended", "waits", "waited", "runs", "ran")
    return sorted(Tally.objects.filter(**only).values_list(*fields))


def test_ends_are_added_up_by_minute_task_owner_and_state():
    alice = get_user_model().objects.create(username="alice")
    for _ in range(3):
        ended(owner=alice)
    ended("failed", owner=alice, wait=60.0)
    ended("cancelled", run=None)
    record_all()
    own, first = str(alice.pk), AT.replace(second=0)
    assert sums(span=60) == [
        (60, first, "", "t.add", "cancelled", 1, 0, 0.0, 0, 0.0),
        (60, first, own, "t.add", "succeeded", 3, 3, 6.0, 3, 9.0),
        (60, first + timedelta(minutes=1), own, "t.add", "failed", 1, 1, 60.0, 1, 3.0),
    ]
    ten = AT.replace(minute=0, second=0)
    assert sums(span=600) == [
        (600, ten, "", "t.add", "cancelled", 1, 0, 0.0, 0, 0.0),
        (600, ten, own, "t.add", "failed", 1, 1, 60.0, 1, 3.0),
        (600, ten, own, "t.add", "succeeded", 3, 3, 6.0, 3, 9.0),
    ]


def test_what_comes_later_is_added_to_what_is_there():
    for _ in range(2):
        ended()
        record_all()
    assert [entry[5:] for entry in sums()] == [(2, 2, 4.0, 2, 6.0)] * 2


def test_an_end_is_counted_once_though_it_is_read_and_written_again(monkeypatch):
    ended()
    monkeypatch.setattr(eventlog, "settle", lambda settled: None)  # dies between its commit and the log
    recorder.record_once()
    monkeypatch.undo()
    assert eventlog.dirty(1)
    record_all()
    assert [entry[5] for entry in sums()] == [1, 1]


def test_an_end_is_counted_once_though_its_job_still_has_something_to_say():
    job_id = ended("lost")
    record_all()
    line = {"time": moment(9), "level": "info", "text": "the worker came back"}
    eventlog.append(job_id, [Change("log", lines=[line])], writer="w.late", n=1, attempt=1, late=True)
    assert eventlog.dirty(1)
    record_all()
    assert Job.objects.get().archived == eventlog.snapshot(job_id).seq
    assert [entry[5] for entry in sums()] == [1, 1]


def test_what_is_not_committed_is_not_counted(monkeypatch):
    ended()

    def breaks(*_):
        raise OperationalError("away")

    with monkeypatch.context() as patched:
        patched.setattr(recorder, "insert", breaks)
        with pytest.raises(OperationalError):
            recorder.record_once()
    assert sums() == []
    record_all()
    assert [entry[5] for entry in sums()] == [1, 1]


def test_two_recorders_at_once_count_every_end_once():
    for _ in range(40):
        ended()

    def record():
        try:
            while eventlog.dirty(1):
                recorder.record_once()
        finally:
            connections.close_all()

    both = [threading.Thread(target=record) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(30)
    record_all()
    assert [entry[5] for entry in sums()] == [40, 40]


def test_it_waited_from_when_it_was_to_start_and_belongs_to_its_rows_owner():
    bob = get_user_model().objects.create(username="bob")
    row = Job.objects.create(
        task="t.add", created_at=AT - timedelta(days=1), eta=AT + timedelta(seconds=1), owner=bob, state="queued"
    )
    ended(row=row)
    record_all()
    assert {entry[2] for entry in sums()} == {str(bob.pk)}
    assert {entry[7] for entry in sums()} == {1.0}


def test_a_second_attempt_ran_but_how_long_it_waited_nobody_knows_and_a_batch_does_neither():
    ended(attempt=2)
    ended(task=BATCH)
    record_all()
    assert {(entry[3], *entry[5:]) for entry in sums()} == {("t.add", 1, 0, 0.0, 1, 3.0), (BATCH, 1, 0, 0.0, 0, 0.0)}


def test_an_end_that_a_workers_clock_puts_into_the_future_is_counted_now():
    counted = tallies.Ends()
    late = timezone.now() + timedelta(hours=5)
    row = {"finished_at": late, "started_at": None, "created_at": AT, "task": "t.add", "state": "lost", "attempt": 0}
    counted.take(row, 7, None)
    counted.write()
    assert all(start <= timezone.now() for start in Tally.objects.values_list("start", flat=True))


def test_tallies_that_no_chart_reaches_back_to_are_forgotten():
    now = timezone.now()
    ages = {
        tallies.MINUTE: (timedelta(hours=2), timedelta(hours=4)),
        tallies.TEN_MINUTES: (timedelta(days=7), timedelta(days=9)),
    }
    for span, both in ages.items():
        for age in both:
            zeros = {"ended": 1, "waits": 0, "waited": 0.0, "runs": 0, "ran": 0.0}
            Tally.objects.create(span=span, start=now - age, owner="", task="t", state="failed", **zeros)
    assert [retention.forget_once(), retention.forget_once(), retention.forget_once()] == [1, 1, 0]
    assert {span: list(Tally.objects.filter(span=span).values_list("start", flat=True)) for span in ages} == {
        span: [now - young] for span, (young, _) in ages.items()
    }
