"""``python -m tests.nemesis [--seconds 600] [--seed 7] [--rate 2] [--report FILE]``: exit code 1 if a promise broke."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.nemesis import checker
from tests.nemesis.faults import Fault, Nemesis
from tests.nemesis.instance import Instance
from tests.nemesis.load import Load, Visitor
from tests.nemesis.readers import Reader, Readers
from tests.support.stack import wait_for

# Seconds after the last fault within which every job is final.
ALL_FINAL = 30.0
READERS = 4


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.nemesis", description="Break a running instance, and check it.")
    parser.add_argument("--seconds", type=float, default=600, help="how long things are broken")
    parser.add_argument("--seed", type=int, default=None, help="what is drawn; a run with the same seed draws the same")
    parser.add_argument("--rate", type=float, default=2.5, help="jobs launched a second")
    parser.add_argument("--report", type=Path, help="a file for the report as JSON")
    options = parser.parse_args()
    seed = random.randrange(1_000_000) if options.seed is None else options.seed
    print(f"seed {seed}, {options.seconds:.0f} s", flush=True)
    report = run(options.seconds, seed, options.rate)
    print(json.dumps(report, indent=1, ensure_ascii=False), flush=True)
    if options.report:
        options.report.write_text(json.dumps(report, indent=1, ensure_ascii=False))
    return 1 if report["broken"] else 0


def run(seconds: float, seed: int, rate: float) -> dict[str, Any]:
    """One run; the report names each promise that broke."""
    chance = random.Random(seed)
    instance = Instance()
    try:
        instance.up()
        load = Load(instance, random.Random(chance.random()), rate)
        people = [Reader(instance, random.Random(chance.random())) for _ in range(READERS)]
        load.on_launch = lambda job_id: [reader.follow(job_id) for reader in people[: 1 + int(job_id[0], 16) % READERS]]
        readers = Readers(people)
        nemesis = Nemesis(instance, random.Random(chance.random()), seconds)
        nemesis.jobs = lambda: list(load.launched)
        readers.start()
        visitors = [Visitor(load, random.Random(chance.random())) for _ in range(2)]
        for thread in (load, *visitors):
            thread.start()
        nemesis.run(seconds)
        over = time.time()
        load.stop()
        if load.error:
            raise load.error
        with suppress(AssertionError):  # the checker names those that are not
            wait_for(lambda: not checker.unfinished(instance), "every job is final", ALL_FINAL)
        final_after = time.time() - over
        _let_readers_catch_up(people)
        readers.stop()
        verdict = checker.check(instance, load, people, nemesis.done)
        for what in nemesis.wrong:
            verdict.breaks("who floods is cut off", what)
        for what in nemesis.died:
            verdict.breaks("nothing dies that is not killed", what)
        verdict.figures["all final after (s)"] = round(final_after, 1)
        return {
            "seed": seed,
            "seconds": seconds,
            "faults": _by_kind(nemesis.done),
            "log": [f"{fault.began - over:.1f} {fault.name}: {fault.what}" for fault in nemesis.done],
            "figures": verdict.figures,
            # Last: whoever sees only the end of the output sees this.
            "broken": {promise: [len(found), *found[:8]] for promise, found in verdict.broken.items()},
        }
    finally:
        keep = instance.home.with_suffix(".logs")
        (instance.home / "logs").rename(keep)
        print(f"logs: {keep}", file=sys.stderr)
        instance.down()


def _let_readers_catch_up(people: list[Reader]) -> None:
    def all_have() -> bool:
        return all(checker.is_final(said.job) for reader in people for said in list(reader.transcripts.values()))

    with suppress(AssertionError):  # the checker names those that have not
        wait_for(all_have, "readers have seen every end", checker.CAUGHT_UP)


def _by_kind(done: list[Fault]) -> dict[str, int]:
    found: dict[str, int] = {}
    for fault in done:
        found[fault.name] = found.get(fault.name, 0) + 1
    return found


if __name__ == "__main__":
    sys.exit(main())
