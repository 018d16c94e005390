"""A project of somebody else's: people who sign in by e-mail, pages of its own, a Celery app of its own.

What joins Taskcast to it is marked with "Taskcast" in settings.py, urls.py, asgi.py and celery.py, as in
docs/existing-project.md.
"""

from shop.celery import application

__all__ = ["application"]
