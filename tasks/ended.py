"""The signal that a job has ended: `from tasks import job_ended`. Light: it is imported with `tasks`."""

from collections.abc import Collection

from django.dispatch import Signal

#: Sent with `job`, the row (tasks.models.Job) as it is for good, once for each job that came into a final state: by the
#: recorder's process, after the commit. At most once: where that process is killed between the two, nothing is sent.
#: While a receiver works nothing is recorded: what takes longer than a moment is launched as a task.
job_ended = Signal()


def tell(job_ids: Collection[str]) -> None:
    """Send the signal for these jobs. What a receiver raises stops nothing; Django logs it."""
    if not job_ids or not job_ended.has_listeners():
        return
    from tasks.models import Job  # it needs Django's apps

    for job in Job.objects.select_related("owner").filter(pk__in=job_ids).order_by("change"):
        job_ended.send_robust(sender=Job, job=job)
