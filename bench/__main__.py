"""Measure the figures and print them as one JSON object; how far it is, and a table, go to standard error.

python -m bench [--only TEXT] [--smoke] [--write docs/performance.md]
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
import time
from pathlib import Path
from types import ModuleType

from bench import figures, machine, report
from bench.measuring import Effort


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--only", default="", metavar="TEXT", help="figures with this in their file's name")
    parser.add_argument("--smoke", action="store_true", help="only see that they can be measured")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this document")
    asked = parser.parse_args()
    modules = named(asked.only)
    if not modules:
        names = ", ".join(info.name for info in pkgutil.iter_modules(figures.__path__))
        parser.error(f"no figure has {asked.only!r} in its name; there are {names}")
    results = []
    about = machine.describe()
    for module in modules:
        started = time.monotonic()
        found = [result.as_json() for result in module.measure(Effort(asked.smoke))]
        for result in found:
            print(report.line(result), file=sys.stderr, flush=True)
        print(f"  {module.__name__}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        results += found
        if asked.write:  # what is measured stays measured, however this ends
            report.write(asked.write, about, results)
    print(json.dumps({"machine": about, "results": results}, indent=1))
    return 0


def named(text: str) -> list[ModuleType]:
    """The figures' modules with `text` in their names, in the order of their names."""
    names = [info.name for info in pkgutil.iter_modules(figures.__path__) if text in info.name]
    return [importlib.import_module(f"bench.figures.{name}") for name in names]


if __name__ == "__main__":
    sys.exit(main())
