"""Lost messages: what no broker holds any more is sent again, and what somebody holds is left alone."""

import signal
from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from tasks import broker, eventlog, leases, strays
from tasks.ends import REPLACED
from tasks.models import Job
from tests.support import writing
from tests.support.stack import wait_for

ADD = "tasks.samples.arithmetic.add"
LEASE = leases.PREFIX + "w@host:boot"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def look(redis_server, transactional_db, monkeypatch):
    """Looks `times` times, four seconds apart; returns how many were sent again."""
    eventlog.open_epoch(1)
    monkeypatch.setattr(leases, "_key", LEASE)
    clock = Clock()
    watching = strays.Strays(clock)

    def look(times=4):
        found = 0
        for _ in range(times):
            found += watching.look()
            clock.now += 4
        return found

    return look


def sent(seconds=20, **fields):
    ago = timezone.now() - timedelta(seconds=seconds)
    message = {"args": [1, 2], "kwargs": {}}
    values = {"task": ADD, "queue": "celery", "created_at": ago, "published_at": ago, "message": message, **fields}
    return Job.objects.create(**values)


def is_unsent(job):
    return Job.objects.get(pk=job.pk).published_at is None


def test_a_job_whose_queue_is_empty_is_sent_again(look):
    job = sent()
    assert look(2) == 0, "a queue that was empty for a moment says nothing"
    young = sent(seconds=1)
    assert look(2) == 1
    assert is_unsent(job)
    assert not is_unsent(young)
    Job.objects.filter(pk__in=[job.pk, young.pk]).update(published_at=timezone.now())
    assert look(2) == 1, "the young one; the other was sent a moment ago"
    assert is_unsent(young)


def test_a_job_that_a_living_worker_has_reserved_is_left_alone(look):
    job = sent()
    leases.renew({"active": [], "reserved": [str(job.pk)]})
    assert look() == 0
    leases.renew({"active": [], "reserved": None})
    assert look() == 0, "a worker that does not say what it has may have it"
    leases.renew({"active": [], "reserved": []})
    assert look() == 1


def test_a_job_in_a_queue_that_holds_messages_is_left_alone(look, redis_server):
    sent()
    redis_server.client().lpush(current_app.conf.task_default_queue + "\x06\x169", "a message of low priority")
    assert look() == 0


def test_a_job_that_later_ones_have_overtaken_is_sent_again(look, redis_server):
    redis_server.client().lpush(current_app.conf.task_default_queue, "another message")
    job = sent(seconds=60)
    sent(seconds=30, queue="other", state="succeeded", started_at=timezone.now())
    assert look() == 0
    sent(seconds=30, state="succeeded", started_at=timezone.now())
    assert look() == 1
    assert is_unsent(job)


def test_a_job_that_has_started_is_not_sent_whatever_its_row_says(look):
    job = sent()
    eventlog.announce(Job.objects.get(pk=job.pk).as_dict())
    writing.start(
        {"id": str(job.pk)},
        started={"state": "started"},
        lease=LEASE,
        token="t",
    )
    assert look() == 0


def state_of(job):
    return eventlog.snapshot(str(job.pk)).job["state"]


def others(queue="celery", **fields):
    """A job that somebody sent without us: its row has no message."""
    job = sent(message=None, queue=queue, **fields)
    eventlog.announce(Job.objects.get(pk=job.pk).as_dict())
    return job


def test_a_job_of_others_whose_message_nobody_has_is_lost_and_says_so(look):
    job, elsewhere = others(), others(queue="")
    look(4)
    assert state_of(job) == "queued"
    look(3)
    found = eventlog.snapshot(str(job.pk)).job
    assert (found["state"], found["reason"]) == ("lost", strays.NOBODY_HAS_IT)
    assert state_of(elsewhere) == "queued", "who knows which queue it is in"


def test_a_job_that_does_not_tell_its_queue_is_given_back_too(look, monkeypatch):
    elsewhere, asked = others(queue=""), []
    monkeypatch.setattr("tasks.broker.give_back", lambda ids: asked.append(ids) or set())
    look(4)
    assert {str(elsewhere.pk)} in asked


def test_a_clock_that_is_ahead_hides_no_lost_message(look):
    job = others()
    ahead = timezone.now() + timedelta(seconds=90)
    Job.objects.filter(pk=job.pk).update(created_at=ahead, published_at=ahead)
    look(7)
    assert state_of(job) == "lost"


def test_a_job_of_others_waits_as_long_as_its_queue_or_a_worker_has_it(look, redis_server):
    job = others(state="retrying", started_at=timezone.now())
    leases.renew({"active": {}, "reserved": [str(job.pk)]})
    look(10)
    leases.renew({"active": {}, "reserved": []})
    redis_server.client().lpush("celery", "some message")
    look(10)
    assert state_of(job) == "retrying"
    redis_server.client().delete("celery")
    look(8)
    assert state_of(job) == "lost"


def test_a_message_that_a_dead_worker_had_taken_is_given_back(look, redis_server):
    client = redis_server.client()
    job = others()
    with current_app.connection_for_write() as connection:
        current_app.send_task(ADD, args=[1, 2], task_id=str(job.pk), connection=connection)
        # As a worker takes it: from its queue into the hash of what was not acknowledged.
        taken = connection.SimpleQueue("celery").get(timeout=5)
        assert broker.lengths(["celery"]) == {"celery": 0}
        assert client.hlen("unacked") == 1
        look(4)
        assert broker.lengths(["celery"]) == {"celery": 1}
        assert client.hlen("unacked") == 0
        assert state_of(job) == "queued"
        taken.ack()


def test_a_retry_whose_message_was_lost_begins_anew_from_ours(look):
    job = sent(state="retrying", started_at=timezone.now())
    eventlog.announce(Job.objects.get(pk=job.pk).as_dict())
    assert look() == 1
    assert is_unsent(job)
    assert state_of(job) == "queued"


_LAUNCH = "from tasks.launching import launch\nanswer = str(launch(name, args).pk)"
_STATE = "from tasks.models import Job\nanswer = Job.objects.get(pk=id).state"


def test_a_job_that_another_task_goes_on_for_is_waited_for(look):
    job = sent(state="retrying", reason=REPLACED, started_at=timezone.now())
    theirs = others(state="retrying", reason=REPLACED)
    assert look(8) == 0
    assert state_of(theirs) != "lost"
    Job.objects.filter(pk=job.pk).update(reason="ValueError: an attempt of its own")
    assert look(8) == 1


def test_a_retry_that_nobody_has_any_more_ends(stack_factory):
    """Launched here, so that its row had the message, which was forgotten once it had started."""
    plain = "tests.support.plain_tasks"
    stack = stack_factory(TASKCAST_APPS=plain, WORKERS="1")
    job = stack.run(_LAUNCH, name=f"{plain}.retry_later", args={"seconds": 600})
    wait_for(lambda: stack.run(_STATE, id=job) == "retrying", "it waits to try again")
    stack.kill("worker", signal.SIGKILL)
    with stack.redis() as client:
        client.delete(*(f"celery{step}" for step in broker.STEPS), "unacked", "unacked_index")
    stack.start("worker")
    wait_for(lambda: stack.run(_STATE, id=job) == "lost", "nobody will ever start it again", 45)


def test_jobs_that_died_with_their_worker_before_they_started_run_elsewhere(stack_factory):
    plain = "tests.support.plain_tasks"
    stack = stack_factory(TASKCAST_APPS=plain, WORKERS="1")
    running = stack.run(_LAUNCH, name=f"{plain}.deaf", args={"seconds": 300})
    wait_for(lambda: stack.run(_STATE, id=running) == "started", "the first job runs")
    reserved = stack.run(_LAUNCH, name=ADD, args={"x": 1, "y": 2})
    wait_for(lambda: f"{reserved}] received" in stack.log("worker"), "the worker has reserved the second job")
    stack.kill("worker", signal.SIGKILL)
    stack.start("worker")
    wait_for(lambda: stack.run(_STATE, id=reserved) == "succeeded", "the reserved job runs all the same", 45)
    wait_for(lambda: stack.run(_STATE, id=running) == "lost", "the running one is lost", 30)
    message = stack.run("from tasks.models import Job\nanswer = Job.objects.get(pk=id).message", id=reserved)
    assert message is None, "what was to be sent is forgotten once it has started"
