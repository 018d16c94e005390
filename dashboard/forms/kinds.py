"""What kind of thing a parameter is, for choosing the field that fits."""

import datetime
import enum
import types
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from tasks import UploadedFile
from tasks.catalog_members import members
from tasks.catalog_signature import Parameter

_NUMBERS = {int, float, Decimal}
_TIMES = {
    datetime.date: "date",
    datetime.datetime: "datetime",
    datetime.time: "time",
    datetime.timedelta: "duration",
}


@dataclass(frozen=True)
class Kind:
    """`name` is one of: untyped, yes_no, choice, choices, asked and asked_several (choices that code knows), secret,
    file, files, number, date, datetime, time, duration, text, lines (a list), scalar (a union of simple types), model,
    rows (a list of models), json.

    `of` is the type without `None` and `Annotated`, or that of the items; `schema` is the JSON Schema without
    `null`.
    """

    name: str
    of: Any
    nullable: bool
    schema: Mapping[str, Any]

    @property
    def takes_text(self) -> bool:
        """Whether a text that is no JSON is a value as well."""
        return self.of is str or (get_origin(self.of) in (Union, types.UnionType) and str in get_args(self.of))

    @property
    def file_schema(self) -> Mapping[str, Any]:
        """Of a file, or of files: the schema of one."""
        one: Mapping[str, Any] = self.schema.get("items", {}) if self.name == "files" else self.schema
        return one


def kind_of(parameter: Parameter) -> Kind:
    """The kind of `parameter`."""
    if parameter.adapter is None:
        return Kind("untyped", Any, parameter.default is None, {})
    of, nullable = _without_none(parameter.annotation)
    schema = _schema(parameter.adapter.json_schema())
    if _is_secret(of, parameter.annotation):
        return Kind("secret", of, nullable, schema)
    if parameter.choices:
        several = get_origin(of) is not None and get_origin(of) not in (Union, types.UnionType, Literal)
        item = _without_none(get_args(of)[0])[0] if several else of
        return Kind("asked_several" if several else "asked", item, nullable, schema)
    if get_origin(of) in (list, set, frozenset, tuple) or _is_collection(get_origin(of)):
        name, of = _kind_of_items(of)
        return Kind(name, of, nullable, schema)
    return Kind(_simple(of, schema), of, nullable, schema)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) is Annotated:
        return _without_none(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        branches = get_args(annotation)
        told = [branch for branch in branches if branch is not type(None)]
        if len(told) == 1:
            return _without_none(told[0])[0], True
        return Union[tuple(_without_none(branch)[0] for branch in told)], len(told) < len(branches)  # noqa: UP007
    return annotation, False


def _simple(of: Any, schema: Mapping[str, Any]) -> str:
    if get_origin(of) in (Union, types.UnionType):
        branches = {_simple(branch, {}) for branch in get_args(of)}
        if branches == {"number"}:
            return "number"
        return "scalar" if branches <= {"number", "yes_no", "text", "choice"} else "json"
    if of is bool:
        return "yes_no"
    if of in _NUMBERS:
        return "number"
    if of in _TIMES:
        return _TIMES[of]
    if of is UploadedFile:
        return "file"
    if get_origin(of) is Literal or (isinstance(of, type) and issubclass(of, enum.Enum)):
        return "choice"
    if of is str or schema.get("type") == "string":
        by_format = {"date": "date", "date-time": "datetime", "time": "time", "duration": "duration"}
        return by_format.get(str(schema.get("format")), "text")
    if members(of):
        return "model"
    return "number" if schema.get("type") in ("integer", "number") else "json"


def _kind_of_items(of: Any) -> tuple[str, Any]:
    items = [item for item in get_args(of) if item is not Ellipsis]
    if get_origin(of) is tuple and Ellipsis not in get_args(of):
        return "json", of
    if len(items) != 1:
        return "json", of
    item, nullable = _without_none(items[0])
    if nullable or _is_secret(item, items[0]):
        return "json", of
    simple = _simple(item, {})
    if simple == "model" and get_origin(of) not in (set, frozenset):
        return "rows", item
    if simple == "choice":
        return "choices", item
    if simple == "file":
        return "files", item
    return ("lines", item) if simple in ("number", "text", "date", "time") else ("json", of)


def _is_collection(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Collection) and not issubclass(origin, Mapping)


def _is_secret(of: Any, annotation: Any) -> bool:
    kind = get_origin(of) or of
    if isinstance(kind, type) and issubclass(kind, Secret | SecretStr | SecretBytes):
        return True
    told = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    extras = [item.json_schema_extra for item in told if isinstance(item, FieldInfo)]
    return of is str and any(isinstance(extra, dict) and extra.get("writeOnly") is True for extra in extras)


def _schema(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part that is not `null`, references looked up; of a number that may be text, the number."""
    own = {name: value for name, value in whole.items() if name not in ("$defs", "anyOf", "$ref")}
    if "$ref" in whole:
        return own | {**whole.get("$defs", {}).get(str(whole["$ref"]).rpartition("/")[2], {})}
    branches = [branch for branch in whole.get("anyOf", ()) if branch.get("type") != "null"]
    if len(branches) > 1 and branches[0].get("type") in ("number", "integer"):
        branches = branches[:1]
    if len(branches) == 1:
        return own | {**_schema({**branches[0], "$defs": whole.get("$defs", {})})}
    return own
