"""TASKCAST_APPS: modules and packages of others, whose Celery tasks join the catalogue."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings


class BrokenApp(Exception):
    """A module of TASKCAST_APPS raised while it was imported."""


def import_all() -> None:
    """Import each module of TASKCAST_APPS, and its `tasks` where it has one; raises BrokenApp, naming it."""
    for name in settings.TASKCAST_APPS:
        _import(name)
        # find_spec looks below packages only; a plain module has no `tasks` inside.
        if hasattr(import_module(name), "__path__") and find_spec(f"{name}.tasks"):
            _import(f"{name}.tasks")


def _import(name: str) -> None:
    try:
        import_module(name)
    except Exception as error:
        # The error's text may span lines; the start shows one.
        text = " ".join(str(error).split())
        raise BrokenApp(f"TASKCAST_APPS: {name} cannot be imported ({type(error).__name__}: {text}).") from error
