"""Schedules: what is launched when, and as whom.

When is beat's: a PeriodicTask of django-celery-beat, with its arguments as Celery sends them. Whose it is stands in our
`Schedule` of the same name. One without is made elsewhere (Django's admin, `beat_schedule` in code): nobody's.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from dashboard.models import Schedule
from tasks import catalog
from tasks.catalog import LaunchableTask
from tasks.messages import is_recorded

_TIMINGS = ("interval", "crontab", "solar", "clocked")


@dataclass(frozen=True)
class Scheduled:
    """A schedule: beat's part, and ours, None where it was made elsewhere."""

    periodic: PeriodicTask
    own: Schedule | None

    @property
    def name(self) -> str:
        """What its jobs know it by."""
        return str(self.periodic.name)

    @property
    def owner(self) -> Any:
        """Whose jobs it launches; None where it was made elsewhere, or its owner's account is gone."""
        return self.own.owner if self.own else None

    @property
    def owner_id(self) -> Any:
        """The owner's key."""
        return self.own.owner_id if self.own else None

    @cached_property
    def task(self) -> LaunchableTask | None:
        """The task that it launches, None where there is no such task (any more)."""
        try:
            return catalog.get(self.periodic.task)
        except catalog.UnknownTask:
            return None

    @property
    def title(self) -> str:
        """What people call it."""
        if self.own is None:
            return self.name
        return str(self.periodic.description) or (self.task.title if self.task else str(self.periodic.task))

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """By parameter, in JSON's types; empty where what is stored is no JSON."""
        try:
            args, kwargs = json.loads(self.periodic.args or "[]"), json.loads(self.periodic.kwargs or "{}")
        except ValueError:
            return {}
        return self.task.named(args, kwargs) if self.task else {**kwargs, **({"args": args} if args else {})}

    @property
    def shown_arguments(self) -> dict[str, Any]:
        """As everybody may see them: one made elsewhere may hold a secret."""
        try:
            args, kwargs = json.loads(self.periodic.args or "[]"), json.loads(self.periodic.kwargs or "{}")
        except ValueError:
            return {}
        return catalog.shown(self.periodic.task, args, kwargs)

    @property
    def is_over(self) -> bool:
        """Whether it was for once, and that is past."""
        periodic = self.periodic
        if not periodic.one_off:
            return False
        is_past = periodic.clocked is not None and periodic.clocked.clocked_time <= timezone.now()
        return periodic.total_run_count > 0 or (is_past and not periodic.enabled)

    @property
    def is_paused(self) -> bool:
        """Whether somebody has stopped it."""
        return not self.periodic.enabled and not self.is_over


def every() -> list[Scheduled]:
    """All schedules but those of Celery's own housekeeping, by their titles."""
    return _sorted(_found(PeriodicTask.objects.all()))


def of(owner: Any) -> list[Scheduled]:
    """The schedules of `owner`, by their titles."""
    names = Schedule.objects.filter(owner=owner).values_list("name", flat=True)
    return _sorted(_found(PeriodicTask.objects.filter(name__in=list(names))))


def find(pk: int) -> Scheduled | None:
    """The schedule with beat's key `pk`."""
    return next(_found(PeriodicTask.objects.filter(pk=pk)), None)


def own(name: str) -> Schedule | None:
    """Our part of the schedule of this name, as it is now."""
    return Schedule.objects.select_related("owner").filter(name=name).first()


def _found(rows: Any) -> Iterator[Scheduled]:
    rows = [row for row in rows.select_related(*_TIMINGS) if is_recorded(row.task)]
    ours = Schedule.objects.select_related("owner").in_bulk([row.name for row in rows], field_name="name")
    return (Scheduled(row, ours.get(row.name)) for row in rows)


def _sorted(found: Iterable[Scheduled]) -> list[Scheduled]:
    return sorted(found, key=lambda one: (one.title.casefold(), one.periodic.pk))


@dataclass(frozen=True)
class Plan:
    """What a form says: a title ("" for the task's), when, and the arguments as the task has typed them."""

    title: str
    timing: Model
    typed: Mapping[str, Any]


def make(task: LaunchableTask, plan: Plan, owner: Any) -> Scheduled:
    """A new schedule, running."""
    name = f"{task.name[:160]} {uuid.uuid4()}"
    with transaction.atomic():
        ours = Schedule.objects.create(name=name, owner=owner)
        periodic = PeriodicTask(name=name, task=task.name)
        _write(periodic, task, plan)
        periodic.save()
    return Scheduled(periodic, ours)


def change(found: Scheduled, plan: Plan, editor: Any) -> None:
    """Change a schedule that was made here. One whose owner is gone becomes the editor's."""
    assert found.own is not None
    assert found.task is not None
    with transaction.atomic():
        was_over = found.is_over
        _write(found.periodic, found.task, plan)
        found.periodic.enabled = found.periodic.enabled or was_over
        found.periodic.save()
        Schedule.objects.filter(pk=found.own.pk).update(refusal="", owner=found.own.owner or editor)


def _write(periodic: PeriodicTask, task: LaunchableTask, plan: Plan) -> None:
    args, kwargs = task.call(task.wire(plan.typed))
    periodic.args, periodic.kwargs = json.dumps(args), json.dumps(kwargs)
    periodic.description = plan.title
    field = next(name for name in _TIMINGS if isinstance(plan.timing, PeriodicTask._meta.get_field(name).related_model))
    if getattr(periodic, field) != plan.timing:
        for name in _TIMINGS:
            setattr(periodic, name, plan.timing if name == field else None)
        periodic.one_off = field == "clocked"
        # Counted from now: a crontab whose time today is past would otherwise run at once, a one-off never again.
        periodic.last_run_at, periodic.total_run_count = None, 0


def pause(found: Scheduled) -> None:
    """Stop it from running; beat looks every 5 s."""
    found.periodic.enabled = False
    found.periodic.save()


def resume(found: Scheduled) -> None:
    """Let it run again, counted from now."""
    found.periodic.enabled = True
    found.periodic.save()


def delete(found: Scheduled) -> None:
    """Delete it; its past jobs stay."""
    with transaction.atomic():
        found.periodic.delete()
        if found.own:
            found.own.delete()
