"""Telling of ends with real processes: worker, daphne and beat each have a watch, and any may be killed."""

import threading

import pytest

from tasks.notices import webhook
from tests.support.receiver import Receiver
from tests.support.stack import wait_for

ADD = "tasks.samples.arithmetic.add"


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


def test_a_batch_is_told_once(stack_factory):
    running = stack_factory()
    running.user("alice", launch=True)
    code = """
from django.contrib.auth import get_user_model
from tasks.batch import launch_batch
from tasks.models import NoticeSettings
user = get_user_model().objects.get(username="alice")
user.email = "alice@example.com"
user.save()
NoticeSettings.objects.create(user=user, email="always")
rows = [{"x": n, "y": 1} for n in range(10)]
answer = str(launch_batch("tasks.samples.arithmetic.add", rows, user=user).pk)
"""
    batch = running.run(code)
    look = "from tasks.models import Notice\nanswer = [[str(n.job), n.task, n.state] for n in Notice.objects.all()]"
    wait_for(lambda: running.run(look), "the batch is told")
    states = "from tasks.models import Job\nanswer = [job.state for job in Job.objects.all()]"
    wait_for(lambda: set(running.run(states)) == {"succeeded"}, "all are recorded")
    assert running.run(look) == [[batch, ADD, "succeeded"]]
    # Without a mail server it is a file, as everything that is mailed.
    wait_for(lambda: list((running.home / "mails").glob("*")), "the mail is written")


_SETUP = """
from django.contrib.auth import get_user_model
from tasks.models import NoticeSettings
user = get_user_model().objects.get(username="alice")
NoticeSettings.objects.create(user=user, webhook="always", webhook_url=url, webhook_secret=secret)
"""
_LAUNCH = """
from django.contrib.auth import get_user_model
from tasks.launching import launch
user = get_user_model().objects.get(username="alice")
answer = str(launch("tasks.samples.arithmetic.add", {"x": 1, "y": 2}, user=user).pk)
"""
_NOTICES = """
from tasks.models import Notice
answer = [[str(n.job), n.delivered_at is not None, [a["error"] for a in n.attempts]] for n in Notice.objects.all()]
"""
_DUE = """
from django.utils import timezone
from tasks.models import Notice
Notice.objects.filter(job=job).update(due_at=timezone.now())
"""


def test_a_process_that_dies_between_two_attempts_loses_nothing(stack_factory, receiver):
    """With worker, daphne and beat, each of which has a watch: all at once tell once, and after a kill again."""
    running = stack_factory(beat=True, TASKCAST_WEBHOOKS_TO_PRIVATE="on")
    running.user("alice", launch=True)
    secret = webhook.new_secret()
    running.run(_SETUP, url=receiver.url, secret=secret)
    first = running.run(_LAUNCH)
    wait_for(lambda: running.run(_NOTICES) == [[first, True, [""]]], "the first job is told")
    assert len(receiver.calls) == 1
    assert receiver.calls[0].is_signed_with(secret)

    hold = threading.Event()
    receiver.on_call = lambda handler: hold.wait(60)
    second = running.run(_LAUNCH)
    wait_for(lambda: len(receiver.calls) == 2, "the second job is being told")
    for part in ("worker", "daphne", "beat"):
        running.kill(part)
    receiver.on_call = lambda handler: None
    hold.set()
    assert [second, False, ["Begun, and not finished."]] in running.run(_NOTICES)
    running.run(_DUE, job=second)  # the claim has run out
    running.start("worker")
    wait_for(lambda: len(receiver.calls) == 3, "it is told again")
    told = [[second, True, ["Begun, and not finished.", ""]]]
    wait_for(lambda: [row for row in running.run(_NOTICES) if row[0] == second] == told, "it is written down")
    ids = [call.headers["webhook-id"] for call in receiver.calls]
    assert ids[1] == ids[2] != ids[0]
