"""The Django project: settings, entry points, supervisor."""

from project import start  # registers the system checks and what happens at the start
from project.celery import app as celery_app

__all__ = ["celery_app", "start"]
