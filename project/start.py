"""What daphne, the worker and beat do first, also when started by hand: refuse a start that would go wrong silently."""

from __future__ import annotations

import logging
import sys
from typing import Any

from celery import signals

from project import checks


def refuse_bad_start(*_: Any, **__: Any) -> None:
    """End the process with one line where one of our own checks finds an error."""
    from dashboard import site_checks  # it needs the settings, which import this project's package

    for check in (checks.unknown_celery_settings, site_checks.task_modules):
        for found in check(None):
            sys.exit(f"Taskcast cannot start: {found.msg} {found.hint}")


def keep_djangos_logging(loglevel: int | None = None, **_: Any) -> None:
    """Leave logging to settings.LOGGING, at the level that the command asks for.

    Celery's own set-up replaces the root handlers and redirects stderr into logging; Celery's Django fixup then lays
    settings.LOGGING over it, whose console is that redirected stderr: the pool's lines ("succeeded") were lost.
    """
    if loglevel:
        logging.getLogger().setLevel(loglevel)


def say_that_the_worker_runs(**_: Any) -> None:
    """Whoever starts a worker may wait for this line."""
    logging.getLogger("celery.worker").info("worker: it takes jobs")


def say_that_beat_runs(*_: Any, **__: Any) -> None:
    """Beat has no way to be asked whether it runs; whoever starts it may wait for this line."""
    logging.getLogger("celery.beat").info("beat: the schedule is read")


# Sent by worker, beat and catalogue when they load the task modules, before anything else of theirs.
signals.import_modules.connect(refuse_bad_start)
signals.worker_ready.connect(say_that_the_worker_runs)
signals.beat_init.connect(say_that_beat_runs)
signals.setup_logging.connect(keep_djangos_logging)
