"""The shop's Celery app, which is called neither `app` nor `project`."""

import os

from celery import Celery

from tasks import install

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

application = Celery("shop")
application.config_from_object("django.conf:settings", namespace="CELERY")
application.autodiscover_tasks()
install(application)  # Taskcast
