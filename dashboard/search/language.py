"""PURE. The language of the search box: `state:failed task:mail since:2d args.size:>100 "text"`.

Everything that is not understood becomes a `Misread`, which names the word; the rest of the search holds without it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from tasks.events import STATES

LONGEST = 1000  # characters of a search
_MOST_TERMS = 30

#: What may stand before a colon; `args.NAME` besides. Each is in docs/searching.md.
QUALIFIERS = ("state", "task", "owner", "since", "until", "id", "parent", "group", "schedule", "queue", "worker")
ARGS = "args."
ME, NOBODY = "me", "nobody"

# A term: what stands between spaces, where text in quotes is no space.
_TERM = re.compile(r'(?:[^\s"]|"(?:\\.|[^"\\])*(?:"|$))+', re.DOTALL)
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)(?:"|$)', re.DOTALL)
_QUALIFIED = re.compile(r'(-?)([^\s:"]+):(.*)', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_HEX = re.compile(r"[0-9a-f]{1,32}")
_AGO = re.compile(r"(\d{1,6})\s?(s|m|min|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_OPERATOR = re.compile(r"(>=|<=|>|<|=|)(.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)
# Databases and offsets know fewer years than Python; before and after these there are no jobs.
_FIRST, _LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Misread:
    """A word of the search that is not understood, why (a word of `misread.py`), and what may have been meant."""

    word: str
    why: str
    meant: str = ""


@dataclass(frozen=True)
class Condition:
    """What an argument has to be: `op` is > >= < <= = or, empty, "is or contains"; `number` if the text is one."""

    path: tuple[str, ...]
    op: str
    text: str
    number: float | None = None


@dataclass(frozen=True)
class Search:
    """What is searched for; whatever is left out narrows nothing. `until` itself is no longer in it."""

    states: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    owner: str = ""
    since: datetime | None = None
    until: datetime | None = None
    id: str = ""
    parent: UUID | None = None
    group: UUID | None = None
    schedule: str = ""
    queue: str = ""
    worker: str = ""
    args: tuple[Condition, ...] = ()
    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    misread: tuple[Misread, ...] = ()


class _Bad(Exception):
    """A value that means nothing: why."""


@dataclass
class _Reading:
    now: datetime
    found: dict[str, Any] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    misread: list[Misread] = field(default_factory=list)


def parse(text: str, now: datetime) -> Search:
    """What `text` asks for; `now` is aware, and in the reader's time zone.

    >>> parse('state:failed,lost task:mail "no space"', datetime.now(UTC)).states
    ('failed', 'lost')
    """
    reading = _Reading(now)
    for number, term in enumerate(_terms(text)):
        if number == _MOST_TERMS:
            reading.misread.append(Misread(term[:40], "many"))
            break
        _read(term, reading)
    if reading.excluded:
        asked = reading.found.get("states") or STATES
        reading.found["states"] = tuple(state for state in asked if state not in reading.excluded)
        if not reading.found["states"]:
            reading.misread.append(Misread(f"-state:{','.join(sorted(reading.excluded))}", "nothing"))
    return Search(**reading.found, misread=tuple(reading.misread))


def _terms(text: str) -> Iterator[str]:
    # NUL is in no job: no database takes it.
    return (match[0] for match in _TERM.finditer(text.replace("\x00", " ")[:LONGEST]))


def _read(term: str, reading: _Reading) -> None:
    qualified = _QUALIFIED.fullmatch(term)
    name = qualified[2].casefold() if qualified else ""
    if not qualified or (not _is_known(name) and _is_text(qualified)):
        _add(reading, "phrases" if term.startswith('"') else "words", _plain(term))
        return
    try:
        if not _is_known(name):
            reading.misread.append(Misread(term, "qualifier", next(iter(get_close_matches(name, QUALIFIERS, 1)), "")))
            return
        if not (value := _plain(qualified[3])):
            raise _Bad("empty")
        if name.startswith(ARGS):
            if qualified[1]:
                raise _Bad("negated")
            _add(reading, "args", _condition(qualified[2][len(ARGS) :], qualified[3]))
        elif qualified[1]:
            if name != "state":
                raise _Bad("negated")
            reading.excluded.update(_states(value))
        else:
            target, read = _READ[name]
            if reading.found.get(target):
                raise _Bad("twice")
            reading.found[target] = read(value, reading.now)
    except _Bad as error:
        reading.misread.append(Misread(term, str(error)))


def _is_known(name: str) -> bool:
    return name in QUALIFIERS or (name.startswith(ARGS) and len(name) > len(ARGS))


def _is_text(qualified: "re.Match[str]") -> bool:
    """Whether a colon is only a colon: `http://…`, `ValueError:`, `12:30`."""
    return not qualified[3] or qualified[3].startswith("//") or not qualified[2][0].isalpha()


def _plain(text: str) -> str:
    return _QUOTED.sub(lambda quoted: _ESCAPED.sub(r"\1", quoted[1]), text)


def _add(reading: _Reading, target: str, value: Any) -> None:
    if value:
        reading.found[target] = (*reading.found.get(target, ()), value)


def _condition(name: str, value: str) -> Condition:
    path = tuple(name.split("."))
    if not all(path):
        raise _Bad("argument")
    op, rest = _OPERATOR.fullmatch(value).groups()  # type: ignore[union-attr]
    # What stands in quotes is a text, whatever it looks like.
    number = float(rest) if _NUMBER.fullmatch(rest) else None
    if number in (float("inf"), float("-inf")) or (op in (">", ">=", "<", "<=") and number is None):
        raise _Bad("number")
    if not (text := _plain(rest)):
        raise _Bad("empty")
    return Condition(path, op, text, number)


def _states(value: str, _now: datetime | None = None) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(state.strip().casefold() for state in value.split(",") if state.strip()))
    if not asked or not set(asked) <= set(STATES):
        raise _Bad("state")
    return asked


def _texts(value: str, _now: datetime) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in value.split(",") if text.strip()))


def _text(value: str, _now: datetime) -> str:
    return value


def _id(value: str, _now: datetime) -> str:
    digits = value.casefold().replace("-", "")
    if not _HEX.fullmatch(digits):
        raise _Bad("id")
    return digits


def _uuid(value: str, _now: datetime) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise _Bad("uuid") from None


def _since(value: str, now: datetime) -> datetime:
    return _time(value, now)[0]


def _until(value: str, now: datetime) -> datetime:
    return _time(value, now)[1]


def _time(value: str, now: datetime) -> tuple[datetime, datetime]:
    """A moment twice; a day as its beginning and its end."""
    value = value.strip()
    word = value.casefold()
    try:
        if ago := _AGO.fullmatch(word):
            moment = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            return _in_reach(moment), _in_reach(moment)
        if word in ("today", "yesterday"):
            return _day(now - timedelta(days=word == "yesterday"), now.tzinfo)
        moment = datetime.fromisoformat(value)
        if _DAY.fullmatch(value):
            return _day(moment, now.tzinfo)
        moment = _in_reach(moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo))
    except (ValueError, OverflowError):
        raise _Bad("time") from None
    return moment, moment


def _day(moment: datetime, zone: tzinfo | None) -> tuple[datetime, datetime]:
    """The day's beginning and the next one's, by the clocks of the zone: not all days have 24 hours."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    begin, end = (day.replace(tzinfo=zone) for day in (midnight, midnight + timedelta(days=1)))
    return _in_reach(begin), _in_reach(end)


def _in_reach(moment: datetime) -> datetime:
    return min(max(moment.astimezone(UTC), _FIRST), _LAST)


_READ: dict[str, tuple[str, Callable[[str, datetime], Any]]] = {
    "state": ("states", _states),
    "task": ("tasks", _texts),
    "owner": ("owner", _text),
    "since": ("since", _since),
    "until": ("until", _until),
    "id": ("id", _id),
    "parent": ("parent", _uuid),
    "group": ("group", _uuid),
    "schedule": ("schedule", _text),
    "queue": ("queue", _text),
    "worker": ("worker", _text),
}


def term(name: str, value: str) -> str:
    """`name:value` as `parse` reads it back.

    >>> term("owner", "Anna Kim")
    'owner:"Anna Kim"'
    """
    needs_quotes = any(character.isspace() or character == '"' for character in value)
    return f"{name}:{quoted(value) if needs_quotes else value}"


def quoted(text: str) -> str:
    """The text in quotes, as `parse` reads it back."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def is_empty(search: Search) -> bool:
    """Whether the search lets every job through."""
    return not any(getattr(search, one.name) for one in fields(search) if one.name != "misread")
