"""PURE. What the server says on a socket, as JSON text of at most 64 KiB (contract section 6).

A frame is encoded once and handed to every socket that is to get it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from json import loads
from typing import Any, NamedTuple

from tasks.events import EventDict, JobDict, cut_event, cut_job, dumps, now

# Bytes in UTF-8. daphne is told to close a socket (1011) that would be sent more.
LARGEST = 64 * 1024
# What an `events` or `jobs` frame bears besides its items: topic, epoch, brackets.
_ENVELOPE = 256
_ROOM = LARGEST - _ENVELOPE
MOST_ROWS = 100
# No field of an event this short can be over the 8 KiB from which values are cut, so it need not be parsed.
_SURELY_SHORT = 8 * 1024
_DETAIL_CHARACTERS = 500


class Frame(NamedTuple):
    """One frame; `size` is its length in bytes of UTF-8."""

    text: str
    size: int


class Item(NamedTuple):
    """One event or job of a frame: its place (`seq`, or the row's `change`) and its JSON text."""

    place: int
    text: str


class Part(NamedTuple):
    """A frame, and the cursor of whoever has read it."""

    frame: Frame
    cursor: int


def snapshot(topic: str, epoch: int, seq: int, job: JobDict) -> Frame:
    """The job at `seq`."""
    cut = cut_job(job)
    body = {"type": "snapshot", "topic": topic, "epoch": epoch, "seq": seq}
    found = _encode({**body, "job": cut})
    return found if found.size <= LARGEST else _encode({**body, "job": _shrunk(cut)})


def events(topic: str, epoch: int, items: Iterable[tuple[int, str]]) -> Iterator[Part]:
    """Consecutive events in as many frames as they need, each made when it is asked for; none if there is none."""
    opening = f'{{"type":"events","topic":{dumps(topic)},"epoch":{epoch},"events":['
    for batch in _batches(items):
        yield Part(_frame(opening + ",".join([text for _, text in batch]) + "]}"), batch[-1][0])


def no_events(topic: str, epoch: int) -> Frame:
    """The answer to a subscribe that finds nothing new."""
    return _encode({"type": "events", "topic": topic, "epoch": epoch, "events": []})


def jobs(items: Sequence[Item], *, more: bool | None = None) -> list[Part]:
    """Rows of the list, in their order, in as many frames as they need; none if there is none."""
    closing = "" if more is None else f',"more":{dumps(more)}'
    return [
        Part(
            _frame('{"type":"jobs","jobs":[' + ",".join([text for _, text in batch]) + f'],"removed":[]{closing}}}'),
            batch[-1][0],
        )
        for batch in _batches(items, MOST_ROWS)
    ]


def no_jobs() -> Frame:
    """The answer to a subscribe by somebody who sees no job."""
    return _encode({"type": "jobs", "jobs": [], "removed": [], "more": False})


def removed(ids: Sequence[str]) -> Frame:
    """Jobs that are no longer in the list; at most MOST_ROWS of them."""
    return _encode({"type": "jobs", "jobs": [], "removed": list(ids)})


def tick(log: str) -> Frame:
    """The connection is alive; `log` is "live" or "away"."""
    return _encode({"type": "tick", "time": now(), "log": log})


def error(topic: str | None, code: str, detail: str) -> Frame:
    """A refusal; `topic` is what the client called it."""
    return _encode({"type": "error", "topic": topic, "code": code, "detail": detail[:_DETAIL_CHARACTERS]})


def job_item(change: int, job: JobDict) -> Item:
    """A row of the list."""
    return Item(change, dumps(cut_job(job)))


def event_items(bodies: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Items of events (seq, JSON text), whose text in the log and in a group message lacks the `seq`."""
    # Plain tuples: of a thousand events, to name their parts took a quarter of the time.
    for seq, body in bodies:
        if len(body) < _SURELY_SHORT // 4 and '"kept"' not in body:
            yield seq, f'{{"seq":{seq},{body[1:]}'
        else:
            yield stored_item({"seq": seq, **loads(body)})


def stored_item(event: EventDict) -> Item:
    """An event as the log has it, cut to what a frame may bear."""
    cut = cut_event(event)
    text = dumps(cut)
    if _bytes(text) > _ROOM:
        text = dumps(_without_lines(cut))
    if _bytes(text) > _ROOM:
        lost = {"lost": len(cut["lines"])} if cut.get("lines") else {}
        text = dumps({**cut, "set": _shrunk(cut.get("set", {})), "lines": [], **lost})
    return Item(event["seq"], text)


def _without_lines(event: EventDict) -> EventDict:
    # Lines that together are too long for a frame stay in the log, where the API has them; the frame says so.
    kept: list[dict[str, str]] = []
    lines = event.get("lines", [])
    room = _ROOM - _bytes(dumps({**event, "lines": []})) - 200
    for line in lines:
        room -= _bytes(dumps(line)) + 1
        if room < 0:
            break
        kept.append(line)
    lost = len(lines) - len(kept)
    note = {
        "time": event["time"],
        "level": "warning",
        "text": f"({lost} more lines: too long to be shown live)",
    }
    # Whoever numbers the lines must not count the note for one, and has to count the others.
    return {**event, "lines": [*kept, note], "lost": lost} if lost else event


def _shrunk(values: dict[str, Any]) -> dict[str, Any]:
    # Values of 8 KiB each fit, all of them, unless names (of the task, of the worker) are absurdly long too.
    rest = dict(values)
    gone: list[str] = list(values.get("truncated") or ())
    longest_first = sorted(values.keys() - {"id", "seq", "state", "truncated"}, key=lambda name: -_size(values[name]))
    for name in longest_first:
        if _size(rest) <= _ROOM - 2048:
            break
        rest[name] = None
        gone.append(name)
    return {**rest, "truncated": sorted(set(gone))}


def _size(value: Any) -> int:
    return _bytes(dumps(value))


def _batches(items: Iterable[tuple[int, str]], most: int | None = None) -> Iterator[list[tuple[int, str]]]:
    batch: list[tuple[int, str]] = []
    room = _ROOM
    for item in items:
        size = _bytes(item[1]) + 1
        if batch and (size > room or len(batch) == most):
            yield batch
            batch, room = [], _ROOM
        batch.append(item)
        room -= size
    if batch:
        yield batch


def _encode(value: dict[str, Any]) -> Frame:
    return _frame(dumps(value))


def _frame(text: str) -> Frame:
    return Frame(text, _bytes(text))


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
