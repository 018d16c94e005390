"""Lists of jobs are told what was launched: a moment later, once for all that was launched meanwhile."""

from __future__ import annotations

import threading

from tasks import telling


def test_what_is_launched_in_one_moment_is_told_together(monkeypatch):
    told, came = [], threading.Semaphore(0)

    class Voice:
        def changed(self, change: int) -> None:
            told.append(change)
            came.release()

    monkeypatch.setattr(telling, "reporter", Voice)
    for change in (3, 5, 4):  # commits are in order, those who tell of them need not be
        telling.launched(change)
    assert told == [], "nobody waits for it"
    assert came.acquire(timeout=10)
    telling.launched(6)
    assert came.acquire(timeout=10)
    assert told == [5, 6]
