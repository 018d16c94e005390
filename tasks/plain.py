"""Any Python value as strict JSON that every reader downstream accepts.

What breaks readers, each seen: NaN and Infinity (`JSON.parse` raises), NUL (PostgreSQL's jsonb refuses it),
a lone surrogate (cannot be written as UTF-8), integers of thousands of digits, dates, Decimals, and values
that contain themselves.
"""

import dataclasses
import enum
import json
import math
import re
from collections.abc import KeysView, Mapping, ValuesView
from typing import Any

# json.dumps escapes all of these (ensure_ascii), so one look at its text tells whether a string needs
# mending: NUL, or one half of a surrogate pair without the other (a whole pair is how it spells a character
# beyond U+FFFF).
_BAD_TEXT = re.compile(r"\\u0000|\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DEEPEST = 64


def dump(value: Any) -> tuple[str, int]:
    """`value` as ASCII JSON text, and how many NaN and infinite numbers in it became null.

    Dates, Decimals, UUIDs, paths become text; tuples and sets lists; dataclasses and pydantic models
    objects. Never raises for the value's sake: what has no other form becomes its `str()`.
    """
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        return _mended(value)
    return _mended(value) if _BAD_TEXT.search(text) or _is_deep(text, value) else (text, 0)


def _is_deep(text: str, value: Any) -> bool:
    """Whether `value` is nested deeper than readers' own recursion can be relied on to go."""
    if text.count("[") + text.count("{") <= _DEEPEST:
        return False
    level = [value]
    for _ in range(_DEEPEST):
        inner = (part.values() if isinstance(part, Mapping) else part for part in level)
        level = [item for items in inner for item in items if isinstance(item, Mapping | list | tuple)]
        if not level:
            return False
    return True


def _mended(value: Any) -> tuple[str, int]:
    mend = _Mender()
    return json.dumps(mend(value, 0), allow_nan=False, separators=(",", ":")), mend.not_finite


class _Mender:
    """Rebuilds a value from what JSON has; counts the numbers that it has not."""

    def __init__(self) -> None:
        self.not_finite = 0

    def __call__(self, value: Any, depth: int) -> Any:
        if isinstance(value, str) and not isinstance(value, enum.Enum):
            return mend_text(value)
        if value is None or value is True or value is False:
            return value
        if depth > _DEEPEST:
            return "…"
        if isinstance(value, enum.Enum):
            return self(value.value, depth + 1)
        if isinstance(value, int):
            return _integer(value)
        if isinstance(value, float):
            return self._float(value)
        if isinstance(value, Mapping):
            return {_key(key): self(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self(item, depth + 1) for item in value]
        return self._object(value, depth)

    def _float(self, value: float) -> float | None:
        if math.isfinite(value):
            return float(value)
        self.not_finite += 1
        return None

    def _object(self, value: Any, depth: int) -> Any:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            return self(fields, depth + 1)
        if callable(getattr(value, "model_dump", None)):  # pydantic
            return self(_called(value.model_dump, value), depth + 1)
        if hasattr(value, "isoformat"):
            return mend_text(str(_called(value.isoformat, value)))
        if hasattr(value, "dtype") and hasattr(value, "tolist"):  # numpy
            return self(_called(value.tolist, value), depth + 1)
        if isinstance(value, bytes | bytearray | memoryview):
            return f"<{len(value)} bytes>"
        if isinstance(value, KeysView | ValuesView | range):
            return [self(item, depth + 1) for item in value]
        return mend_text(described(value))


def mend_text(text: str) -> str:
    """`text` without what JSON readers choke on: NUL becomes ␀, a lone surrogate �."""
    return _SURROGATE.sub("�", text.replace("\x00", "␀"))


def _integer(value: int) -> int | str:
    # Over 4,300 digits Python itself refuses the conversion to decimal text.
    return int(value) if value.bit_length() <= 12_000 else f"an integer of {value.bit_length()} bits"


def _key(key: Any) -> str:
    if isinstance(key, enum.Enum):
        key = key.value
    if key is None or isinstance(key, bool):
        return json.dumps(key)
    if isinstance(key, int):
        return str(_integer(key))
    return mend_text(key if isinstance(key, str) else described(key))


def _called(method: Any, value: Any) -> Any:
    try:
        return method()
    except Exception:
        return described(value)


def described(value: Any) -> str:
    """`str(value)`, or the name of its class where that fails."""
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__name__}>"
