"""The cast of all access tests: alice owns, bob is a colleague, charlie a stranger, dora is staff, anonymous is nobody.

Alice and bob may launch; charlie and dora may not.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from dashboard import accounts
from dashboard.models import Schedule
from tasks import eventlog
from tasks.models import Job

NAMES = ("alice", "bob", "charlie", "dora")
EVERYBODY = (*NAMES, "anonymous")


@dataclass
class Cast:
    """The users, and how each of them asks: `pages` by session, `api` by token."""

    users: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def pages(self, name: str) -> Client:
        """A browser in which `name` is signed in; CSRF tokens are asked for as in real life."""
        client = Client(enforce_csrf_checks=False, raise_request_exception=False)
        if name != "anonymous":
            client.force_login(self.users[name])
        return client

    def api(self, name: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One call of the API by `name`'s token; `body` is sent as JSON."""
        if name != "anonymous":
            headers["Authorization"] = f"Bearer {self.tokens[name]}"
        client = Client(raise_request_exception=False)
        if body is None:
            return client.generic(method, f"/api/v1/{path}", headers=headers)
        return client.generic(method, f"/api/v1/{path}", json.dumps(body), "application/json", headers=headers)


def make_cast() -> Cast:
    """The cast, new in the database."""
    cast = Cast()
    users = get_user_model().objects
    for name in NAMES:
        cast.users[name] = users.create_user(name, is_staff=name == "dora")
        cast.tokens[name] = accounts.new_token(cast.users[name])
    may_launch = Permission.objects.get(codename="launch_job")
    for name in ("alice", "bob"):
        cast.users[name].user_permissions.add(may_launch)
    return cast


def new_job(owner: Any = None, **fields: Any) -> Job:
    """A row as launching and the recorder leave it."""
    values = {"task": "tasks.samples.arithmetic.add", "args": {"x": 1, "y": 2}, "created_at": timezone.now()}
    return Job.objects.create(**{**values, "id": uuid.uuid4(), "owner": owner, "seq": 1, "epoch": 1, **fields})


def new_schedule(owner: Any = None, **fields: Any) -> PeriodicTask:
    """A schedule of every hour; without `owner` one that was made elsewhere."""
    hourly, _ = IntervalSchedule.objects.get_or_create(every=1, period="hours")
    values = {"task": "tasks.samples.arithmetic.add", "kwargs": '{"x": 1, "y": 2}', "interval": hourly}
    row = PeriodicTask.objects.create(**{"name": f"test {uuid.uuid4()}", **values, **fields})
    if owner:
        Schedule.objects.create(name=row.name, owner=owner)
    return row


def in_log(job: Job) -> None:
    """Let the event log know the job too."""
    eventlog.open_epoch(1)
    eventlog.announce(job.as_dict(), owner_id=job.owner_id)
