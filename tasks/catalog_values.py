"""Values on their way into a message: in JSON's own types, as validation takes them back."""

import dataclasses
import datetime
import enum
import json
import math
import re
import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from tasks.uploaded import UploadedFile

_HALF_PAIR = re.compile("[\ud800-\udfff]")
_SCALARS = (str, int, float, bool, type(None))


class NotJson(ValueError):
    """A value that no JSON message can bear; `kind` is the fault's name."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def wire_value(value: Any) -> Any:
    """`value` in JSON's own types, secrets in clear text. Raises NotJson."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, enum.Enum):
        return enum_key(value)
    if isinstance(value, str):
        return sound(str(value))
    if isinstance(value, int):
        if value.bit_length() > 12_000:  # Python writes integers of up to 4,300 digits
            raise NotJson("int_parsing_size")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotJson("finite_number")
        return float(value)
    if isinstance(value, Mapping):
        return {_key(key): wire_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [wire_value(item) for item in value]
    return _wire_object(value)


def exact_json(value: Any) -> str | None:
    """The JSON text of a value that is made of JSON's own types (or a list's cousins), else None."""
    if isinstance(value, set | frozenset):
        value = sorted(value)
    return json.dumps(value) if _native(value) else None


def _native(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and _native(item) for key, item in value.items())
    if kind in (list, tuple):
        return all(map(_native, value))
    return kind in (str, int, bool, type(None)) or (kind is float and math.isfinite(value))


def _wire_object(value: Any) -> Any:
    if isinstance(value, Secret | SecretStr | SecretBytes):
        return wire_value(value.get_secret_value())
    if isinstance(value, UploadedFile):
        return str(value.id)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return iso_duration(value)
    if isinstance(value, Decimal | uuid.UUID | PurePath):
        return str(value)
    if isinstance(value, bytes):
        try:
            return sound(value.decode())
        except UnicodeDecodeError:
            raise NotJson("not_json") from None
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        own = {alias_of(name, fields[name]): wire_value(getattr(value, name)) for name in fields}
        return own | {_key(name): wire_value(item) for name, item in (value.model_extra or {}).items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: wire_value(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if type(value).__module__.startswith(("pydantic", "ipaddress")):  # web addresses, networks
        return str(value)
    raise NotJson("not_json")


def sound(text: str) -> str:
    """The text, if every database can keep it as it is. Raises NotJson."""
    # PostgreSQL's JSON refuses NUL, and half a surrogate pair cannot be written as UTF-8.
    if "\x00" in text or (not text.isascii() and _HALF_PAIR.search(text)):
        raise NotJson("bad_character")
    return text


def _key(key: Any) -> str:
    value = sound(key) if type(key) is str else wire_value(key)
    return value if isinstance(value, str) else json.dumps(value)


def alias_of(name: str, field: FieldInfo) -> str:
    """The name under which a model's field comes in."""
    return field.validation_alias if isinstance(field.validation_alias, str) else field.alias or name


def enum_key(member: enum.Enum) -> Any:
    """What stands for a member outside Python: its value, or its name where JSON has no such value."""
    return member.name if by_name(type(member)) else member.value


def by_name(enumeration: type[enum.Enum]) -> bool:
    """Whether the members are named rather than given by value: some value is none that JSON has."""
    return any(not isinstance(member.value, _SCALARS) for member in enumeration)


def iso_duration(delta: datetime.timedelta) -> str:
    """An ISO 8601 duration that pydantic reads back exactly, negative ones included."""
    sign, delta = ("-", -delta) if delta < datetime.timedelta(0) else ("", delta)
    fraction = f".{delta.microseconds:06d}" if delta.microseconds else ""
    return f"{sign}P{delta.days}DT{delta.seconds}{fraction}S"


Place = tuple[str | int, ...]


def misread(given: Any, typed: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Where a text (or for a yes-or-no a number) was read as a number: what a form's fields need and JSON does not.

    Yields the place, and pydantic's name for the fault.
    """
    if isinstance(typed, enum.Enum):
        return
    if isinstance(typed, bool):
        if not isinstance(given, bool):
            yield place, "bool_type"
    elif isinstance(typed, int | float):
        if isinstance(given, str):
            yield place, "int_type" if isinstance(typed, int) else "float_type"
    elif isinstance(given, list) and isinstance(typed, list | tuple):
        for i, (item, value) in enumerate(zip(given, typed, strict=False)):
            yield from misread(item, value, (*place, i))
    elif isinstance(given, dict) and isinstance(typed, dict):
        for name in given.keys() & typed.keys():
            yield from misread(given[name], typed[name], (*place, name))
