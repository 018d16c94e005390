"""Every decision who may see or do what. Whoever is not named here may not.

The owner and staff see a job and may stop it; a job without owner is for staff only. Launching needs the permission
`tasks.launch_job`, and the task's own where it has one. An inactive account may nothing.
"""

from typing import Any, TypeAlias
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from dashboard import queries
from tasks import catalog
from tasks.models import Job

# A project may bring its own user model: used here is what Django's permissions themselves ask of one.
User: TypeAlias = Any

LAUNCH = "tasks.launch_job"


def is_active(user: User) -> bool:
    """Whether `user` is somebody at all: signed in, and not switched off."""
    return bool(user is not None and user.is_authenticated and user.is_active)


def sees_all(user: User) -> bool:
    """Whether `user` sees every job, those without owner included."""
    return is_active(user) and bool(user.is_staff or user.is_superuser)


def jobs_for(user: User) -> QuerySet[Job]:
    """The jobs that `user` may see."""
    if sees_all(user):
        return Job.objects.all()
    return Job.objects.filter(owner=user.pk) if is_active(user) else Job.objects.none()


def may_see(user: User, owner_id: int | None) -> bool:
    """Whether `user` may see a job of `owner_id` (None: nobody's)."""
    return sees_all(user) or (is_active(user) and owner_id is not None and owner_id == user.pk)


def may_cancel(user: User, owner_id: int | None) -> bool:
    """Whether `user` may stop a job of `owner_id` (None: nobody's)."""
    return may_see(user, owner_id)


def may_launch_anything(user: User) -> bool:
    """Whether `user` may launch tasks at all."""
    return is_active(user) and bool(user.has_perm(LAUNCH))


def may_launch(user: User, task: "catalog.LaunchableTask") -> bool:
    """Whether `user` may launch `task`."""
    if not may_launch_anything(user):
        return False
    return not task.permission or bool(user.has_perm(task.permission))


def may_launch_again(user: User, name: str) -> bool:
    """Whether `user` may launch the task of this name, if there (still) is one."""
    try:
        return may_launch(user, catalog.get(name))
    except catalog.UnknownTask:
        return False


def may_see_metrics(user: User) -> bool:
    """Whether `user` may see numbers about all jobs."""
    return sees_all(user)


def tasks_for(user: User) -> "list[catalog.LaunchableTask]":
    """The tasks that `user` is offered."""
    return [task for task in catalog.launchables() if not task.hidden and may_launch(user, task)]


def get_job_or_404(user: User, job_id: UUID | str) -> queries.Found:
    """The job, as it is now. Raises Http404 where it does not exist or `user` may not see it: both look the same."""
    found = queries.find(job_id) if is_active(user) else None
    if found is None or not may_see(user, found.owner_id):
        raise Http404(_("There is no such job."))
    return found


def get_task_or_404(user: User, name: str) -> "catalog.LaunchableTask":
    """The task, to launch it. Raises Http404 where there is none, PermissionDenied where `user` may not launch it."""
    try:
        task = catalog.get(name)
    except catalog.UnknownTask:
        raise Http404(_("There is no such task.")) from None
    if not may_launch(user, task):
        raise PermissionDenied(_("You may not launch this task."))
    return task
