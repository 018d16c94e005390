"""The peers' ASGI application: Channels as its documentation has it, and celery-progress' own consumer."""

import json
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.site")

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

http = get_asgi_application()

from celery_progress.websockets.routing import urlpatterns as progress_urlpatterns  # noqa: E402 (needs Django set up)


class PlainConsumer(AsyncWebsocketConsumer):
    """Joins the group of its address and passes on what is sent to it."""

    async def connect(self) -> None:
        self.group = self.scope["url_route"]["kwargs"]["group"]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def tell(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(message["data"]))


application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": URLRouter([path("ws/plain/<group>", PlainConsumer.as_asgi()), *progress_urlpatterns]),
    }
)
