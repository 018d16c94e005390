"""Who is told of which end, and that each is told once: the recorder's plan and the outbox on both databases."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.notice_words import as_shown
from tasks import epochs, eventlog, events, recorder, retention
from tasks import launching as single
from tasks.batch import launch_batch
from tasks.eventlog import Change
from tasks.models import BATCH, Notice, NoticeSettings
from tasks.models_notices import EMAIL, WEBHOOK
from tasks.notices import delivery, mail, planning, webhook
from tasks.notices.delivery import Deliveries
from tests.integration.test_recorder import begin, end, record_all
from tests.integration.test_recorder import launch as unannounced
from tests.support.cast import in_log, new_job
from tests.support.mailserver import MailServer
from tests.support.receiver import Receiver
from tests.support.stack import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("log")]
ADD = "tasks.samples.arithmetic.add"


@pytest.fixture
def log(redis_server, transactional_db):
    epochs.ensure_open()


@pytest.fixture
def alice():
    return get_user_model().objects.create_user("alice", "alice@example.com")


@pytest.fixture
def receiver(settings):
    settings.TASKCAST_WEBHOOKS_TO_PRIVATE = True
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def server(settings):
    server = MailServer().start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
    yield server
    server.stop()


def chosen(user, **fields):
    if "webhook_url" in fields:
        fields = {"webhook": "always", "webhook_secret": webhook.new_secret(), **fields}
    return NoticeSettings.objects.create(user=user, **fields)


def ended(owner, state="succeeded", **fields):
    """A job that was launched with a row, and has ended and been recorded."""
    job = new_job(owner, state="queued", seq=0, epoch=0, **fields)
    in_log(job)
    begin(str(job.pk))
    end(
        str(job.pk),
        state=state,
        **({"error": {"type": "E", "message": "m", "traceback": ""}} if state == "failed" else {}),
    )
    record_all()
    return job


def told():
    return sorted(Notice.objects.values_list("channel", "state"))


# --- the plan


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("never", []),
        ("trouble", ["failed", "lost"]),
        ("always", ["cancelled", "failed", "lost", "succeeded"]),
    ],
)
def test_a_user_is_told_of_the_ends_that_he_has_chosen(alice, wish, expected):
    chosen(alice, email=wish)
    for state in ("succeeded", "failed", "cancelled", "lost"):
        ended(alice, state)
    assert told() == [(EMAIL, state) for state in expected]


def test_a_launch_may_say_otherwise(alice):
    bob = get_user_model().objects.create_user("bob")
    chosen(alice, email="always", webhook_url="https://example.com/", webhook="trouble")
    ended(alice, notify=planning.NEVER)
    assert told() == []
    ended(alice, notify=planning.ALWAYS)
    assert told() == [(EMAIL, "succeeded"), (WEBHOOK, "succeeded")]
    ended(bob, notify=planning.ALWAYS)  # who has no address and no webhook
    ended(get_user_model().objects.create_user("carol", "carol@example.com"), notify=planning.ALWAYS)
    assert Notice.objects.filter(user__username="bob").count() == 0
    assert Notice.objects.filter(user__username="carol").count() == 1


def test_the_end_is_planned_once_whatever_is_recorded_afterwards(alice):
    chosen(alice, email="always")
    job = ended(alice)
    Notice.objects.update(due_at=None)  # delivered
    end(str(job.pk), reason="late")
    record_all()
    planning.plan([str(job.pk)])
    assert Notice.objects.count() == 1


def test_who_chooses_after_the_end_is_not_told_of_it(alice):
    job = ended(alice, "lost")
    chosen(alice, email="always")
    late = {"time": events.now(), "level": "info", "text": "the worker came back and had succeeded"}
    eventlog.append(str(job.pk), [Change("log", lines=[late])], writer="late", n=1, late=True)
    assert record_all() == 1
    assert told() == []


def test_jobs_of_nobody_and_what_a_job_sent_off_are_not_told(alice):
    chosen(alice, email="always")
    ended(None)
    ended(alice, parent=new_job(alice).pk)
    alice.is_active = False
    alice.save()
    ended(alice)
    assert told() == []


def test_where_nobody_wants_to_be_told_a_batch_of_ends_costs_one_query(alice):
    jobs = [str(new_job(alice, state="failed").pk) for _ in range(50)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        planning.plan(jobs)
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        planning.plan([])
    assert len(queries) == 0


def test_the_recorder_plans_in_the_transaction_that_writes_the_end(alice, monkeypatch):
    chosen(alice, email="always")
    seen = []

    def plan(job_ids):
        seen.append((connection.in_atomic_block, list(job_ids)))

    monkeypatch.setattr(recorder.planning, "plan", plan)
    job_id = unannounced(owner="alice")
    record_all()
    begin(job_id)
    end(job_id)
    record_all()
    assert seen[0] == (True, [])
    assert (True, [job_id]) in seen
    assert [ids for _, ids in seen if ids] == [[job_id]]


def test_launching_keeps_what_was_chosen(alice):
    job = single.launch(ADD, {"x": 1, "y": 2}, user=alice, notify=planning.NEVER)
    assert job.notify == planning.NEVER
    batch = launch_batch(ADD, [{"x": 1, "y": 2}], user=alice, notify=planning.ALWAYS)
    batch.refresh_from_db()
    assert (batch.task, batch.notify) == (BATCH, planning.ALWAYS)


# --- delivery


def test_a_webhook_that_fails_first_is_called_again_under_the_same_id(alice, receiver):
    receiver.answers = [500, 302]
    settings_ = chosen(alice, webhook_url=receiver.url)
    job = ended(alice, "failed")
    for number in range(3):
        assert delivery.deliver(alice.pk, WEBHOOK) == 1
        assert delivery.deliver(alice.pk, WEBHOOK) == 0  # not before it is due again
        notice = Notice.objects.get()
        if number < 2:
            assert timedelta(0) < delivery.PAUSES[number] - (notice.due_at - timezone.now()) < timedelta(seconds=20)
            later(notice)
    assert notice.due_at is None
    assert notice.delivered_at is not None
    assert [(attempt["status"], attempt["error"]) for attempt in notice.attempts] == [(500, ""), (302, ""), (200, "")]
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    for call in receiver.calls:
        assert call.is_signed_with(settings_.webhook_secret)
        assert call.json["type"] == "job.ended"
        assert (call.json["job"]["id"], call.json["job"]["state"]) == (str(job.pk), "failed")
        assert call.json["job"]["owner"] == "alice"
    assert receiver.calls[0].path == "/hook"


def test_after_five_attempts_it_is_given_up(alice, receiver):
    receiver.answers = [503] * 9
    chosen(alice, webhook_url=receiver.url)
    ended(alice)
    for _ in range(7):
        delivery.deliver(alice.pk, WEBHOOK)
        later(Notice.objects.get())
    notice = Notice.objects.get()
    assert (len(receiver.calls), len(notice.attempts), notice.due_at, notice.delivered_at) == (5, 5, None, None)


def test_two_processes_deliver_each_once(alice, receiver):
    chosen(alice, webhook_url=receiver.url)
    now = timezone.now()
    jobs = [new_job(alice, state="failed") for _ in range(20)]
    planning.plan([str(job.pk) for job in jobs])
    ready = threading.Barrier(4)

    def run():
        ready.wait()
        while Notice.objects.filter(due_at__lte=now + timedelta(seconds=10)).exists():
            delivery.deliver(alice.pk, WEBHOOK)
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(call.json["job"]["id"] for call in receiver.calls) == sorted(str(job.pk) for job in jobs)
    assert {len(notice.attempts) for notice in Notice.objects.all()} == {1}


def test_a_slow_receiver_holds_up_nobody_else(alice, receiver):
    bob = get_user_model().objects.create_user("bob")
    fast, slow = Receiver(), threading.Event()
    receiver.on_call = lambda handler: slow.wait(30)
    chosen(alice, webhook_url=receiver.url)
    chosen(bob, webhook_url=fast.url)
    try:
        planning.plan([str(new_job(user, state="failed").pk) for user in (alice, alice, bob, bob)])
        deliveries = Deliveries()
        deliveries.begin()
        wait_for(lambda: len(fast.calls) == 2 and len(receiver.calls) == 1, "bob is told, alice waits")
        wait_for(lambda: len(at_it()) == 1, "bob's thread ends")
        deliveries.begin()
        assert len(at_it()) == 1  # and no second one is held up for alice
        slow.set()
        wait_for(lambda: Notice.objects.exclude(delivered_at=None).count() == 4, "all are delivered")
    finally:
        slow.set()
        fast.stop()


def test_a_mail_says_what_has_ended_in_its_readers_language(alice, server, settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://tasks.example.com"]
    chosen(alice, email="always", language="ko")
    job = ended(alice, "failed", args={"x": 1, "password": "********"})
    planning.plan_test(alice, EMAIL)
    assert delivery.deliver(alice.pk, EMAIL) == 2
    mail = server.mails[0]
    assert (mail["To"], mail["Subject"]) == ("alice@example.com", "[Taskcast] 두 수 더하기 실패")
    text = mail.get_content()
    assert f"https://tasks.example.com/jobs/{job.pk}/" in text
    assert "E: m" in text
    assert "password" not in text
    assert mail["Message-ID"] == f"<{Notice.objects.get(job=job.pk).pk}@taskcast>"
    assert server.mails[1]["Subject"] == "[Taskcast] 테스트"


def test_a_mail_server_that_is_away_is_tried_again(alice, server):
    chosen(alice, email="always")
    ended(alice)
    server.stop()
    delivery.deliver(alice.pk, EMAIL)
    notice = Notice.objects.get()
    assert "refused" in notice.attempts[0]["error"]
    later(notice)
    server.start()
    server.refuse["alice@example.com"] = ["550 no such user"]
    delivery.deliver(alice.pk, EMAIL)
    notice.refresh_from_db()
    assert notice.attempts[1]["error"] == "The mail server refuses this address."
    later(notice)
    delivery.deliver(alice.pk, EMAIL)
    assert Notice.objects.get().delivered_at is not None
    assert server.recipients == ["alice@example.com"]


def test_a_mail_that_only_becomes_a_file_is_not_called_delivered(alice, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    chosen(alice, email="always")
    ended(alice)
    delivery.deliver(alice.pk, EMAIL)
    notice = Notice.objects.get()
    assert (notice.due_at, notice.delivered_at) == (None, None)
    assert notice.attempts[0]["error"] == mail.WRITTEN
    assert as_shown(notice)["is_written"]
    assert "succeeded" in next(tmp_path.iterdir()).read_text()


def test_what_cannot_be_delivered_any_more_is_given_up_at_once(alice, receiver):
    wishes = chosen(alice, email="always", webhook_url=receiver.url)
    job = ended(alice)
    job.delete()
    delivery.deliver(alice.pk, WEBHOOK)
    alice.email = ""
    alice.save()
    delivery.deliver(alice.pk, EMAIL)
    wishes.webhook_url = ""
    wishes.save()
    planning.plan_test(alice, WEBHOOK)
    delivery.deliver(alice.pk, WEBHOOK)
    said = {notice.attempts[0]["error"] for notice in Notice.objects.filter(due_at=None, delivered_at=None)}
    assert said == {
        "The job is not kept any more.",
        "The account has no e-mail address.",
        "There is no webhook any more.",
    }
    assert receiver.calls == []


def test_tests_of_a_channel_are_not_sent_by_the_thousand(alice):
    assert planning.plan_test(alice, EMAIL)
    assert not planning.plan_test(alice, EMAIL)
    assert planning.plan_test(alice, WEBHOOK)
    Notice.objects.update(created_at=timezone.now() - timedelta(seconds=11))
    assert planning.plan_test(alice, EMAIL)


def test_old_notices_are_forgotten(alice):
    old = timezone.now() - timedelta(days=31)
    for fields in ({}, {"due_at": old}, {"created_at": timezone.now()}):
        Notice.objects.create(**{"user": alice, "channel": EMAIL, "created_at": old, **fields})
    assert retention.forget_once() == 1
    assert Notice.objects.count() == 2


def at_it():
    return [thread for thread in threading.enumerate() if thread.name == "taskcast-notices"]


def later(notice):
    """Let the time come at which it is due."""
    Notice.objects.filter(pk=notice.pk, due_at__isnull=False).update(due_at=timezone.now())
