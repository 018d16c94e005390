"""The dashboard as a Django app."""

from importlib import import_module
from pathlib import Path

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = "Taskcast dashboard"
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        """Before our models, which would fail with an error that says nothing of its cause."""
        _need_tasks()
        super().import_models()

    def ready(self) -> None:
        from dashboard import checks, site_checks, task_permissions  # noqa: F401 - checks register themselves
        from dashboard.live import revocation

        revocation.connect()
        task_permissions.connect()


def _need_tasks() -> None:
    tasks = import_module("tasks")
    found = Path(tasks.__file__ or next(iter(tasks.__path__))).resolve()
    ours = Path(__file__).resolve().parent.parent / "tasks" / "__init__.py"
    if found != ours:
        raise ImproperlyConfigured(f"{found} hides Taskcast's package `tasks`, {ours}: rename it, and its imports.")
    if not apps.is_installed("tasks"):
        raise ImproperlyConfigured('Taskcast is two apps: add "tasks" to INSTALLED_APPS, before "dashboard".')
