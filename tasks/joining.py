"""Joins Taskcast to a Celery app: the gate around every task, patience in its retries, signals, the worker's steps."""

from typing import Any

from celery import Celery
from celery.app.defaults import NAMESPACES, flatten
from celery.signals import import_modules

DEFAULTS = dict(flatten(NAMESPACES))


def install(app: Celery) -> None:
    """Have every task of `app` seen by Taskcast. Call it where the app is made, before its tasks are used."""
    from tasks import bootsteps, signals, transport

    transport.install()
    import_modules.connect(_import_apps, weak=False, dispatch_uid="taskcast.apps")
    app.on_after_configure.connect(_configure, weak=False, dispatch_uid="taskcast.configure")
    signals.connect()
    bootsteps.install(app)


def _import_apps(**_: Any) -> None:
    # A worker knows only the tasks that are there when it starts.
    from tasks import catalog

    catalog.load()


def _configure(sender: Celery, **_: Any) -> None:
    from tasks.gate import gate
    from tasks.retrying import patient

    own = sender.conf.task_annotations or []
    own = list(own) if isinstance(own, list | tuple) else [own]
    # Celery takes the first "*" only.
    theirs: dict[str, Any] = next((each["*"] for each in own if isinstance(each, dict) and "*" in each), {})
    sender.conf.task_annotations = [{"*": {**theirs, "@__call__": gate, "@retry": patient}}, *own]
    if sender.conf.worker_consumer == DEFAULTS["worker_consumer"].default:
        sender.conf.worker_consumer = "tasks.consumer:Consumer"
