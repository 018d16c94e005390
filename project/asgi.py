"""What daphne serves: pages and API by Django, `/ws/` by Channels."""

import os
from importlib import import_module
from importlib.util import find_spec

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from project.start import refuse_bad_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

# Django's own application first: it sets up the apps that the routing imports.
http = get_asgi_application()
refuse_bad_start()

application = ProtocolTypeRouter({"http": http})
if find_spec("dashboard.routing"):
    application.application_mapping["websocket"] = import_module("dashboard.routing").application
