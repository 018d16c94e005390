"""Rows that are written many at once, and the log's tails that they are made of."""

import uuid

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tasks import epochs, eventlog, events
from tasks.eventlog import LogUnavailable
from tasks.models import Job, JobEvents
from tasks.upsert import among, insert, upsert

pytestmark = pytest.mark.django_db(transaction=True)


def chunk(job_id, first, body):
    return {"job_id": job_id, "epoch": 1, "first": first, "last": first, "body": body, "live": True}


def test_any_text_arrives_as_it_is():
    job = Job.objects.create(task="t", created_at=timezone.now())
    bodies = ["tab\t", "\\", "\\N", "\\.", "two\nlines\r\n", "", "\u2028 한국어 \x85", "'\"%s"]
    insert(JobEvents, [chunk(job.pk, n, body) for n, body in enumerate(bodies)])
    insert(JobEvents, [])
    assert list(JobEvents.objects.order_by("first").values_list("body", flat=True)) == bodies


def test_what_the_database_refuses_is_told_as_django_tells_it():
    job = Job.objects.create(task="t", created_at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(JobEvents, [chunk(job.pk, 1, "a"), chunk(job.pk, 1, "b")])
    assert not JobEvents.objects.exists()


def test_a_time_is_written_as_django_writes_it():
    moments = [timezone.now().replace(microsecond=n) for n in (0, 1, 120_000)]
    ids = [uuid.uuid4() for _ in moments]
    usual = {"task": "t", "args": {}, "outputs": [], "state": "queued", "lease": "", "queue": ""}
    numbers = dict.fromkeys(("attempt", "epoch", "seq", "archived", "change"), 0)
    rows = [{"id": pk, "created_at": at, **usual, **numbers} for pk, at in zip(ids, moments, strict=True)]
    upsert(Job, rows, ["task"])
    for pk, at in zip(ids, moments, strict=True):
        assert Job.objects.get(created_at=at).pk == pk


def test_rows_are_found_among_many_ids():
    ids = [Job.objects.create(task="t", created_at=timezone.now()).pk for _ in range(3)]
    wanted = [str(ids[0]), str(ids[2]), str(uuid.uuid4())]
    assert set(Job.objects.filter(pk__in=among(Job, wanted)).values_list("pk", flat=True)) == {ids[0], ids[2]}
    assert not Job.objects.filter(pk__in=among(Job, [])).exists()


def test_after_an_answer_that_is_an_error_nobody_is_given_the_others(redis_server):
    epochs.ensure_open()
    ids = [str(uuid.uuid4()) for _ in range(3)]
    for job_id in ids:
        eventlog.announce(events.blank_job(job_id, task="t", created_at=events.now()))
    client = redis_server.client()
    client.rename(f"taskcast:log:{ids[0]}", "aside")
    client.set(f"taskcast:log:{ids[0]}", "no stream")
    with pytest.raises(LogUnavailable):
        eventlog.tails(dict.fromkeys(ids, 0), 10)
    client.rename("aside", f"taskcast:log:{ids[0]}")
    found = eventlog.tails(dict.fromkeys([*ids, str(uuid.uuid4())], 0), 10)
    assert {job_id: (tail.seq, tail.state, len(tail.events)) for job_id, tail in found.items()} == dict.fromkeys(
        ids, (1, "queued", 1)
    )
