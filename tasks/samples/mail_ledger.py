"""Whom a job has written to: kept on disk, so that a second attempt of the job does not write again.

A mail is claimed before it is sent and settled after. A claim that was never settled belongs to a worker
that died, or still is, in between: the mail may have gone out, so it is not sent again.
"""

import fcntl
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tasks import conf

State = Literal["claimed", "sent", "failed", "free"]
_KEPT_DAYS = 30


@dataclass(frozen=True)
class Entry:
    """What the ledger says of one address; `reason` is why it failed."""

    state: State
    reason: str = ""


class Ledger:
    """The addresses of one job. Two processes may use the same one: each claim is made under the file's
    lock."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.name = path.stem
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b")
        self._entries: dict[str, Entry] = {}
        self._read = 0

    def claim(self, key: str) -> Entry | None:
        """None: the mail to `key` is ours to send now. Otherwise what became of it."""
        with self._locked():
            self._catch_up()
            entry = self._entries.get(key)
            if entry is not None and entry.state != "free":
                return entry
            self._write(key, Entry("claimed"))
        return None

    def settle(self, key: str, state: State, reason: str = "") -> None:
        """Say what became of a claimed mail; "free": it was certainly not sent and may be tried again."""
        with self._locked():
            self._write(key, Entry(state, reason))

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _catch_up(self) -> None:
        self._file.seek(self._read)
        for line in self._file:
            # A line cut off by a crash was never acted upon: its writer acts after the write.
            with suppress(ValueError):
                key, state, reason = json.loads(line)
                self._entries[key] = Entry(state, reason)
        self._read = self._file.tell()

    def _write(self, key: str, entry: Entry) -> None:
        line = json.dumps([key, entry.state, entry.reason]).encode() + b"\n"
        self._end_line()
        self._file.write(line)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._entries[key] = entry

    def _end_line(self) -> None:
        if self._file.seek(0, os.SEEK_END):
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")


def ledger_of(job_id: str | None) -> Ledger:
    """The ledger of a job; without one (the task was called as a function) a new one."""
    folder = conf.home() / "ledgers"
    _forget_old(folder)
    return Ledger(folder / f"{uuid.UUID(job_id) if job_id else uuid.uuid4()}.jsonl")


def _forget_old(folder: Path) -> None:
    before = time.time() - _KEPT_DAYS * 86_400
    for path in folder.glob("*.jsonl"):
        try:
            if path.stat().st_mtime < before:
                path.unlink()
        except FileNotFoundError:
            continue
