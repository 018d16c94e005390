"""Websocket routes: `application` for us, `websocket_urlpatterns` for a project that has routes of its own.

Those stand below the prefix of the pages: `path("jobs/", URLRouter(websocket_urlpatterns))`.
"""

from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from dashboard.live import daphne_end, daphne_guard
from dashboard.live.consumers import live, no_such_path
from dashboard.live.flood import FloodGuard
from dashboard.live.origins import OriginGuard
from tasks import watch

# Whoever serves websockets of ours also gets requests: before the first one arrives.
daphne_guard.install()
daphne_end.install()

# The only worker may be the one that died: what it leaves behind is seen to from here.
watch.run_in_thread()

# From the outside in: bound what comes in, refuse foreign pages, then find out who it is.
_live: Any = FloodGuard(OriginGuard(live))
_no_such_path: Any = FloodGuard(OriginGuard(no_such_path))

websocket_urlpatterns = [path("ws/", _live)]

application = URLRouter([*websocket_urlpatterns, re_path(r"", _no_such_path)])
