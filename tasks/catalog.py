"""Launchable tasks: every registered Celery task but Celery's own, its arguments typed by its signature."""

import importlib
import importlib.util
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from celery import current_app
from django.core.exceptions import ImproperlyConfigured

from tasks import conf
from tasks.catalog_errors import MASK, BadArguments, Fault, UnknownTask
from tasks.catalog_secrets import hidden_texts, masked_by_name, shown_values
from tasks.catalog_task import LaunchableTask, Typed

__all__ = [
    "MASK",
    "BadArguments",
    "Fault",
    "LaunchableTask",
    "Typed",
    "UnknownTask",
    "get",
    "launchables",
    "load",
    "secret_values",
    "shown",
]

#: What a job shows of its arguments, in bytes.
SHOWN_BYTES = 256 * 1024

# Celery's own tasks that bear the arguments of another one.
_CARRIERS = ("celery.map", "celery.starmap")

_known: dict[str, LaunchableTask] = {}
_loaded_for: list[Any] = []
_loading = threading.RLock()  # a module may ask for a task while it is imported


def load() -> None:
    """Import the modules of TASKCAST_APPS, each with its `tasks` submodule, which registers their tasks.

    Raises ImproperlyConfigured, naming the module that cannot be imported and why.
    """
    for name in conf.apps():
        try:
            module = importlib.import_module(name)
            if hasattr(module, "__path__") and importlib.util.find_spec(f"{name}.tasks"):
                importlib.import_module(f"{name}.tasks")
        except Exception as error:
            # An error's text may span lines; the start of a process shows one.
            why = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise ImproperlyConfigured(f"TASKCAST_APPS: {name} cannot be imported ({why})") from error


def launchables() -> list[LaunchableTask]:
    """Every task that is not hidden, ordered by name."""
    names = sorted(name for name in _registry() if not name.startswith("celery."))
    return [task for task in map(get, names) if not task.hidden]


def get(name: str) -> LaunchableTask:
    """The task of this name, hidden or not. Raises UnknownTask, also for Celery's own `celery.*`."""
    task = None if name.startswith("celery.") else _find(name)
    if task is None:
        raise UnknownTask(name)
    return task


def shown(name: str, args: Iterable[Any] | None, kwargs: Mapping[str, Any] | None) -> dict[str, Any]:
    """A job's arguments for all who may see it: by parameter, JSON-safe, secrets masked, bounded in size.

    Takes what a message bears, from wherever it was sent, and never raises. A task that this process does not
    know has `args` and `kwargs`; positional values that belong to no parameter stand under `args`.
    """
    try:
        return shown_values(_masked(name, args or (), kwargs or {}), SHOWN_BYTES)
    except Exception as error:
        return {"args": f"<arguments that cannot be shown: {type(error).__name__}>"}


def _masked(name: str, args: Iterable[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    task = _find(name)
    if task is None:
        return {"args": list(args), "kwargs": masked_by_name(kwargs)}
    values = task.named(args, kwargs)
    if name in _CARRIERS and "task" in values:
        carried = values["task"]["task"] if isinstance(values["task"], Mapping) else str(values["task"])
        inner = _find(carried)
        secret = inner is not None and any(parameter.mask for parameter in inner.parameters)
        return {"task": carried, "it": MASK if secret else values.get("it")}
    return task.masked(values)


def secret_values(name: str, args: Iterable[Any] | None, kwargs: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The secret texts among a job's arguments, for taking them out of what it says. Never raises."""
    try:
        task = _find(name)
        if task is None or (task.is_open and kwargs is not None and kwargs.keys() <= task.by_name.keys()):
            return ()
        # A default that nobody gave is a secret too.
        values = task.secret_defaults() | task.named(args or (), kwargs or {})
        return tuple(hidden_texts(values, task.masked(values)))
    except Exception:
        return ()


def _find(name: str) -> LaunchableTask | None:
    registered = _registry().get(name)
    if registered is None:
        return None
    task = _known.get(name)
    if task is None or task.registered is not registered:
        task = _known[name] = LaunchableTask(name, registered)
    return task


def _registry() -> Mapping[str, Any]:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    if app not in _loaded_for:
        # Requests that come at once to a fresh process: all but the first would find half of the tasks, and answer 404.
        with _loading:
            if app not in _loaded_for:
                # A process that is no worker has not autodiscovered yet; a signal sent here does it, and calls load().
                app.loader.import_default_modules()
                _loaded_for.append(app)
    tasks: Mapping[str, Any] = app.tasks
    return tasks
