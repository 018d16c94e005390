"""Clients as nobody wants them: those that follow jobs and read nothing, and one that says too much."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.live import deaf

# Seconds within which one that floods is cut off.
CUT_OFF = 2.0
_TOO_FAST = 4429


def follow_and_read_nothing(port: int, authorization: str, jobs: Iterable[str], seconds: float) -> str:
    """One client for each job, for so long; what was done."""
    clients = []
    with suppress(OSError):
        for job in jobs:
            clients.append(deaf(port, f"Authorization: {authorization}", job))
    time.sleep(seconds)  # how long they stay
    for client in clients:
        client.close()
    return f"{len(clients)}, for {seconds:.0f} s"


def flood(port: int, authorization: str) -> tuple[str, bool]:
    """Send frames as fast as they go; what came of it, and whether that was right."""
    sent, began = 0, time.monotonic()
    try:
        with connect(
            f"ws://127.0.0.1:{port}/ws/", additional_headers={"Authorization": authorization}, compression=None
        ) as ws:
            while time.monotonic() - began < 5 * CUT_OFF:
                ws.send('{"type":"ack","n":0}')
                sent += 1
    except ConnectionClosed as closed:
        took = time.monotonic() - began
        code = closed.rcvd.code if closed.rcvd else None
        return f"{sent} frames, closed with {code} after {took:.1f} s", code == _TOO_FAST and took < CUT_OFF
    except OSError as error:
        return f"not let in: {error}", True
    return f"{sent} frames, and never closed", False
