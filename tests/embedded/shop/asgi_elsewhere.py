"""The shop with a mistake: the socket's prefix is not that of the pages."""

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from shop.asgi import http, websocket_urlpatterns

application = ProtocolTypeRouter(
    {"http": http, "websocket": URLRouter([path("elsewhere/", URLRouter(websocket_urlpatterns))])}
)
