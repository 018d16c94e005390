"""A job that counts as fast as it can before a hundred watchers: when have all of them its end, and is it all there?"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from bench.measuring import Effort, Result, Target, interleaved
from bench.peers.processes import Peers
from bench.sockets import Crowd, Socket
from bench.stage import follow, instance, reader
from tasks.events import fold
from tests.support.stack import Stack

_KEY, _GROUP = "bench:go", "flood"
# Seconds until somebody has lost something.
_PATIENCE = 60
_THEIRS = "from bench.peers.tasks import count_to\nanswer = count_to.delay(*args).get(timeout=60)"


def measure(effort: Effort) -> Iterator[Result]:
    watchers, steps, theirs = effort.of(100, 3), effort.of(1_000_000, 10_000), effort.of(300, 10)
    ours, peer = _Flood(watchers, steps), _Flood(watchers, theirs)
    with instance(WORKERS="1") as stack, Peers() as peers:
        peers.start_daphne()
        peers.start_worker(pool=1)
        cookies = reader(stack)
        found = interleaved(
            effort.rounds, {"ours": lambda: ours.watch(stack, cookies), "peer": lambda: peer.watch_plain(peers)}
        )
    name = f"{steps:,} steps, {watchers} watchers"
    about: dict[str, Any] = {"peer_name": "group_send for each step", "note": f"peer: {theirs} steps"}
    yield Result.of(f"{name}: last frame after the end", "s", found, **about, targets=[Target("ours", 0.25, 0.1)])
    yield Result(f"{name}: frames lost", "frames", ours.lost, targets=[Target("ours", 0, 0)])
    # The first of both found the processes cold, and does not count.
    yield Result(f"{name}: speed", "steps a second", ours.speed[1:], peer=peer.speed[1:], **about)


class _Flood:
    """One flood after the other; how many frames were lost in each, and how many steps a second were made."""

    def __init__(self, watchers: int, steps: int) -> None:
        self.lost: list[float] = []
        self.speed: list[float] = []
        self._watchers, self._steps = watchers, steps

    def watch(self, stack: Stack, cookies: dict[str, str]) -> float:
        """Seconds from the end of the task to the last watcher's last frame."""
        code = "from bench.tasks import count_to as task\nanswer = task.delay(*args).id"
        job_id = stack.run(code, args=[_KEY, self._steps])
        sockets = [Socket(stack.port, "/ws/", cookies, acks=True) for _ in range(self._watchers)]
        with ExitStack() as open_, Crowd(sockets) as crowd:
            jobs = {each.socket.fileno(): follow(each, job_id) for each in sockets}
            client = open_.enter_context(stack.redis())
            client.lpush(_KEY, "go")
            frames, last = _frames(crowd, lambda text: b'"succeeded"' in text)
        lost = 0
        for number, before in jobs.items():
            job, gaps = _folded(before, frames[number])
            if (job["state"], job["progress"]["current"]) != ("succeeded", self._steps):
                raise RuntimeError(f"a watcher was left with {job['state']}, {job['progress']}")
            lost += gaps
        self.lost.append(lost)
        return self._seconds(job["result"], last)

    def watch_plain(self, peers: Peers) -> float:
        """The same, where each step is a message."""
        sockets = [Socket(peers.port("daphne"), f"/ws/plain/{_GROUP}") for _ in range(self._watchers)]
        with Crowd(sockets) as crowd:
            time.sleep(0.3)  # nothing says when they have joined the group
            times = peers.run(_THEIRS, args=[_GROUP, self._steps])
            frames, last = _frames(crowd, lambda text: json.loads(text)["current"] == self._steps)
        self.lost.append(sum(self._steps - len(each) for each in frames.values()))
        return self._seconds(times, last)

    def _seconds(self, times: dict[str, int], last: int) -> float:
        self.speed.append(self._steps / (times["ended"] - times["began"]) * 1e9)
        return (last - times["ended"]) / 1e9


def _frames(crowd: Crowd, is_last: Any) -> tuple[dict[int, list[bytes]], int]:
    """What came to each socket (by number) up to its last frame, and when (ns) the last of those came."""
    frames: dict[int, list[bytes]] = {each.socket.fileno(): [] for each in crowd.sockets}
    missing = set(frames)
    for now, number, text in crowd.payloads(_PATIENCE):
        frames[number].append(text)
        if is_last(text):
            missing.discard(number)
            if not missing:
                return frames, now
    raise TimeoutError(f"{len(missing)} of {len(frames)} watchers have not got the end within {_PATIENCE} s")


def _folded(job: dict[str, Any], texts: list[bytes]) -> tuple[dict[str, Any], int]:
    """The job after these frames, and how many events are missing between them."""
    missing = 0
    for text in texts:
        for event in json.loads(text).get("events", ()):
            missing += event["seq"] - job["seq"] - 1
            job = fold(job, event)
    return job, missing
