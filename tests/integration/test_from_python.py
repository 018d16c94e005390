"""`tasks.launch` for other Django code: the one door, from a function call."""

import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from celery import current_app
from django.db import transaction
from django.utils import timezone

from tasks import epochs, eventlog, launch
from tasks.catalog import BadArguments, UnknownTask
from tasks.models import AuditEntry, Job
from tasks.samples.arithmetic import add
from tests.support.cast import make_cast
from tests.support.stack import ROOT, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("log")]


@pytest.fixture
def log(redis_server, transactional_db):
    epochs.ensure_open()


def is_sent(job: Job) -> bool:
    return Job.objects.get(pk=job.pk).published_at is not None


def test_a_task_is_launched_by_itself_or_by_its_name():
    alice = make_cast().users["alice"]
    by_task = launch(add, {"x": 1, "y": 2}, owner=alice, queue="elsewhere", priority="high")
    by_name = launch("tasks.samples.arithmetic.add", {"x": 1, "y": 2})
    assert by_task.task == by_name.task
    assert (by_task.owner, by_task.queue, by_task.state) == (alice, "elsewhere", "queued")
    assert by_name.owner is None
    wait_for(lambda: is_sent(by_task) and is_sent(by_name), "both are sent")
    assert eventlog.snapshot(str(by_task.pk)).job["owner"] == "alice"
    assert AuditEntry.objects.get(job=by_task.pk).actor == alice


def test_a_launch_is_put_off():
    soon = timezone.now() + timedelta(hours=1)
    assert launch(add, {"x": 1, "y": 2}, eta=soon).eta == soon
    assert launch(add, {"x": 1, "y": 2}, countdown=90).state == "scheduled"


def test_what_is_wrong_is_told_at_once():
    with pytest.raises(BadArguments) as told:
        launch(add, {"x": "one", "z": 3})
    assert {fault["loc"][0] for fault in told.value.errors} == {"x", "y", "z"}
    with pytest.raises(UnknownTask):
        launch("no.such.task")
    with pytest.raises(ValueError, match="time zone"):
        launch(add, {"x": 1, "y": 2}, eta=datetime(2030, 1, 1))
    with pytest.raises(ValueError, match="priority"):
        launch(add, {"x": 1, "y": 2}, priority="urgent")
    assert not Job.objects.exists()


def test_inside_a_transaction_it_is_sent_after_the_commit():
    with transaction.atomic():
        job = launch(add, {"x": 1, "y": 2})
        assert job.published_at is None
        assert eventlog.snapshot(str(job.pk)) is None
    wait_for(lambda: is_sent(job), "it is sent")
    with transaction.atomic():
        taken_back = launch(add, {"x": 1, "y": 2})
        transaction.set_rollback(True)
    assert not Job.objects.filter(pk=taken_back.pk).exists()
    assert eventlog.snapshot(str(taken_back.pk)) is None


def test_a_running_job_is_the_parent_of_what_it_launches():
    alice = make_cast().users["alice"]
    parent = launch(add, {"x": 1, "y": 2}, owner=alice)
    task = current_app.tasks["tasks.samples.arithmetic.add"]
    header = {"owner": [alice.pk, "alice"], "root": None}
    task.push_request(id=str(parent.pk), headers={"taskcast": header}, called_directly=False)
    from celery._state import _task_stack

    _task_stack.push(task)
    try:
        child = launch(add, {"x": 1, "y": 2})
    finally:
        _task_stack.pop()
        task.pop_request()
    assert (child.parent, child.root, child.owner) == (parent.pk, parent.pk, alice)


def test_task_code_can_import_it_without_django():
    code = "import sys; from tasks import launch, job_ended; assert 'tasks.models' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
