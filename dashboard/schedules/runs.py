"""A schedule's run: launched as its owner, through the one door, and only while he may launch its task."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from dashboard import access
from dashboard.schedules.store import Scheduled
from tasks.catalog import BadArguments
from tasks.launching import launch
from tasks.models import Job


class Refused(Exception):
    """The run does not happen; the text says why."""


def trouble(found: Scheduled) -> str:
    """Why the schedule does not run, as far as can be known before; empty where it does."""
    if found.task is None:
        return _("It does not run: there is no such task.")
    if found.own is None:
        return ""
    if found.owner is None:
        return _("It does not run: its owner's account is gone. Whoever changes it becomes its owner.")
    if not access.is_active(found.owner):
        return _("It does not run: its owner's account is switched off.")
    if not access.may_launch(found.owner, found.task):
        return _("It does not run: its owner may no longer launch this task.")
    return ""


def run(found: Scheduled, *, user: Any = None, job_id: UUID | None = None) -> Job:
    """Launch the schedule's task now, as its owner; one that was made elsewhere, as `user`. Raises Refused.

    `job_id` is for beat, which may come twice: IntegrityError where there is such a job.
    """
    if why := trouble(found):
        raise Refused(why)
    user = found.owner or user
    try:
        return launch(found.periodic.task, found.arguments, user=user, job_id=job_id, schedule=found.name)
    except BadArguments as error:
        told = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors)
        raise Refused(_("The task does not take its arguments:") + " " + "; ".join(told)) from error
