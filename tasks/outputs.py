"""What a job hands out beside its result: `publish(value, name=…)`, and results too large to stand in the
job.

The task's own thread only takes the value's bytes (a task may change its list right after); storing them is
left to the reporter's thread, which stores each name at most four times a second and the last version always.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from tasks import plain, result_files
from tasks.masking import masked_json
from tasks.output_kinds import Encoded, chart_trouble, drawn
from tasks.output_kinds import encode as _encode
from tasks.result_files import open_file

__all__ = ["MOST", "Outputs", "encode", "open_file", "result_value"]

Descriptor = dict[str, Any]
Log = Callable[[str, str], None]  # text, level

MOST = 100  # outputs of one job
INLINE_BYTES = 4 * 1024  # a larger value is a file
# All inline values together: a list of outputs over 8 KiB would be cut from the frames that carry it to the
# browser.
INLINE_TOGETHER = 6 * 1024
RESULT_BYTES = 256 * 1024
INTERVAL = 0.25  # seconds between two stored versions of a name

logger = logging.getLogger(__name__)


def encode(job_id: str, name: str, value: Any) -> Descriptor:
    """Store one value at once and describe it. Raises TooLarge, OSError."""
    name = result_files.clean_name(name)
    return _store(job_id, name, _encode(job_id, name, value), INLINE_BYTES)


def result_value(job_id: str, value: Any, log: Log | None = None, secrets: tuple[str, ...] = ()) -> tuple[Any, bool]:
    """A task's return value as it stands in the job, and whether it is left out there.

    Over 256 KiB of JSON it is the file `result` instead, and the first part is None. `secrets` are masked in it.
    Never raises: a disk that is full must not make a failure of a job that succeeded.
    """
    if value is None or value is True or value is False:
        return value, False
    log = log or _log
    text, not_finite = plain.dump(value)
    if not_finite:
        log(_not_finite("the result", not_finite), "warning")
    text = masked_json(text, secrets)
    if len(text) <= RESULT_BYTES:
        return json.loads(text), False
    try:
        result_files.save(job_id, result_files.RESULT, "json", text.encode())
    except (OSError, ValueError) as error:
        log(f"the result of {len(text)} bytes could not be stored: {error}", "error")
    return None, True


class Outputs:
    """The outputs of one running job.

    `publish` belongs to the task's threads, `drain` to the reporter's; `descriptors` is what the job shows.
    """

    def __init__(
        self,
        job_id: str,
        before: list[Descriptor] | None = None,
        log: Log | None = None,
        clock: Callable[[], float] = time.monotonic,
        secrets: tuple[str, ...] = (),
    ) -> None:
        """`before`: the outputs that earlier attempts of the job left. `log` takes what could not be
        shown. `secrets` are masked in all but images and files."""
        self._job_id = job_id
        self._log = log or _log
        self._clock = clock
        self._secrets = secrets
        self._lock = threading.Lock()
        self._names = {descriptor["name"]: _Name(descriptor) for descriptor in before or []}
        self._said: set[str] = set()

    def publish(self, value: Any, name: object = "output", chart: object = None) -> None:
        """Take the value as it is now, to be shown under `name`; costs what `json.dumps` of it costs.

        Never raises: what cannot be shown is said once in the job's log.
        """
        try:
            clean = result_files.clean_name(name)
            if not self._room_for(clean):
                self._say(f"more than {MOST} outputs: '{clean}' and later ones are not shown", key="too many")
                return
            encoded = drawn(_encode(self._job_id, clean, value).masked(self._secrets), chart)
            if trouble := chart_trouble(encoded, chart):
                self._say(f"'{clean}' is shown without a chart: {trouble}", key=f"chart {clean}")
            if encoded.not_finite:
                self._say(_not_finite(f"'{clean}'", encoded.not_finite), key=f"not finite {clean}")
            self._replace(clean, encoded)
        except Exception as error:
            self._say(f"output '{name}' is not shown: {type(error).__name__}: {error}", key=f"failed {name}")

    def drain(self, final: bool = False) -> list[Descriptor]:
        """Store what is due (all that waits, if `final`) and return the descriptors that changed by it."""
        changed = []
        for name in self._due(final):
            try:
                descriptor = self._store(name)
            except Exception as error:
                self._say(f"output '{name}' could not be stored: {error}", key=f"unstored {name}")
            else:
                if descriptor is not None:
                    changed.append(descriptor)
        return changed

    @property
    def waiting(self) -> bool:
        """Whether a published version is not stored yet."""
        with self._lock:
            return any(entry.waiting for entry in self._names.values())

    def descriptors(self) -> list[Descriptor]:
        """All outputs stored so far, in the order of their first publishing."""
        with self._lock:
            return [entry.descriptor for entry in self._names.values() if entry.descriptor]

    def _room_for(self, name: str) -> bool:
        with self._lock:
            return name in self._names or len(self._names) < MOST

    def _replace(self, name: str, encoded: Encoded) -> None:
        with self._lock:
            entry = self._names.setdefault(name, _Name())
            overtaken, entry.waiting = entry.waiting, encoded
        if overtaken:
            overtaken.drop()

    def _due(self, final: bool) -> list[str]:
        now = self._clock()
        with self._lock:
            return [n for n, e in self._names.items() if e.waiting and (final or now >= e.not_before)]

    def _store(self, name: str) -> Descriptor | None:
        began = self._clock()
        with self._lock:
            entry = self._names[name]
            encoded, entry.waiting = entry.waiting, None
            others = sum(e.inline_bytes for n, e in self._names.items() if n != name)
        if encoded is None:
            return None
        room = min(INLINE_BYTES, INLINE_TOGETHER - others)
        descriptor = _store(self._job_id, name, encoded, room)
        now = self._clock()
        with self._lock:
            entry.inline_bytes = encoded.size if "value" in descriptor else 0
            # A large file is slow to store: it may take a twentieth of the reporter's time, not all of it.
            entry.not_before = began + max(INTERVAL, 20 * (now - began))
            descriptor["version"] = (entry.descriptor or {}).get("version", 0) + 1
            entry.descriptor = descriptor
        return descriptor

    def _say(self, text: str, key: str | None = None) -> None:
        # Once: a task may publish the same thing a thousand times a second.
        if (key or text) not in self._said and len(self._said) < 2 * MOST:
            self._said.add(key or text)
            self._log(text, "warning")


class _Name:
    """One name of a job's outputs: what is shown, and what waits to be."""

    def __init__(self, descriptor: Descriptor | None = None) -> None:
        self.descriptor = descriptor
        self.waiting: Encoded | None = None
        self.not_before = float("-inf")
        self.inline_bytes = descriptor.get("size", 0) if descriptor and "value" in descriptor else 0


def _store(job_id: str, name: str, encoded: Encoded, inline_bytes: int) -> Descriptor:
    descriptor: Descriptor = {"name": name, "kind": encoded.kind, "size": encoded.size}
    if encoded.rows is not None:
        descriptor["rows"] = encoded.rows
    if encoded.chart is not None:
        descriptor["chart"] = encoded.chart
    if encoded.media_type is not None:
        descriptor["media_type"] = encoded.media_type
    if encoded.kind in ("json", "table", "markdown") and encoded.size <= inline_bytes:
        descriptor["value"] = encoded.inline()
        result_files.discard(job_id, name)  # a larger version before this one was a file
    else:
        result_files.save(job_id, name, encoded.kind, encoded.body)
    return descriptor


def _not_finite(what: str, count: int) -> str:
    return f"{what} holds {count} numbers that JSON does not have (NaN, Infinity); they are shown as null"


def _log(text: str, level: str) -> None:
    logger.log(logging.getLevelNamesMapping().get(level.upper(), logging.INFO), "%s", text)
