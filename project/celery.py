"""The Celery application."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

from tasks import install

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

app = Celery("project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
install(app)


@app.task(bind=True, ignore_result=True)
def debug_task(self: Any) -> None:
    """Print the request that Celery handed to this task."""
    print(f"Request: {self.request!r}")
