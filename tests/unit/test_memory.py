"""The kernel's count of processes that it killed for want of memory, as the several kinds of machines show it."""

from pathlib import Path

import pytest

from tasks import memory


def machine(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


V2 = {"proc/self/cgroup": "0::/system.slice/taskcast.service\n"}
V1 = {"proc/self/cgroup": "9:name=systemd:/\n4:memory:/docker/abc\n0::/\n"}
EVENTS = "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\n"
CONTROL = "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n"


@pytest.mark.parametrize(
    ("files", "count"),
    [
        ({**V2, "sys/fs/cgroup/system.slice/taskcast.service/memory.events": EVENTS, "proc/vmstat": "oom_kill 9\n"}, 2),
        ({**V2, "sys/fs/cgroup/memory.events": EVENTS}, 2),
        ({**V1, "sys/fs/cgroup/memory/docker/abc/memory.oom_control": CONTROL}, 5),
        ({**V1, "sys/fs/cgroup/memory/memory.oom_control": CONTROL}, 5),
        ({**V1, "proc/vmstat": "nr_free_pages 12\noom_kill 9\n"}, 9),
        ({"proc/vmstat": "nr_free_pages 12\n"}, None),
        ({}, None),
    ],
)
def test_the_count_is_found(tmp_path: Path, files: dict[str, str], count: int | None) -> None:
    assert memory.oom_kills(machine(tmp_path, files)) == count


def test_each_kill_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_seen", 3)
    monkeypatch.setattr(memory, "oom_kills", lambda: 5)
    assert [memory.has_run_out() for _ in range(3)] == [True, True, False]


def test_where_nobody_counts_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "oom_kills", lambda: None)
    assert memory.has_run_out() is None
