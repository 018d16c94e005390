"""Many clients at once: who reads nothing, who floods, who comes back all together; one job that says very much."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import statistics
import threading
import time
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.integration.conftest import serving
from tests.support.live import Follower, Reader, deaf
from tests.support.stack import Stack, megabytes, wait_for

W = "from tests.support import writing as w; "


@pytest.fixture(scope="module")
def web() -> Iterator[Stack]:
    """Redis, two web processes and the cast."""
    with serving(Stack(), "daphne2") as running:
        yield running


def test_a_hundred_clients_that_read_nothing_cost_little_and_hold_up_nobody(web):
    """Without credit one such client made daphne grow by 400 MB in 50 s."""
    job = web.run(W + "answer = w.job()")
    cookie = "; ".join(f"{key}={value}" for key, value in web.cookies("alice").items())
    web.run(W + "w.lines(job, 1, 100, echo=False, size=10_000)", job=job)
    before = megabytes(web)
    clients = [deaf(web.port, f"Cookie: {cookie}", job) for _ in range(100)]
    began = time.monotonic()
    left = list(clients)
    other = web.run(W + "answer = w.job()")
    delays = []
    with Reader(web, "alice") as reader:
        reader.subscribe(f"job:{other}")
        reader.next()

        def all_closed() -> bool:
            sent = time.monotonic()
            web.run(W + "w.lines(job, n, 1, echo=True)", job=other, n=len(delays) + 1)
            reader.next()
            delays.append(time.monotonic() - sent)
            time.sleep(0.06)  # a topic is sent 20 frames a second at most, which is not what is asked here
            for n, client in enumerate(list(left)):
                # Every other one sends a byte now and then (a pong), which once kept the buffers growing.
                try:
                    if n % 2:
                        client.sendall(b"\x8a\x80\x00\x00\x00\x00")
                    elif _is_closed(client):
                        left.remove(client)
                except OSError:
                    left.remove(client)
            return not left

        wait_for(all_closed, "all are closed", 30)
    print(f"closed after {time.monotonic() - began:.1f} s, {megabytes(web) - before} MB, "
          f"others p95 {statistics.quantiles(delays, n=20)[18] * 1000:.0f} ms of {len(delays)}")  # fmt: skip
    assert megabytes(web, "VmHWM") - before < 100
    for client in clients:
        client.close()


def _is_closed(client: socket.socket) -> bool:
    """Whether the server has closed, without reading: the kernel knows."""
    state = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    established = 1
    return state != established


def test_a_thousand_sockets_come_back_at_once(web):
    job = web.run(W + "answer = w.job()")
    web.run(W + "w.lines(job, 1, 20, echo=False)", job=job)
    cookies = web.cookies("alice")

    async def go() -> tuple[float, list[Follower], list[str]]:
        followers = [Follower() for _ in range(1000)]
        refused: list[str] = []
        headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in cookies.items())}

        async def follow(follower: Follower, until: int) -> None:
            """As the page does: comes back with its cursor, after a while that is drawn."""
            wait = 0.5
            while follower.job is None or follower.job["seq"] < until:
                try:
                    async with connect(web.ws_url, additional_headers=headers, compression=None, open_timeout=30) as ws:
                        cursor = {} if follower.job is None else {"after": follower.job["seq"], "epoch": follower.epoch}
                        await ws.send(json.dumps({"type": "subscribe", "topic": f"job:{job}", **cursor}))
                        while follower.job is None or follower.job["seq"] < until:
                            frame = json.loads(await ws.recv())
                            if frame["type"] != "tick":
                                follower.take(frame)
                        if until == 21:
                            await ws.wait_closed()
                except OSError:
                    pass  # nobody listens yet
                except WebSocketException as error:
                    if "HTTP 5" in str(error):
                        refused.append(str(error))
                await asyncio.sleep(wait * (0.5 + os.urandom(1)[0] / 255))
                wait = min(wait * 2, 5)

        first = [asyncio.ensure_future(follow(follower, 21)) for follower in followers]
        while not all(follower.job and follower.job["seq"] == 21 for follower in followers):
            await asyncio.sleep(0.1)
        await asyncio.to_thread(web.kill, "daphne", signal.SIGTERM)
        await asyncio.to_thread(web.run, W + "w.lines(job, 21, 5, echo=True)", job=job)
        for one in first:
            one.cancel()
        await asyncio.gather(*first, return_exceptions=True)
        back = [asyncio.ensure_future(follow(follower, 26)) for follower in followers]
        web.start("daphne", wait=False)  # by the main thread: a part dies with the thread that started it
        await asyncio.to_thread(web.wait, "daphne")
        began = time.monotonic()
        async with asyncio.timeout(60):
            await asyncio.gather(*back)
        return time.monotonic() - began, followers, refused

    seconds, followers, refused = asyncio.run(go())
    print(f"all synchronous {seconds:.1f} s after the web process was back")
    assert refused == []
    assert {follower.job["seq"] for follower in followers if follower.job} == {26}
    assert all(follower.seen == [22, 23, 24, 25, 26] for follower in followers)


def test_readers_of_a_web_process_that_ends_go_on_at_another_one(web):
    job = web.run(W + "answer = w.job()")
    cookies = web.cookies("alice")  # now: the interpreter has one voice, and will be writing
    follower = Follower()
    writing = threading.Thread(target=web.run, args=(W + "w.lines(job, 1, 2000, echo=True)",), kwargs={"job": job})
    with Reader(web, cookies=cookies) as reader:
        reader.subscribe(f"job:{job}")
        follower.take(reader.next())
        writing.start()
        web_ends = threading.Timer(0.3, web.kill, ("daphne", signal.SIGTERM))
        web_ends.start()
        while (frame := _frame(reader)) is not None:
            follower.take(frame)
    web_ends.join()
    assert follower.job
    assert follower.job["seq"] < 2001, "it ended before all was said"
    with Reader(web, cookies=cookies, port=web.ports["daphne2"]) as reader:
        reader.subscribe(f"job:{job}", after=follower.job["seq"], epoch=follower.epoch)
        while follower.job["seq"] < 2001:
            follower.take(reader.next())
    writing.join()
    web.start("daphne")
    assert follower.seen == list(range(2, 2002))


def _frame(reader: Reader) -> dict[str, object] | None:
    try:
        return reader.next()
    except (WebSocketException, OSError):
        return None
