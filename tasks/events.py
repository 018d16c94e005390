"""What happens to a job, as data: states, events, and how they fold into the job.

Pure: standard library only, no input or output. The browser's `frontend/src/store.ts` mirrors `fold`, and one
recorded file of events drives the tests of both.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

State = Literal["scheduled", "queued", "started", "retrying", "succeeded", "failed", "cancelled", "lost"]
Kind = Literal["state", "progress", "log", "output", "child"]
JobDict = dict[str, Any]
EventDict = dict[str, Any]

FINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled", "lost"})

# From which states a job may come into a state. The log's script is handed these sets; nothing else decides.
SOURCES: dict[str, frozenset[str]] = {
    "scheduled": frozenset({"queued"}),
    "queued": frozenset({"scheduled", "queued", "retrying"}),
    "started": frozenset({"scheduled", "queued", "retrying", "started"}),
    "retrying": frozenset({"started"}),
    "succeeded": frozenset({"started", "retrying", "queued"}),
    "failed": frozenset({"scheduled", "queued", "started", "retrying"}),
    "cancelled": frozenset({"scheduled", "queued", "started", "retrying"}),
    "lost": frozenset({"scheduled", "queued", "started", "retrying"}),
}

STATES: tuple[str, ...] = tuple(SOURCES)
UNFINISHED: tuple[str, ...] = tuple(s for s in STATES if s not in FINAL)
KINDS: frozenset[str] = frozenset({"state", "progress", "log", "output", "child"})

# A job's fields and what they are before anything is known. `seq` is the last event folded in.
_BLANK: JobDict = {
    "id": None,
    "task": "",
    "args": {},
    "state": "queued",
    "reason": None,
    "cancel": None,
    "owner": None,
    "created_at": None,
    "started_at": None,
    "finished_at": None,
    "progress": None,
    "result": None,
    "error": None,
    "outputs": [],
    "worker": None,
    "attempt": 0,
    "parent": None,
    "root": None,
    "group": None,
    "row": None,
    "retry_of": None,
    "children": None,
}
JOB_FIELDS: tuple[str, ...] = tuple(_BLANK)

# Made once: json.dumps makes one for each call.
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

# The escape of a NUL, and not a backslash before the letters u0000.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")

# A value longer than this, as JSON in UTF-8, is null in socket frames and named in `truncated`.
FRAME_VALUE_BYTES = 8 * 1024


class BadEvent(ValueError):
    """An event has a field that events do not have, or lacks one that they must have."""


def blank_job(job_id: str, **fields: Any) -> JobDict:
    """A job of which only `fields` are known; `seq` is 0, so every event comes after it."""
    unknown = fields.keys() - _BLANK.keys()
    if unknown:
        raise BadEvent(f"a job has no field {', '.join(sorted(unknown))}")
    return {**_BLANK, "args": {}, "outputs": [], **fields, "id": job_id, "seq": 0}


def check_event(event: Mapping[str, Any]) -> None:
    """Raise BadEvent unless `event` has the form of contract section 4: no field more, none missing."""
    if event.keys() - {"seq", "time", "kind", "set", "lines"} or not {"seq", "time", "kind"} <= event.keys():
        raise BadEvent(f"an event has seq, time, kind, and set and lines if any, not {sorted(event)}")
    if event["kind"] not in KINDS:
        raise BadEvent(f"an event's kind is one of {sorted(KINDS)}, not {event['kind']!r}")
    unknown = event.get("set", {}).keys() - _BLANK.keys() - {"truncated"}
    if unknown:
        raise BadEvent(f"a job has no field {', '.join(sorted(unknown))}")


def fold(job: JobDict, event: Mapping[str, Any]) -> JobDict:
    """The job after `event`: a merge of its `set`, and its `seq`.

    An event that the job has already seen (its `seq` is not higher) changes nothing. Returns a new dict.
    """
    if event["seq"] <= job["seq"]:
        return job
    return {**job, **event.get("set", {}), "seq": event["seq"]}


def fold_all(job: JobDict, events: Iterable[Mapping[str, Any]]) -> JobDict:
    """The job after all `events`, in their order."""
    for event in events:
        job = fold(job, event)
    return job


def may_become(state: str, new: str) -> bool:
    """Whether a job in `state` may come into `new`; a final state is left for nothing."""
    return state in SOURCES[new]


def dumps(value: Any) -> str:
    """Strict JSON text: no NaN or Infinity (ValueError), no lone surrogates, and ␀ for NUL (PostgreSQL has none)."""
    if value is None:
        return "null"  # most fields of most jobs
    text = _encode(value)
    if "\\u0000" in text:
        text = _NUL.sub("\\1␀", text)
    if text.isascii():
        return text
    # A lone surrogate cannot be written as UTF-8: it would raise far from here, in whoever sends the text.
    return text.encode("utf-8", "replace").decode("utf-8")


def json_bytes(value: Any) -> int:
    """How many bytes `value` takes as JSON in UTF-8."""
    return len(dumps(value).encode())


def now() -> str:
    """This moment in UTC, ISO 8601 with microseconds and offset."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def iso(moment: datetime) -> str:
    """An aware datetime as ISO 8601 in UTC with microseconds and offset."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def cut_event(stored: EventDict) -> EventDict:
    """The event as a socket frame bears it: values over FRAME_VALUE_BYTES are null.

    Which fields of the job are too long stands in `set.truncated` of every event that changes it.
    """
    event = _shown(stored)
    changes = event.get("set", {})
    long = [name for name, value in changes.items() if _is_long(name, value)]
    return {**event, "set": {**changes, **dict.fromkeys(long)}} if long else event


def whole_event(stored: EventDict) -> EventDict:
    """The event as the API shows it: values whole, and only those kept as files named in `truncated`."""
    event = _shown(stored)
    if "kept" not in stored:
        return event
    return {**event, "set": {**event["set"], "truncated": stored["kept"]}}


def cut_job(job: JobDict) -> JobDict:
    """The job as a socket frame bears it: values over FRAME_VALUE_BYTES are null and named in `truncated`."""
    long = [name for name, value in job.items() if _is_long(name, value)]
    return {**job, **dict.fromkeys(long), "truncated": sorted({*long, *job.get("truncated", ())})} if long else job


def whole_job(job: JobDict) -> JobDict:
    """The job as the API shows it: values whole, and only those kept as files named in `truncated`."""
    if "truncated" not in job:
        return job
    return {**job, "truncated": [name for name in job["truncated"] if job[name] is None]}


def _shown(stored: EventDict) -> EventDict:
    # The log notes beside an event which fields are kept as files; that note is not part of the event.
    return {name: value for name, value in stored.items() if name != "kept"}


def _is_long(name: str, value: Any) -> bool:
    if value is None or isinstance(value, bool | int | float) or name in ("id", "truncated"):
        return False
    if isinstance(value, str) and len(value) < FRAME_VALUE_BYTES // 6:
        return False  # even if every character were escaped it fits
    return json_bytes(value) > FRAME_VALUE_BYTES
