"""Tells the lists of jobs what was launched: a moment later, and what was launched meanwhile along with it.

The reporter's thread takes a millisecond for a message, in which the thread that answers the launch has to wait.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tasks.reporter import reporter

# Seconds: by then the answer is out.
_MOMENT = 0.02

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="taskcast-tell")
_lock = threading.Lock()
_latest = 0
_is_coming = False


def launched(change: int) -> None:
    """Tell the lists that the rows up to `change` are committed."""
    global _latest, _is_coming
    with _lock:
        _latest = max(_latest, change)
        comes, _is_coming = _is_coming, True
    if not comes:
        _thread.submit(_tell)


def _tell() -> None:
    global _is_coming
    time.sleep(_MOMENT)
    with _lock:
        change, _is_coming = _latest, False
    reporter().changed(change)
