"""What daphne serves: pages and API by Django, `/ws/` by Channels."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from project.start import refuse_bad_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

# Django's own application first: it sets up the apps that the routing imports.
http = get_asgi_application()
refuse_bad_start()

from dashboard.routing import application as websocket  # noqa: E402

application = ProtocolTypeRouter({"http": http, "websocket": websocket})
