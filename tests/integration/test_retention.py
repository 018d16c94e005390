"""What is kept and for how long: rows, events, files, and keys in Redis."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from tasks import conf, result_files, retention, uploads, uploads_pieces
from tasks.launching import launch
from tasks.models import Job, JobEvents, Upload
from tasks.uploaded import path_of
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def ended(days: float, state: str = "succeeded", **fields) -> Job:
    at = timezone.now() - timedelta(days=days)
    job = Job.objects.create(task="t", state=state, **{"created_at": at, "finished_at": at, **fields})
    JobEvents.objects.create(job=job, epoch=1, first=1, last=1, body='{"seq":1}')
    result_files.save(str(job.pk), "table", "json", b"[]")
    return job


def test_jobs_that_ended_long_ago_go_with_their_events_and_files(settings, tmp_path):
    settings.TASKCAST_HOME = tmp_path
    settings.TASKCAST_KEEP_DAYS = 30
    old, young = [ended(31 + n) for n in range(3)], ended(29)
    running = ended(40, "started", finished_at=None)
    late = ended(40, finished_at=timezone.now())
    assert [retention.forget_once(2), retention.forget_once(2), retention.forget_once(2)] == [2, 1, 0]
    assert set(Job.objects.values_list("pk", flat=True)) == {young.pk, running.pk, late.pk}
    assert JobEvents.objects.count() == 3
    kept = {path.name for path in (conf.home() / "results").iterdir()}
    assert kept == {str(job.pk) for job in (young, running, late)}
    assert not kept & {str(job.pk) for job in old}


def test_without_the_setting_everything_is_kept(settings, tmp_path):
    settings.TASKCAST_HOME = tmp_path
    ended(10_000)
    assert retention.forget_once() == 0
    assert Job.objects.count() == 1


_RUN = """
from celery import group
from tasks.samples.arithmetic import add
answer = [child.id for child in group(add.s(n, n) for n in range(200)).delay().children]
"""
_LEFT = """
from tasks.models import Job
answer = Job.objects.exclude(state="succeeded").count() + (200 - Job.objects.count())
"""


def test_nothing_of_a_job_stays_in_redis_for_ever(stack_factory):
    """Its memory must not grow with the number of jobs that ever ran."""
    stack: Stack = stack_factory(WORKERS="2")
    ids = stack.run(_RUN)
    wait_for(lambda: stack.run(_LEFT) == 0, "all are recorded", 60)
    with stack.redis() as client:

        def stays() -> list[str]:
            """Keys that name a job and that Redis will not let go by itself."""
            of_jobs = [key for key in client.scan_iter(count=1000) if any(job_id in key for job_id in ids)]
            assert of_jobs
            return [key for key in of_jobs if client.ttl(key) < 0]

        wait_for(lambda: not stays(), "what is left of them has its time")
        for key in client.scan_iter(count=1000):
            if any(job_id in key for job_id in ids):
                continue
            size = {"hash": client.hlen, "set": client.scard, "list": client.llen, "zset": client.zcard}
            measure = size.get(str(client.type(key)))
            assert measure is None or measure(key) < 50, f"{key} has an entry for each job"


def test_files_that_no_launch_took_go_after_two_days(settings, tmp_path, django_user_model):
    settings.TASKCAST_HOME = tmp_path
    alice = django_user_model.objects.create_user("alice")
    left, young, used = [uploads.save(f"{n}.csv", ContentFile(b"x"), alice) for n in range(3)]
    half = uploads_pieces.begin("half.csv", 9, alice)
    uploads_pieces.append(half, 0, b"x")
    begun = path_of(half.pk, half.name)
    old = timezone.now() - timedelta(days=3)
    Upload.objects.exclude(pk=young.pk).update(created_at=old)
    Upload.objects.filter(pk=used.pk).update(used_at=old)
    gone = uploads.open_upload(left.pk).path
    assert [retention.forget_once(1), retention.forget_once(9), retention.forget_once(9)] == [1, 1, 0]
    assert set(Upload.objects.values_list("pk", flat=True)) == {young.pk, used.pk}
    assert not gone.exists()
    assert not begun.exists()
    assert uploads.open_upload(used.pk).path.read_bytes() == b"x"
    assert not Upload.objects.filter(pk=half.pk).exists()


def test_files_go_with_the_jobs_that_took_them_and_never_before(settings, tmp_path, django_user_model):
    settings.TASKCAST_HOME = tmp_path
    settings.TASKCAST_KEEP_DAYS = 30
    alice = django_user_model.objects.create_user("alice")
    old, wanted, nested = [uploads.save(f"{n}.csv", ContentFile(b"x"), alice) for n in range(3)]
    Upload.objects.update(used_at=timezone.now() - timedelta(days=31))
    ended(31, "scheduled", finished_at=None, args={"file": str(wanted.pk), "name": "x" * 36})
    ended(31, "started", finished_at=None, args={"files": [str(nested.pk)]})
    ended(29, args={"file": str(old.pk)})
    assert retention.forget_once() == 1
    assert set(Upload.objects.values_list("pk", flat=True)) == {wanted.pk, nested.pk}


def test_a_launch_notes_that_its_files_are_used(settings, tmp_path, django_user_model, redis_server):
    settings.TASKCAST_HOME = tmp_path
    alice = django_user_model.objects.create_user("alice")
    taken, other = [uploads.save(f"{n}.csv", ContentFile(b"a,b\n1,2\n"), alice) for n in range(2)]
    launch("tasks.samples.tables.profile_csv", {"file": str(taken.pk)}, user=alice)
    assert Upload.objects.get(pk=taken.pk).used_at is not None
    assert Upload.objects.get(pk=other.pk).used_at is None
