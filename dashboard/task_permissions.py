"""A permission for each task, beside the one for all of them: given to users and groups in the Django admin.

Rows of Django's own table: made after each `migrate`, and by `make up`, for the tasks that there are then, and never
taken back, since a module that is missing today may be there tomorrow.
"""

import hashlib
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import post_migrate

from tasks import catalog
from tasks.models import Job

_PREFIX = "launch:"
# Of a codename, and of the words beside it (Django's columns).
_LONGEST, _LONGEST_WORDS = 100, 255


def of(task: str) -> str:
    """The permission to launch the task of this name, as `has_perm` takes it."""
    return f"tasks.{_codename(task)}"


def is_one(permission: str) -> bool:
    """Whether this is the permission to launch some one task."""
    return permission.startswith(f"tasks.{_PREFIX}")


def _codename(task: str) -> str:
    name = _PREFIX + task
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(task.encode()).hexdigest()[:16]
    return f"{name[: _LONGEST - len(digest) - 1]}:{digest}"


def connect() -> None:
    """Make the permissions after each `migrate`."""
    post_migrate.connect(make, sender=apps.get_app_config("tasks"), dispatch_uid="taskcast.task_permissions")


def make(using: str = "default", **_: Any) -> None:
    """Make those that are missing."""
    content_type = ContentType.objects.db_manager(using).get_for_model(Job)
    rows = Permission.objects.using(using)
    there = set(rows.filter(content_type=content_type).values_list("codename", flat=True))
    wanted = {_codename(task.name): task for task in catalog.launchables()}
    rows.bulk_create(
        Permission(content_type=content_type, codename=codename, name=f"Can launch {task.name}"[:_LONGEST_WORDS])
        for codename, task in wanted.items()
        if codename not in there
    )
