"""Statements by hand do what the ORM's do, on either database."""

import uuid
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from dashboard import accounts
from dashboard.models import ApiToken
from tasks import by_hand
from tasks.models import AuditEntry, Job

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 27, 12, 0, 0, 123456, tzinfo=UTC)


def columns(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def new_job(**fields):
    values = {"task": "t", "args": {"x": [1, "ä", None]}, "message": {"args": [], "kwargs": {}}, "created_at": NOW}
    return Job(id=uuid.uuid4(), state="queued", queue="q", **values, **fields)


def test_a_row_is_inserted_as_the_orm_does(django_user_model):
    user = django_user_model.objects.create(username="ann")
    ours, theirs = new_job(owner=user, eta=NOW), new_job(owner=user, eta=NOW)
    by_hand.insert(ours)
    theirs.save(force_insert=True)
    read = [columns(Job.objects.get(pk=job.pk)) for job in (ours, theirs)]
    for row in read:
        del row["id"]
    assert read[0] == read[1]
    ours.state = "started"
    ours.save()
    assert Job.objects.get(pk=ours.pk).state == "started"
    with pytest.raises(IntegrityError), transaction.atomic():
        by_hand.insert(new_job_like(ours))


def new_job_like(job):
    again = new_job()
    again.pk = job.pk
    return again


def test_a_row_that_the_database_numbers():
    entries = [AuditEntry(at=NOW, action="launched", actor_name="", task="t", detail="") for _ in range(2)]
    for entry in entries:
        by_hand.insert(entry)
    assert [AuditEntry.objects.get(pk=entry.pk) for entry in entries] == entries
    assert entries[0].pk != entries[1].pk


def test_rows_are_read_as_the_orm_does():
    users = [get_user_model().objects.create(username=name) for name in ("ann", "ben", "eve")]
    for user in users:
        accounts.new_token(user)
    assert by_hand.having(ApiToken, "digest", []) == []
    wanted = list(ApiToken.objects.exclude(user=users[1]))
    found = by_hand.having(ApiToken, "digest", [token.digest for token in wanted])
    assert {token.pk: columns(token) for token in found} == {token.pk: columns(token) for token in wanted}
    [ben] = by_hand.having(get_user_model(), "pk", [users[1].pk])
    assert columns(ben) == columns(get_user_model().objects.get(username="ben"))
