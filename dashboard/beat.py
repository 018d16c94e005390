"""Beat's scheduler: django-celery-beat's, but what was scheduled on our pages goes through the one door.

For the setting `CELERY_BEAT_SCHEDULER`. A run is a row before it is a message, belongs to the schedule's owner, and
does not happen when he may no longer launch the task.
"""

import logging
import uuid
from typing import Any

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, close_old_connections
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from dashboard.models import Schedule
from dashboard.schedules import runs as schedule_runs
from dashboard.schedules import store as schedules

logger = logging.getLogger(__name__)

_RUNS = uuid.UUID("5d0f3f2a-8a0e-4c0b-9a53-0e6b5a7f4f0d")


class Entry(ModelEntry):
    """A schedule in beat's memory."""

    def save(self) -> None:
        """Write down the run, and nothing else: a whole row would undo a pause or a change of this very moment."""
        rows = PeriodicTask.objects.filter(pk=self.model.pk, date_changed=self.model.date_changed)
        rows.update(last_run_at=self.model.last_run_at, total_run_count=self.model.total_run_count)


class Scheduler(DatabaseScheduler):
    """DatabaseScheduler, with owners."""

    Entry = Entry
    _has_missed = False

    def enabled_models_qs(self) -> Any:
        """All of them. The library leaves out crontabs whose hour is not near: one that was missed while beat was down
        comes in two hours before its next time, is found overdue, and runs then as well."""
        return self.Model.objects.enabled()

    def schedule_changed(self) -> bool:
        """Whether to read the schedules again: also where a run is owed since the database was away."""
        if not self._has_missed:
            return bool(super().schedule_changed())
        try:
            close_old_connections()
            self._last_timestamp = self.Changes.last_change()
        except (DatabaseError, InterfaceError):
            return False
        self._has_missed = False
        return True

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **options: Any) -> Any:
        """Run what is due, and write that down at once: a beat that is killed would run it a second time."""
        try:
            close_old_connections()
            if not PeriodicTask.objects.filter(pk=entry.model.pk, date_changed=entry.model.date_changed).exists():
                return None  # paused, changed or deleted since it was read, at most 5 s ago
            found = schedules.find(entry.model.pk)
            if found is None or found.own is None:
                return super().apply_async(entry, producer=producer, advance=advance, **options)
            return _run(found, uuid.uuid5(_RUNS, f"{entry.name} {entry.last_run_at.isoformat()}"))
        except (OperationalError, InterfaceError) as error:
            logger.error("the database is away: schedule %s runs when it is back: %s", entry.name, error)
            entry.model.last_run_at, entry.model.total_run_count = entry.last_run_at, entry.total_run_count
            self._dirty.discard(entry.name)
            self._has_missed = True
            return None
        finally:
            self._do_sync()


def _run(found: schedules.Scheduled, job_id: uuid.UUID) -> None:
    refusal = ""
    try:
        schedule_runs.run(found, job_id=job_id)
    except schedule_runs.Refused as error:
        refusal = str(error)
        logger.warning("schedule %s did not run: %s", found.name, error)
    except IntegrityError:
        logger.warning("schedule %s has run already: job %s", found.name, job_id)
    Schedule.objects.filter(name=found.name).exclude(refusal=refusal).update(refusal=refusal)
