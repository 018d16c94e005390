"""From a report in a job to the frame in a client, one report at a time on an idle system."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import redis

from bench.measuring import Effort, Result, Target, interleaved
from bench.peers.processes import Peers
from bench.sockets import Socket
from bench.stage import follow, instance, reader
from tests.support.stack import ROOT, Stack

# Further apart than the reporter's beat: each finds everything idle.
_PAUSE = 0.08
_GROUP = "latency"


def measure(effort: Effort) -> Iterator[Result]:
    count = effort.of(60, 3)
    with instance(WORKERS="1") as stack, Peers() as peers:
        peers.start_daphne()
        peers.start_worker(pool=1)
        cookies = reader(stack)
        found = interleaved(
            effort.rounds,
            {
                "ours": lambda: report_to_frame(stack, cookies, count),
                "peer": lambda: _plain(peers, count),
                "floor": lambda: _redis(peers, count),
            },
        )
    yield Result.of(
        "report to frame, idle, p50",
        "ms",
        found,
        floor_name="Redis publish to another process",
        peer_name="plain Channels consumer",
        targets=[Target("ratio_to_peer", 1.0, 0.7)],
    )


def report_to_frame(stack: Stack, cookies: dict[str, str], count: int) -> float:
    """Milliseconds (median) from a report to its frame, of `count` reports of one job."""
    job_id = stack.run(
        "from bench.tasks import tell_times\nanswer = tell_times.delay(count, pause).id", count=count, pause=_PAUSE
    )
    socket = Socket(stack.port, "/ws/", cookies, acks=True)
    if follow(socket, job_id)["progress"]:
        raise RuntimeError("the job reported before it was followed")
    found = []
    for now, frame in socket.frames(10):
        for event in frame.get("events", ()):
            changed = event.get("set", {})
            if changed.get("progress") and changed["progress"]["current"]:
                found.append((now - changed["progress"]["current"]) / 1e6)
            if changed.get("state") == "succeeded":
                socket.close()
                return statistics.median(found)
    raise TimeoutError("the job's end was not told")


def _plain(peers: Peers, count: int) -> float:
    socket = Socket(peers.port("daphne"), f"/ws/plain/{_GROUP}")
    peers.run("from bench.peers.tasks import tell_times\ntell_times.delay(*args)", args=[_GROUP, count, _PAUSE])
    found = []
    for now, frame in socket.frames(10):
        found.append((now - frame["current"]) / 1e6)
        if len(found) == count:
            socket.close()
            return statistics.median(found)
    raise TimeoutError(f"{count - len(found)} of {count} messages were lost")


def _redis(peers: Peers, count: int) -> float:
    argv = [sys.executable, "-m", "bench.peers.redis_listener", peers.address.url, _GROUP, str(count)]
    with (
        subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as listener,
        redis.Redis.from_url(peers.address.url) as client,
    ):
        assert listener.stdout
        while client.execute_command("PUBSUB", "NUMSUB", _GROUP)[1] == 0:
            time.sleep(_PAUSE)
        for _ in range(count):
            time.sleep(_PAUSE)
            client.publish(_GROUP, time.monotonic_ns())
        return statistics.median(json.loads(listener.stdout.read()))
