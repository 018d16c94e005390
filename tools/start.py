"""Run the supervisor; a Ctrl-C while it is still being imported ends it without a traceback.

.venv/bin/python tools/start.py --under-make
"""

from __future__ import annotations

import runpy
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    # Until the supervisor has its own handlers there is nothing to stop. A shell's `make up &` has it ignored.
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.path[0] = str(ROOT)
    runpy.run_module("project.supervisor", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
