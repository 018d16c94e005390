"""A system check: with another scheduler, beat would send what was scheduled on our pages without asking who may."""

from typing import Any

from celery import current_app
from django.apps import apps
from django.core import checks
from kombu.utils import symbol_by_name


@checks.register("celery")
def beat_asks_who_may(app_configs: Any, **_: Any) -> list[checks.CheckMessage]:
    """Name a `beat_scheduler` that is not ours, where there are schedules."""
    if not apps.is_installed("django_celery_beat"):
        return []
    from dashboard.beat import Scheduler

    scheduler = symbol_by_name(current_app.conf.beat_scheduler)
    if isinstance(scheduler, type) and issubclass(scheduler, Scheduler):
        return []
    return [
        checks.Error(
            "Schedules made on Taskcast's pages would run with another scheduler as nobody, whoever may.",
            hint='Set CELERY_BEAT_SCHEDULER = "dashboard.beat:Scheduler", or take out django_celery_beat.',
            id="taskcast.E003",
        )
    ]
