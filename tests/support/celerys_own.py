"""Celery's own integration tests' tasks (`t/integration/tasks.py`), from the source package that requirements.txt pins.

They are Celery's, under its licence, and not a part of Taskcast: pip fetches them, and checks the hash.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.support.stack import ROOT

MODULE = "t.integration.tasks"


def unpack(folder: Path) -> Path:
    """Put them below `folder`; returns what to add to PYTHONPATH."""
    pinned = re.search(r"^celery==.*?(?=^\S|\Z)", (ROOT / "requirements.txt").read_text(), re.MULTILINE | re.DOTALL)
    assert pinned
    wanted = folder / "requirements.txt"
    wanted.write_text(re.sub(r"\s+#.*", "", pinned[0]).rstrip(" \\\n") + "\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "celery", "--require-hashes",
         "--disable-pip-version-check", "--dest", str(folder), "-r", str(wanted)],
        check=True, timeout=100,
    )  # fmt: skip
    archive = next(folder.glob("celery-*.tar.gz"))
    with tarfile.open(archive) as source:
        source.extractall(folder, [one for one in source.getmembers() if "/t/integration/" in one.name], filter="data")
    return folder / archive.name.removesuffix(".tar.gz")
