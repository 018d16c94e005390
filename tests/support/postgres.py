"""A PostgreSQL cluster for the length of one command, so that the tests run on both databases.

python -m tests.support.postgres COMMAND...     runs COMMAND with DATABASE_URL set
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from tools.test_needs import postgres_folder

# Only speed: what is lost with the machine was a test's.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=100")


@contextmanager
def cluster() -> Iterator[str]:
    """A running cluster's DATABASE_URL; raises RuntimeError with PostgreSQL's own words where it does not start."""
    folder = postgres_folder()
    if not folder:
        raise RuntimeError("PostgreSQL is not installed: run python -m tools.test_needs")
    home = Path(tempfile.mkdtemp(prefix="tcpg-", dir="/tmp"))
    as_user = _not_root(home)
    data, log = home / "data", home / "log"
    try:
        _run(
            [f"{folder}/initdb", "-D", str(data), "-U", "taskcast", "-A", "trust", "-E", "UTF8", "--no-sync"],
            as_user,
        )
        port = _free_port()
        options = [word for option in FAST for word in ("-c", option)]
        command = [
            f"{folder}/postgres",
            "-D",
            str(data),
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
            "-k",
            str(home),
            *options,
        ]
        with log.open("ab") as out:
            server = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, user=as_user, cwd=home)
        try:
            _wait(server, port, log)
            with psycopg.connect(f"postgres://taskcast@127.0.0.1:{port}/postgres", autocommit=True) as session:
                session.execute("CREATE DATABASE taskcast")
            yield f"postgres://taskcast@127.0.0.1:{port}/taskcast"
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _not_root(home: Path) -> str | None:
    """PostgreSQL refuses to run as root: give `home` to somebody else and return the name."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            os.chown(home, user.pw_uid, user.pw_gid)
            return name
    raise RuntimeError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def _run(command: list[str], user: str | None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, user=user, cwd="/tmp", check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
        with socket.socket() as probe:
            # The port opens before the server takes sessions; "starting up" is only in the log.
            if probe.connect_ex(("127.0.0.1", port)) == 0 and "ready to accept connections" in log.read_text():
                return
        time.sleep(0.05)


def main() -> int:
    with cluster() as url:
        return subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
