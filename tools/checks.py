"""Run every check, show what each took, and fail at the end if one failed.

python -m tools.checks [--fast]

The slow checks mostly wait, for processes that start, die and come back: four of them run at a time. The output of a
check is shown when it has ended, and how those that failed ended once more at the end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from tools.install import find_npm

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
LAST_LINES = 25
# Settings of a deployment, for Django's own list of what a deployment needs.
DEPLOYED = {"TRUSTED_ORIGINS": "https://taskcast.example.com", "ALLOWED_HOSTS": "taskcast.example.com"}


class Check(NamedTuple):
    name: str
    command: Sequence[str]
    folder: str = "."
    variables: Mapping[str, str] = {}


def main() -> int:
    fast = "--fast" in sys.argv[1:]
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="taskcast-checks-") as home:
        # One after the other where somebody waits for the first that fails.
        with ThreadPoolExecutor(1 if fast else 2) as lanes:
            for done in as_completed([lanes.submit(run, check, home) for check in fast_checks()]):
                failed |= done.result()
        if not fast:
            with ThreadPoolExecutor(4) as lanes:
                for done in as_completed([lanes.submit(run, check, home) for check in slow_checks()]):
                    failed |= done.result()
            # Alone: how soon readers and requests are answered is a part of it.
            failed |= run(faults(), home)
    for name, end in failed.items():
        print(f"--- {name} ended with\n{end}", flush=True)
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)
    return 1 if failed else 0


def run(check: Check, home: str) -> dict[str, str]:
    """Run one check and show what it printed; its name and the last lines where it failed, nothing where it passed."""
    started = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=ROOT / check.folder,
        env=clean(home, check),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = done.stdout.decode(errors="replace")
    failure = f"!!! {check.name} failed\n" if done.returncode else ""
    print(f"--- {check.name}\n{said}{failure}--- {check.name}: {time.monotonic() - started:.1f} s", flush=True)
    return {check.name: "\n".join(said.splitlines()[-LAST_LINES:])} if done.returncode else {}


def fast_checks() -> list[Check]:
    return [
        Check("ruff", [PYTHON, "-m", "ruff", "check", "."]),
        Check("ruff format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
        Check("mypy", [PYTHON, "-m", "mypy", "project", "dashboard", "tasks", "tools", "bench", "manage.py"]),
        *npm_checks(),
        Check("unit tests", [PYTHON, "-m", "pytest", "-q", "tests/unit"]),
    ]


def npm_checks() -> list[Check]:
    if not (ROOT / "frontend" / "package.json").exists():
        return []
    npm, environment = find_npm()
    path = {"PATH": environment["PATH"]} if environment else {}
    return [
        Check("front end: types and lint", [npm, "run", "--silent", "lint"], "frontend", path),
        Check("front end: tests", [npm, "test", "--silent"], "frontend", path),
    ]


def slow_checks() -> list[Check]:
    """The longest first, so that the others fit beside it; the longest of all in parts."""
    manage = [PYTHON, "manage.py"]
    pytest = [PYTHON, "-m", "pytest", "-q", "--durations", "6"]
    postgres = [PYTHON, "-m", "tests.support.postgres"]

    def part(folder: str, first: str, last: str) -> Check:
        """The files of a folder whose names, cut to the length of these, are from `first` to `last`."""
        names = {path: path.stem.removeprefix("test_") for path in sorted((ROOT / folder).glob("test_*.py"))}
        files = [
            str(path.relative_to(ROOT))
            for path, name in names.items()
            if first <= name[: len(first)] and name[: len(last)] <= last
        ]
        return Check(f"{folder}, {first.upper()} to {last.upper()} (SQLite)", [*pytest, *files])

    return [
        part("tests/browser", "a", "k"),
        part("tests/browser", "l", "z"),
        part("tests/integration", "a", "i"),
        part("tests/integration", "j", "q"),
        Check(
            "tests/integration (PostgreSQL)",
            [*postgres, *pytest, "tests/integration", "-m", "database"],
        ),
        Check("tests/faults (SQLite)", [*pytest, "tests/faults"]),
        part("tests/integration", "r", "sg"),
        part("tests/integration", "t", "z"),
        part("tests/integration", "sh", "sz"),
        Check("bench: a smoke run", [PYTHON, "-m", "bench", "--smoke"]),
        Check("system checks", [*manage, "check"]),
        Check(
            "system checks of a deployment",
            [*manage, "check", "--deploy", "--fail-level", "WARNING"],
            ".",
            DEPLOYED,
        ),
        Check("migrations", [*manage, "makemigrations", "--check", "--dry-run"]),
    ]


def faults() -> Check:
    return Check("ninety seconds of faults", [PYTHON, "-m", "tests.nemesis", "--seconds", "90", "--seed", "1"])


def clean(home: str, check: Check) -> dict[str, str]:
    """The caller's environment without our variables: a developer's settings must not decide what passes."""
    from project.variables import NAMES

    # Importing from the project has named the settings module: tests load it themselves, on a Redis of their own.
    kept = {name: value for name, value in os.environ.items() if name not in (*NAMES, "DJANGO_SETTINGS_MODULE")}
    return kept | {"TASKCAST_HOME": home, **check.variables}


if __name__ == "__main__":
    sys.exit(main())
