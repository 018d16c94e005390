"""This process's one channel in the channel layer, and the groups that it is in.

What comes over it only saves reading: it may be lost at any time, nobody says so, and joining may take long
while Redis hangs. So nothing here ever fails; what did not work is tried again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

_PAUSE = 1.0  # seconds, after a failure


class Groups:
    """Which groups the process wants to be in, and a task that sees to it."""

    def __init__(self, hear: Callable[[dict[str, Any]], None]) -> None:
        self._hear = hear
        self._wanted: dict[str, asyncio.Event] = {}
        self._joined: set[str] = set()
        self._todo: set[str] = set()  # to be joined or left
        self._channel: str | None = None
        self._changed = asyncio.Event()

    def join(self, group: str) -> asyncio.Event:
        """Want to be in `group`; what is returned is set once the layer has been told."""
        if group not in self._wanted:
            self._wanted[group] = asyncio.Event()
            self._change([group])
        return self._wanted[group]

    def leave(self, group: str) -> None:
        """No longer want to be in `group`."""
        if self._wanted.pop(group, None):
            self._change([group])

    def _change(self, groups: Iterable[str]) -> None:
        self._todo.update(groups)
        self._changed.set()

    async def run(self) -> None:
        """Receive, for as long as the process lives; an error of the layer ends nothing."""
        while True:
            try:
                await self._receive()
            except Exception as error:
                # A message that cannot be decoded, a connection that broke: what was lost is found in the
                # log.
                logger.warning("the channel layer failed, going on: %s: %s", type(error).__name__, error)
                await asyncio.sleep(_PAUSE)
                self._joined.clear()
                self._change(self._wanted)

    async def _receive(self) -> None:
        layer = get_channel_layer()
        if self._channel is None:
            self._channel = await layer.new_channel()
        members = asyncio.ensure_future(self._see_to_members(layer, self._channel))
        try:
            while True:
                self._hear(await layer.receive(self._channel))
        finally:
            members.cancel()

    async def _see_to_members(self, layer: Any, channel: str) -> None:
        while True:
            self._changed.clear()
            try:
                while self._todo:
                    await self._see_to(self._todo.pop(), layer, channel)
            except Exception as error:
                logger.warning("cannot change groups, trying again: %s: %s", type(error).__name__, error)
                await asyncio.sleep(_PAUSE)
            else:
                await self._changed.wait()

    async def _see_to(self, group: str, layer: Any, channel: str) -> None:
        try:
            if group in self._wanted and group not in self._joined:
                await layer.group_add(group, channel)
                self._joined.add(group)
            elif group not in self._wanted and group in self._joined:
                await layer.group_discard(group, channel)
                self._joined.discard(group)
        except Exception:
            self._todo.add(group)
            raise
        if group in self._wanted and group in self._joined:  # still, or left and joined in one go
            self._wanted[group].set()
