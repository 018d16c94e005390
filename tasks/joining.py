"""Joins Taskcast to a Celery app: the gate around every task, the signals, the worker's steps."""

from typing import Any

from celery import Celery


def install(app: Celery) -> None:
    """Have every task of `app` seen by Taskcast. Call it where the app is made, before its tasks are used."""
    from tasks import bootsteps, signals

    app.on_after_configure.connect(_put_gate, weak=False, dispatch_uid="taskcast.gate")
    signals.connect()
    bootsteps.install(app)


def _put_gate(sender: Celery, **_: Any) -> None:
    from tasks.gate import gate

    own = sender.conf.task_annotations or []
    ours = {"*": {"@__call__": gate}}
    sender.conf.task_annotations = [ours, *(own if isinstance(own, list | tuple) else [own])]
