"""What every instance begins with, made once for a test run: a migrated database and the collected static files.

Both take seconds of a processor, and nearly all tests of real processes begin with them.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache, partial
from pathlib import Path

from project import variables

ROOT = Path(__file__).resolve().parents[2]
_DATABASE = "taskcast.sqlite3"
# What these say is not in what is made.
_PASSING = ("TASKCAST_HOME", "PORT", "REDIS_URL", "WORKERS")


def lay_out(home: Path, env: Mapping[str, str]) -> None:
    """Have both in `home`, which is the TASKCAST_HOME of `env`."""
    if "DATABASE_URL" in env:
        _make(env)
        return
    own = {name: value for name, value in env.items() if name not in _PASSING and os.environ.get(name) != value}
    template = _template(frozenset(own.items()))
    shutil.copy(template / _DATABASE, home)
    shutil.copytree(template / "static", home / "static")


@cache
def _template(own: Iterable[tuple[str, str]]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tct-"))
    atexit.register(partial(shutil.rmtree, folder, ignore_errors=True))
    others = {name: value for name, value in os.environ.items() if name not in variables.NAMES}
    _make({**others, **dict(own), "TASKCAST_HOME": str(folder)})
    return folder


def _make(env: Mapping[str, str]) -> None:
    for command in (["migrate"], ["collectstatic", "--noinput"]):
        argv = [sys.executable, str(ROOT / "manage.py"), *command, "-v0"]
        done = subprocess.run(argv, cwd=ROOT, env=dict(env), capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, f"manage.py {' '.join(command)}: {done.stdout}{done.stderr}"
