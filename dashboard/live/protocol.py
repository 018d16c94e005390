"""PURE. What a client may say on a socket (contract section 6), read strictly."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

JOBS = "jobs"
MOST_TOPICS = 200

_JOB_TOPIC = re.compile(r"job:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII)
# The longest frame that makes sense has some 200 characters; a longer one is not even parsed.
_LONGEST = 4 * 1024
_LONGEST_TOPIC = 100
_HIGHEST = 2**53  # the largest whole number that a browser can name


class BadRequest(ValueError):
    """The client's frame is none of the contract's."""

    def __init__(self, detail: str, topic: str | None = None) -> None:
        super().__init__(detail)
        self.topic = topic


@dataclass(frozen=True)
class Subscribe:
    """Follow `topic`; `job_id` is None for the list. `after` is the client's cursor, in `epoch` if given."""

    topic: str
    job_id: str | None = None
    after: int | None = None
    epoch: int | None = None


@dataclass(frozen=True)
class Unsubscribe:
    """No longer follow `topic`."""

    topic: str


@dataclass(frozen=True)
class Ack:
    """The first `n` frames of this connection have been read."""

    n: int


Request: TypeAlias = Subscribe | Unsubscribe | Ack


def parse(text: str | None) -> Request:
    """The request in a frame's `text` (None: a binary frame). Raises BadRequest."""
    if text is None:
        raise BadRequest("frames are text, not binary")
    if len(text) > _LONGEST:
        raise BadRequest(f"a frame has at most {_LONGEST} characters")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest("this is not JSON") from None
    if not isinstance(frame, dict):
        raise BadRequest("a frame is a JSON object")
    match frame.get("type"):
        case "ack":
            return Ack(_number(frame, "n", None))
        case "subscribe":
            return _subscribe(frame)
        case "unsubscribe":
            return Unsubscribe(_topic(frame)[0])
    raise BadRequest("type is one of subscribe, unsubscribe, ack", _echo(frame))


def _subscribe(frame: dict[str, Any]) -> Subscribe:
    topic, job_id = _topic(frame)
    after = _number(frame, "after", topic) if "after" in frame else None
    epoch = _number(frame, "epoch", topic) if "epoch" in frame else None
    return Subscribe(topic, job_id, after, epoch)


def _topic(frame: dict[str, Any]) -> tuple[str, str | None]:
    topic = frame.get("topic")
    if topic == JOBS:
        return JOBS, None
    found = _JOB_TOPIC.fullmatch(topic) if isinstance(topic, str) else None
    if found is None:
        raise BadRequest("a topic is job:ID or jobs", _echo(frame))
    return found[0], found[1]


def _number(frame: dict[str, Any], name: str, topic: str | None) -> int:
    value = frame.get(name)
    if type(value) is not int or not 0 <= value < _HIGHEST:
        raise BadRequest(f"{name} is a whole number from 0", topic)
    return value


def _echo(frame: dict[str, Any]) -> str | None:
    topic = frame.get("topic")
    return topic[:_LONGEST_TOPIC] if isinstance(topic, str) else None
