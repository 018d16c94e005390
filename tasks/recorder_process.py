"""The worker's recorder as a child process: started, looked after and ended from the worker's main process.

Spawned, not forked and not a thread: a busy thread in the worker's main process deadlocks later forks of the
pool.
"""

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)

# Seconds between a death and the next start: doubled by each quick death, and forgotten after a minute of
# life.
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0
_HEALTHY = 60.0

# A fresh interpreter that finds the same project, wherever the worker found it.
_RECORDER = """import json, os, sys
sys.path[:] = json.loads(sys.argv.pop(1))
os.environ["DJANGO_SETTINGS_MODULE"] = sys.argv.pop(1)
from tasks.recorder_main import main
sys.exit(main())"""


class RecorderProcess:
    """One recorder process, kept running by `look`, which never waits."""

    def __init__(self, app: Any, lease_key: str, logfile: str | None = None) -> None:
        self._lease_key = lease_key
        self._app_path = find_app(app)
        self._logfile = logfile
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._wait = _FIRST_WAIT
        self._due = 0.0

    @property
    def pid(self) -> int | None:
        """The process's id, None while there is none."""
        return self._process.pid if self._process else None

    def look(self) -> None:
        """Start the process if there is none; note its death and start the next one after a while."""
        now = time.monotonic()
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            self._process = None
            if now - self._started > _HEALTHY:
                self._wait = _FIRST_WAIT
            logger.error("the recorder (process of this worker) ended with %s; again in %.1f s", code, self._wait)
            self._due = now + self._wait
            self._wait = min(self._wait * 2, _LONGEST_WAIT)
        if now >= self._due:
            self._start()

    def _start(self) -> None:
        self._started = time.monotonic()
        try:
            self._process = self._spawn()
        except OSError as error:
            logger.error("the recorder cannot be started: %s", error)
            self._due = self._started + self._wait
            self._wait = min(self._wait * 2, _LONGEST_WAIT)

    def _spawn(self, *options: str) -> subprocess.Popen[bytes]:
        if not settings.SETTINGS_MODULE:
            raise OSError("Django's settings are in no module that another process could import")
        path = json.dumps([folder or os.getcwd() for folder in sys.path])
        arguments = ["--app", self._app_path or "", "--parent", str(os.getpid()), "--lease", self._lease_key]
        with Path(self._logfile or os.devnull).open("ab") as log:
            out = log if self._logfile else 2
            return subprocess.Popen(
                [sys.executable, "-c", _RECORDER, path, settings.SETTINGS_MODULE, *arguments, *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def stop(self, seconds: float = 10.0) -> None:
        """Let it record what is left and end; killed after `seconds`."""
        process = self._process
        self._process = None
        try:
            if process is None or process.poll() is not None:
                # It died while the worker was ending. What the last jobs said must not wait for the next
                # worker.
                process = self._spawn("--once")
            else:
                process.terminate()
            process.wait(seconds)
        except OSError as error:
            logger.error("the recorder cannot be started: %s", error)
        except subprocess.TimeoutExpired:
            assert process is not None
            process.kill()
            process.wait()


def find_app(app: Any) -> str | None:
    """Where the Celery app can be imported from, as `module:name`; None where no module holds it."""
    for module_name, module in list(sys.modules.items()):
        names = getattr(module, "__dict__", {})
        for name in ("app", "celery_app", "celery", "application"):
            if names.get(name) is app and module_name != "__main__":
                return f"{module_name}:{name}"
    return None
