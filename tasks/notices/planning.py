"""Who is to be told of an end, and how: written in the transaction that makes the end durable."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from tasks.models import BATCH, Job
from tasks.models_notices import CHANNELS, EMAIL, WEBHOOK, Notice, Wish
from tasks.upsert import among

#: What a launch may say of its own end; anything else is as its owner has chosen.
ALWAYS, NEVER = "always", "never"
_TROUBLE = ("failed", "lost")
# Between two tests of one channel: a test is no means to send somebody a thousand mails.
_TEST_PAUSE = timedelta(seconds=10)


def plan(job_ids: Iterable[str]) -> None:
    """Put down what is to be told of these jobs, whose rows have just become final. One query where that is nothing."""
    ids = list(job_ids)
    if not ids:
        return
    wanted = Q(notify=ALWAYS) | Q(owner__notice_settings__isnull=False)
    # What a job sent off, the jobs of a batch among it, is told by its end, not one by one.
    jobs = Job.objects.filter(wanted, pk__in=among(Job, ids), parent=None, owner__isnull=False).exclude(notify=NEVER)
    jobs = jobs.select_related("owner__notice_settings").defer("message", "result", "outputs", "error", "progress")
    now = timezone.now()
    notices = [_notice(job, job.owner, channel, now) for job in jobs for channel in _channels(job)]
    if notices:
        Notice.objects.bulk_create(notices, ignore_conflicts=True)


def _channels(job: Job) -> Iterator[str]:
    user: Any = job.owner
    if not user.is_active:
        return
    chosen = getattr(user, "notice_settings", None)
    if job.notify == ALWAYS:
        if address_of(user):
            yield EMAIL
        if chosen and chosen.webhook_url:
            yield WEBHOOK
    elif chosen:
        for channel in CHANNELS:
            wish = getattr(chosen, channel)
            if wish == Wish.ALWAYS or (wish == Wish.TROUBLE and job.state in _TROUBLE):
                yield channel


def address_of(user: Any) -> str:
    """The mail address of the account; "" where it has none."""
    return getattr(user, user.get_email_field_name(), "") or ""


def _notice(job: Job, owner: Any, channel: str, now: datetime) -> Notice:
    task = job.args["task"] if job.task == BATCH else job.task
    return Notice(user=owner, channel=channel, job=job.pk, task=task, state=job.state, created_at=now, due_at=now)


def plan_test(user: Any, channel: str) -> bool:
    """Put down a test for `user`; False where one was asked for a moment ago."""
    now = timezone.now()
    if Notice.objects.filter(user=user, channel=channel, job=None, created_at__gt=now - _TEST_PAUSE).exists():
        return False
    Notice.objects.create(user=user, channel=channel, created_at=now, due_at=now)
    return True
