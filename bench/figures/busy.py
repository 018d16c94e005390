"""From a report in a job to the frame in a client, while 200 jobs report 20 times a second each."""

from __future__ import annotations

from collections.abc import Iterator

from bench.measuring import Effort, Result, Target, percentile
from bench.sockets import Socket
from bench.stage import follow, instance, reader, wait_until_ended
from tests.support.stack import Stack

_PAUSE = 0.05
# Seconds of a round that are not looked at: all jobs have to run, and their followers to be let in.
_BEGIN = 4
_FOLLOWED = 8
_LAUNCH = "from bench.tasks import tell_often as task\nanswer = [task.delay(*args).id for _ in range(jobs)]"


def measure(effort: Effort) -> Iterator[Result]:
    jobs, seconds = effort.of(200, 10), effort.of(8, 1)
    with instance("daphne") as stack:
        # So many jobs at once are those of a pool of threads: as many processes would be a measurement of memory.
        stack.start("worker", options=["--pool", "threads", "--concurrency", str(jobs)])
        cookies = reader(stack)
        found = [_round(stack, cookies, jobs, seconds) for _ in range(effort.rounds)]
    yield Result(
        f"report to frame, {jobs} jobs that report 20 times a second (pool of threads), p99",
        "ms",
        [percentile(ages, 99) for ages in found],
        targets=[Target("ours", 50, 25)],
        note=f"p50 {percentile([age for ages in found for age in ages], 50):.1f} ms",
    )


def _round(stack: Stack, cookies: dict[str, str], jobs: int, seconds: int) -> list[float]:
    """How old each report of some of the jobs was, in ms, when its client had it or one that took its place."""
    count = round((_BEGIN + seconds + 1) / _PAUSE)
    ids = stack.run(_LAUNCH, args=[count, _PAUSE], jobs=jobs)
    socket = Socket(stack.port, "/ws/", cookies, acks=True)
    for job_id in ids[:: max(1, jobs // _FOLLOWED)]:
        follow(socket, job_id)
    found: list[float] = []
    last: dict[str, int] = {}
    begin = 0
    for now, frame in socket.frames(10):
        begin = begin or now + _BEGIN * 10**9
        for event in frame.get("events", ()):
            changed = event.get("set", {})
            if changed.get("progress") and changed["progress"]["current"]:
                made, topic = changed["progress"]["current"], frame["topic"]
                if now > begin:
                    replaced = round((made - last.get(topic, made)) / 1e9 / _PAUSE)
                    found += [(now - made) / 1e6 + number * _PAUSE * 1000 for number in range(max(1, replaced))]
                last[topic] = made
        if now > begin + seconds * 10**9:
            break
    socket.close()
    wait_until_ended(stack, ids)
    return found
