"""Taskcast's engine, and all that task code needs: `from tasks import track, progress, log, publish, cancelled`.

Outside a worker these do nothing and fail nothing. For other code there are `launch`, `job_ended`, and `install` for a
project's Celery app; `tasks.testing` is for tests of tasks. Nothing here touches the database or the network when
imported.
"""

from tasks.calling import launch
from tasks.choices import Choices
from tasks.ended import job_ended
from tasks.file_rules import FileRules
from tasks.joblog import log, publish
from tasks.joining import install
from tasks.launchable import launchable
from tasks.progress import JobCancelled, cancelled, progress, track
from tasks.uploaded import UploadedFile

__all__ = [
    "Choices",
    "FileRules",
    "JobCancelled",
    "UploadedFile",
    "cancelled",
    "install",
    "job_ended",
    "launch",
    "launchable",
    "log",
    "progress",
    "publish",
    "track",
]
