"""The dashboard as a Django app."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = "Taskcast dashboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from dashboard import checks, revocation, site_checks, task_permissions  # noqa: F401 - checks register themselves

        revocation.connect()
        task_permissions.connect()
