"""tools/install.py, interrupted: the next start mends what was left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stack import ROOT, wait_for

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A clone of its own, with the installer and nothing to install."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "install.py", tmp_path / "tools")
    (tmp_path / "requirements.txt").write_text("# none\n")
    yield tmp_path
    shutil.rmtree(tmp_path)


def install(clone: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(clone / "tools" / "install.py")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def pip_works(clone: Path) -> bool:
    command = [clone / ".venv" / "bin" / "python", "-m", "pip", "--version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_half_made_venv_is_made_anew(clone: Path) -> None:
    first = install(clone)
    wait_for((clone / ".venv" / "bin" / "python").exists, "the .venv has its Python")
    assert not (clone / ".venv" / "made").exists()
    os.killpg(first.pid, signal.SIGINT)
    said, _ = first.communicate(timeout=30)
    assert first.returncode == 130
    assert said.splitlines() == [
        "taskcast | making .venv",
        "taskcast | stopped before all was installed; the next start mends it",
    ]
    assert not pip_works(clone)

    second = install(clone)
    said, _ = second.communicate(timeout=120)
    assert second.returncode == 0, said
    assert pip_works(clone)

    # An install that was interrupted: pip may take a half-copied package for installed.
    (clone / ".venv" / "installing").write_text("requirements.txt")
    (clone / ".venv" / "half").write_text("")
    third = install(clone)
    said, _ = third.communicate(timeout=120)
    assert third.returncode == 0, said
    assert not (clone / ".venv" / "half").exists()
    assert not (clone / ".venv" / "installing").exists()

    fourth = install(clone)
    assert fourth.communicate(timeout=120)[0] == ""  # nothing is done twice
