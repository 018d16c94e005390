"""What the tests need of the system: a Chromium with Korean letters, and PostgreSQL. Installs what is missing by apt.

    python -m tools.test_needs

A service that is missing fails the tests; nothing is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    missing = []
    if not any(shutil.which(name) for name in BROWSERS):
        missing.append("chromium")
    if not has_korean_font():
        missing.append("fonts-noto-cjk")
    if not postgres_folder():
        missing.append("postgresql")
    if missing:
        install(missing)


def has_korean_font() -> bool:
    """Whether any font has Hangul: pages in Korean are tested and photographed."""
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=ko"], capture_output=True, check=False).stdout.strip())


def postgres_folder() -> str | None:
    """The folder of initdb and postgres: on the PATH, or where Debian puts it."""
    if (found := shutil.which("initdb")) and shutil.which("postgres", path=str(Path(found).parent)):
        return str(Path(found).parent)
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return str(folders[-1].parent) if folders else None


def install(packages: Sequence[str]) -> None:
    """Install Debian packages; ends the process with one line where that is not possible."""
    names = " ".join(packages)
    apt = shutil.which("apt-get")
    if not apt:
        sys.exit(f"The tests need {names}, and there is no apt-get here: install them with your own package manager.")
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if root and not shutil.which("sudo"):
        sys.exit(f"The tests need {names}: install them as root (apt-get install {names}).")
    print(f"installing {names}", flush=True)
    environment = [*root, "env", "DEBIAN_FRONTEND=noninteractive", apt]
    subprocess.run([*environment, "update", "-qq"], check=False, stdout=subprocess.DEVNULL)
    command = [*environment, "install", "-y", "-qq", "--no-install-recommends", *packages]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
        sys.exit(f"The tests need {names}, and apt-get could not install them: its reason is above.")


if __name__ == "__main__":
    main()
