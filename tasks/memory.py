"""Whether the kernel has killed processes for want of memory, by its own count (Linux, cgroups v1 and v2)."""

from collections.abc import Iterator
from pathlib import Path

_COUNT = "oom_kill"


def oom_kills(root: Path = Path("/")) -> int | None:
    """How many processes of our control group (else of this machine) were killed; None where nobody counts."""
    for path in _counters(root):
        try:
            words = dict(line.split()[:2] for line in path.read_text().splitlines() if " " in line)
        except OSError:
            continue
        if _COUNT in words:
            return int(words[_COUNT])
    return None


def _counters(root: Path) -> Iterator[Path]:
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        groups = []
    for line in groups:
        _, controllers, group = line.split(":", 2)
        # In a container the group's path may be the host's, which is not to be found here; its root is ours then.
        for inside in (group.strip("/"), ""):
            if not controllers:
                yield root / "sys/fs/cgroup" / inside / "memory.events"
            elif controllers == "memory":
                yield root / "sys/fs/cgroup/memory" / inside / "memory.oom_control"
    yield root / "proc/vmstat"


_seen = oom_kills()


def has_run_out() -> bool | None:
    """Whether one more process than was told before has been killed; None where nobody counts.

    To be asked once for each process that died by SIGKILL.
    """
    global _seen
    count = oom_kills()
    if count is None or _seen is None:
        return None
    if count <= _seen:
        return False
    _seen += 1
    return True
