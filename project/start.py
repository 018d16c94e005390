"""What daphne, the worker and beat do first, also when started by hand: refuse a start that would go wrong silently."""

from __future__ import annotations

import logging
import sys
from typing import Any

from celery import signals

from project import checks, extra_apps, logs


def refuse_bad_start(*_: Any, **__: Any) -> None:
    """End the process with one line where one of our own checks finds an error."""
    for check in (checks.unknown_celery_settings, checks.extra_apps_import):
        for found in check(None):
            sys.exit(f"Taskcast cannot start: {found.msg} {found.hint}")


def import_extra_apps(*_: Any, **__: Any) -> None:
    """Let the tasks of TASKCAST_APPS register, whenever Celery loads its task modules."""
    try:
        extra_apps.import_all()
    except extra_apps.BrokenApp as error:
        sys.exit(f"Taskcast cannot start: {error}.")


def say_that_beat_runs(*_: Any, **__: Any) -> None:
    """Beat has no way to be asked whether it runs; whoever starts it may wait for this line."""
    logging.getLogger("celery.beat").info("beat: the schedule is read")


signals.celeryd_init.connect(refuse_bad_start)
signals.beat_init.connect(refuse_bad_start)
signals.beat_init.connect(say_that_beat_runs)
signals.import_modules.connect(import_extra_apps)
signals.after_setup_logger.connect(logs.keep_to_one_line)
signals.after_setup_task_logger.connect(logs.keep_to_one_line)
