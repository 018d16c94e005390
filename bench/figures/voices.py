"""How many sockets one daphne serves, each with a job of its own that reports once a second."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

from bench.measuring import Effort, Result, Target, percentile
from bench.sockets import Crowd, Socket, allow_many
from bench.stage import follow, instance, reader
from tests.support.interpreter import Interpreter
from tests.support.stack import ROOT, Stack

_CURRENT = re.compile(rb'"current": ?(\d{8,})')
# Milliseconds, at the 99th percentile.
_LATE = 1000.0
_PATIENCE = 20  # seconds
# Processes that tell the reports: each waits for Redis most of the time.
_TELLERS = 3
_NOTE = f"told by {_TELLERS} processes through the log and its echo; late from when each report was due"


def measure(effort: Effort) -> Iterator[Result]:
    allow_many()
    counts = (5, 10) if effort.smoke else (1000, 1500, 2000, 2500, 3000, 4000, 5000)
    passed: list[int] = []
    with instance("daphne", "worker", WORKERS="1") as stack, Crowd([]) as crowd, ExitStack() as tellers:
        voices = _Voices(stack, crowd, effort.of(4, 1), tellers)
        for count in counts:
            voices.be(count)
            if voices.p99(count) > _LATE:
                break
            passed.append(count)
        # Once may be luck: what is told holds in the middle of all rounds.
        for count in reversed(passed or counts[:1]):
            p99 = [voices.p99(count) for _ in range(effort.rounds)]
            if median(p99) <= _LATE:
                break
    held = count if median(p99) <= _LATE else 0
    yield Result(
        "sockets on one daphne, each with a job of its own",
        "sockets",
        [held],
        targets=[Target("ours", 2000, 5000, more_is_better=True)],
        note=f"p99 under 1 s; {_NOTE}",
    )
    yield Result(f"report to frame with {count} such jobs, p99", "ms", p99, targets=[Target("ours", _LATE, _LATE)])


class _Voices:
    """Jobs, and a socket for each of them."""

    def __init__(self, stack: Stack, crowd: Crowd, seconds: int, tellers: ExitStack) -> None:
        self._stack, self._crowd, self._seconds = stack, crowd, seconds
        self._cookies = reader(stack)
        self._jobs: list[str] = []
        self._tellers = [Interpreter(ROOT, stack.env) for _ in range(_TELLERS)]
        for each in self._tellers:
            tellers.callback(each.close)

    def be(self, count: int) -> None:
        """Open sockets, each on a new job, until there are so many."""
        code = "from bench import voices\nanswer = voices.announce(count)"
        for job_id in self._stack.run(code, count=count - len(self._jobs)):
            socket = Socket(self._stack.port, "/ws/", self._cookies, acks=True)
            follow(socket, job_id)
            self._jobs.append(job_id)
            self._crowd.add(socket)

    def p99(self, count: int) -> float:
        """How late (ms) reports come to their sockets, while so many jobs report once a second; inf for never."""
        code = "from bench import voices\nanswer = voices.speak(jobs, seconds)"
        jobs = self._jobs[:count]
        shares = [{"jobs": jobs[n::_TELLERS], "seconds": self._seconds} for n in range(_TELLERS)]
        missing, late = count * self._seconds, []
        self._crowd.quiet(0.3)
        speaking = [
            threading.Thread(target=teller.run, args=(code, share))
            for teller, share in zip(self._tellers, shares, strict=True)
        ]
        for each in speaking:
            each.start()
        for now, _, text in self._crowd.payloads(self._seconds + _PATIENCE):
            for due in _CURRENT.findall(text):
                late.append((now - int(due)) / 1e6)
                missing -= 1
            if missing == 0:
                break
        for each in speaking:
            each.join()
        return percentile([*late, *[math.inf] * missing], 99)
