"""The same application with uvicorn in daphne's place, beside itself with daphne."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

from bench.figures.fanout import following
from bench.figures.latency import report_to_frame
from bench.measuring import Effort, Result, interleaved
from bench.sockets import allow_many
from bench.stage import instance, reader
from tests.support.stack import Stack
from tests.support.uvicorn import Uvicorn

_POST = "from bench import launches\nanswer = launches.posts(*args)"


def measure(effort: Effort) -> Iterator[Result]:
    allow_many()
    reports, sockets, launches = effort.of(60, 3), effort.of(1000, 5), effort.of(40, 2)
    with instance(WORKERS="1", kind=Uvicorn) as uvicorn, instance(WORKERS="1") as daphne:
        stacks = {"ours": uvicorn, "peer": daphne}
        cookies = {name: reader(stack) for name, stack in stacks.items()}
        tokens = {name: stack.token("reader") for name, stack in stacks.items()}

        def of_both(ask: Callable[[str, Stack], float]) -> dict[str, list[float]]:
            actions = {name: lambda name=name, stack=stack: ask(name, stack) for name, stack in stacks.items()}
            return interleaved(effort.rounds, actions)

        found = {
            "report to frame, idle, p50": of_both(lambda name, stack: report_to_frame(stack, cookies[name], reports)),
            "POST jobs to result in the socket, p50": of_both(
                lambda name, stack: stack.run(_POST, args=[stack.port, cookies[name], tokens[name], launches])
            ),
        }
        with ExitStack() as crowds:
            told = {
                name: crowds.enter_context(following(stack, cookies[name], sockets)) for name, stack in stacks.items()
            }
            found[f"last of {sockets} sockets that follow one job"] = interleaved(effort.rounds, told)
    for name, figures in found.items():
        yield Result.of(f"under uvicorn: {name}", "ms", figures, peer_name="under daphne")
