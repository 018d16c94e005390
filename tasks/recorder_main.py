"""The recorder process that a worker starts. Not for the command line."""

import argparse
import ctypes
import os
import signal
import sys

# Linux: have the kernel send a signal when the parent dies.
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Record until the worker that started this process is gone or ends it by SIGTERM."""
    parser = argparse.ArgumentParser(prog="tasks.recorder_main")
    parser.add_argument("--parent", type=int, required=True, help="process id of the worker")
    parser.add_argument("--lease", default="", help="key of the worker's lease")
    parser.add_argument("--app", default="", help="the Celery app, as module:name")
    parser.add_argument("--once", action="store_true", help="record what there is, then end")
    options = parser.parse_args()
    # Ctrl-C reaches the whole group of the terminal; the worker ends this process when its last job has
    # ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    if os.getppid() != options.parent:
        return 0  # it died before the line above

    import django

    django.setup()
    if options.app:
        _use_app(options.app)

    from tasks import recorder_loop

    return recorder_loop.main(parent=options.parent, lease_key=options.lease, once=options.once)


def end_with_parent() -> None:
    """Have this process told (SIGTERM) when its parent dies. Not on Linux, the recorder's loop looks."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _use_app(path: str) -> None:
    """Make the worker's Celery app the one that jobs are dispatched with, in all threads."""
    from celery.utils.imports import symbol_by_name

    app = symbol_by_name(path)
    app.set_current()
    app.set_default()
