"""What a worker tells of itself with each beat that nobody else can know: its host, its memory, its versions."""

import os
import socket
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@cache
def lasting() -> dict[str, Any]:
    """What stays as it is: host, and the versions of Celery and Taskcast."""
    return {"host": socket.gethostname(), "celery": _version("celery"), "taskcast": _version("taskcast")}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None  # it runs from its sources


def passing(pool: Any) -> dict[str, Any]:
    """What changes: {"memory": bytes of the main process, "pool_memory": of its pool's, "load": of the machine}.

    Each None where that is not to be known: memory without /proc, that of a pool without processes.
    """
    pids = [process.pid for process in getattr(getattr(pool, "_pool", None), "_pool", None) or () if _has_pid(process)]
    of_pool = [size for pid in pids if (size := _resident(pid)) is not None]
    return {
        "memory": _resident(os.getpid()),
        "pool_memory": sum(of_pool) if of_pool else None,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def _has_pid(process: Any) -> bool:
    return isinstance(getattr(process, "pid", None), int)


def _resident(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return None  # no /proc, or the process has just ended
