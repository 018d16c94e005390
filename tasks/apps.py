"""The engine as a Django app."""

from pathlib import Path

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured


class TasksConfig(AppConfig):
    name = "tasks"
    verbose_name = "Taskcast"
    default_auto_field = "django.db.models.BigAutoField"

    def import_models(self) -> None:
        """Before models: a package of the project's may have taken the name of the other app of ours."""
        ours = Path(__file__).resolve().parent.parent / "dashboard"
        for app in apps.get_app_configs():
            if app.name == "dashboard" and Path(app.path).resolve() != ours:
                raise ImproperlyConfigured(
                    f"{app.path} hides Taskcast's package `dashboard`, {ours}: rename it, and its imports."
                )
        super().import_models()
