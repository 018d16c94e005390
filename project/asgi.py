"""What daphne serves: pages and API by Django, `/ws/` by Channels."""

import os

import django
from channels.routing import ProtocolTypeRouter

from project.start import refuse_bad_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

# First: the routing imports the apps.
django.setup(set_prefix=False)
refuse_bad_start()

from dashboard.routing import application as websocket  # noqa: E402
from project.handler import OneThreadHandler  # noqa: E402

http = OneThreadHandler()

application = ProtocolTypeRouter({"http": http, "websocket": websocket})
