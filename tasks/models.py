"""What history keeps: jobs as rows, their events in an archive, counters, uploads.

While a job lives the event log is the truth and the recorder is the only one who writes a job's state into its row;
launching writes the row first, with what the log does not know (the message to publish).
"""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tasks.events import JOB_FIELDS, STATES, JobDict, iso
from tasks.json_field import OrderedJSONField
from tasks.models_notices import Notice, NoticeSettings  # noqa: F401 - Django finds models here
from tasks.models_tallies import Tally  # noqa: F401

# Fields of a job dict that are columns of the same name and need no conversion.
_PLAIN = (
    "task",
    "args",
    "state",
    "reason",
    "cancel",
    "progress",
    "result",
    "error",
    "outputs",
    "worker",
    "attempt",
    "row",
    "children",
)
_IDS = ("parent", "root", "group", "retry_of")
_TIMES = ("created_at", "started_at", "finished_at")


#: The task of the job that is the parent of many which were launched together.
BATCH = "taskcast.batch"


def task_of(job: JobDict) -> str:
    """The task that the job runs; of a batch that of its jobs."""
    return str(job["args"]["task"] if job["task"] == BATCH else job["task"])


class Job(models.Model):
    """One launch of a task; its id is Celery's task id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    task = models.CharField(max_length=255)
    args = OrderedJSONField(default=dict)
    state = models.CharField(max_length=10, choices=[(s, s) for s in STATES], default="queued")
    reason = models.TextField(null=True)
    cancel = models.CharField(max_length=5, null=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    progress = OrderedJSONField(null=True)
    result = OrderedJSONField(null=True)
    error = OrderedJSONField(null=True)
    outputs = OrderedJSONField(default=list)
    worker = models.CharField(max_length=255, null=True)
    attempt = models.PositiveIntegerField(default=0)
    parent = models.UUIDField(null=True)
    root = models.UUIDField(null=True)
    group = models.UUIDField(null=True)
    row = models.PositiveIntegerField(null=True, help_text="Of a batch's table, as people count")
    retry_of = models.UUIDField(null=True)
    children = OrderedJSONField(null=True, help_text="How many of them are in which state")
    truncated = OrderedJSONField(null=True, help_text="Fields whose value is cut in frames, or kept as a file")
    epoch = models.PositiveBigIntegerField(default=0)
    seq = models.PositiveBigIntegerField(default=0)
    archived = models.PositiveBigIntegerField(default=0, help_text="Last seq in the archive")
    lines = models.PositiveBigIntegerField(
        default=0, null=True, help_text="Log lines in the archive; empty: not counted yet"
    )
    lease = models.CharField(max_length=300, default="", help_text="Of the worker that started it")
    change = models.PositiveBigIntegerField(default=0, help_text="Orders the rows by when they last changed")

    schedule = models.CharField(max_length=200, null=True, help_text="Name of the schedule that launched it")
    queue = models.CharField(max_length=255, default="", blank=True)
    priority = models.SmallIntegerField(null=True, help_text="As the broker takes it; empty: the usual one")
    eta = models.DateTimeField(null=True)
    message = OrderedJSONField(null=True, help_text="What is still to be published")
    published_at = models.DateTimeField(null=True)
    notify = models.CharField(max_length=6, null=True, help_text="always or never; empty: as its owner has chosen")

    class Meta:
        permissions = [
            ("launch_job", _("Can launch tasks")),
            ("view_group_jobs", _("Can see the jobs of their groups' members")),
            ("view_unowned_jobs", _("Can see jobs that nobody launched: from a shell, from beat")),
            ("steer_jobs", _("Can cancel and retry every job that they can see")),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="job_newest"),
            models.Index(fields=["owner", "-created_at", "-id"], name="job_of_owner"),
            models.Index(fields=["state", "-created_at", "-id"], name="job_in_state"),
            models.Index(fields=["task", "-created_at", "-id"], name="job_of_task"),
            models.Index(
                fields=["schedule", "-created_at", "-id"],
                name="job_of_schedule",
                condition=models.Q(schedule__isnull=False),
            ),
            # What somebody launched by hand: neither in a batch, nor by a schedule.
            models.Index(
                fields=["owner", "task", "-created_at", "-id"],
                name="job_by_hand",
                condition=models.Q(parent=None, schedule=None),
            ),
            models.Index(fields=["change"], name="job_change"),
            # Most jobs have neither.
            *(
                models.Index(fields=[*fields], name=name, condition=models.Q(**{f"{fields[0]}__isnull": False}))
                for fields, name in (
                    (("parent", "-created_at", "-id"), "job_of_parent"),
                    (("parent", "state"), "job_of_parent_in_state"),
                    (("group", "-created_at", "-id"), "job_of_group"),
                )
            ),
            models.Index(fields=["eta", "created_at"], name="job_unpublished", condition=models.Q(published_at=None)),
            # What has waited longest in a queue: of all jobs few wait.
            models.Index(fields=["queue", "published_at"], name="job_waiting", condition=models.Q(state="queued")),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.id}"

    @property
    def batch_size(self) -> int | None:
        """Of a batch, how many jobs it has; None for every other job."""
        return int(self.args["rows"]) if self.task == BATCH else None

    def as_dict(self) -> JobDict:
        """The job as everybody is shown it (contract section 4). Reads `owner`: select it with the row."""
        job: JobDict = dict.fromkeys(JOB_FIELDS)
        job["id"] = str(self.id)
        job.update({name: getattr(self, name) for name in _PLAIN})
        job.update({name: _text(getattr(self, name)) for name in _IDS})
        job.update({name: at and iso(at) for name in _TIMES for at in [getattr(self, name)]})
        job["owner"] = self.owner.get_username() if self.owner else None
        job["seq"] = self.seq
        if self.truncated is not None:
            job["truncated"] = self.truncated
        return job


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


class JobEvents(models.Model):
    """Events of one job in the archive, ascending: a line of JSON for each.

    Consecutive while `live`; some time after the job has ended its chunks become one, without superseded progress.
    """

    # No index of its own: the constraint below begins with it.
    job = models.ForeignKey(Job, models.CASCADE, related_name="chunks", db_index=False)
    epoch = models.PositiveBigIntegerField()
    first = models.PositiveBigIntegerField()
    last = models.PositiveBigIntegerField()
    body = models.TextField()
    live = models.BooleanField(default=True)
    before = models.PositiveBigIntegerField(null=True, help_text="Log lines of the job before these")
    lines = models.PositiveIntegerField(null=True, help_text="Log lines in it; empty: not counted yet")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "first"], name="job_events_once")]
        indexes = [
            models.Index(fields=["job"], name="job_events_live", condition=models.Q(live=True)),
            models.Index(fields=["job", "before"], name="job_events_of_line", condition=models.Q(lines__gt=0)),
        ]


class PausedQueue(models.Model):
    """A queue from which no worker takes anything."""

    name = models.CharField(primary_key=True, max_length=255)
    by = models.CharField(max_length=255, help_text="Username; empty where code did it")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        default_permissions = ()


class Counter(models.Model):
    """A number that only grows: `epoch` of the event log, `change` of the rows."""

    name = models.CharField(primary_key=True, max_length=20)
    value = models.PositiveBigIntegerField(default=0)


class AuditEntry(models.Model):
    """Who did what to a job, or to a queue: a line of the audit trail. It outlives the job and the account."""

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=255, help_text="Username then; empty where code did it")
    action = models.CharField(max_length=20)
    task = models.CharField(max_length=255)
    job = models.UUIDField(null=True)
    detail = models.TextField()

    class Meta:
        # Nobody writes it by hand, and staff may read it: see dashboard/admin.py.
        default_permissions = ()
        verbose_name = _("entry of the audit trail")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["job"], name="audit_of_job"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name or '–'} {self.action} {self.task or self.detail} {self.job or ''}".strip()


class Upload(models.Model):
    """A file that somebody brought for a task; an argument names it by its id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField(help_text="Bytes")
    received = models.PositiveBigIntegerField(default=0, help_text="Bytes")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, help_text="When it was last given to a launch")
