"""The fields of a model, a dataclass or a TypedDict, as parameters like those of a task."""

import dataclasses
import inspect
import typing
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_origin

import typing_extensions
from pydantic import BaseModel, Field, RootModel
from pydantic_core import PydanticUndefined

from tasks.catalog_signature import NOTHING, Parameter, parameter_of
from tasks.catalog_values import alias_of

# A default that is made anew each time: nobody has to give the field, and nothing can be shown of it.
_MADE: Any = object()
_TYPED_DICT_WORDS: tuple[Any, ...] = (
    typing_extensions.Required,
    typing_extensions.NotRequired,
    typing_extensions.ReadOnly,
)


@cache
def members(of: Any) -> Mapping[str, Parameter] | None:
    """The fields by the names under which they come in; None for what is no model, or one that comes in other ways."""
    if not isinstance(of, type):
        return None
    try:
        if issubclass(of, BaseModel):
            return None if issubclass(of, RootModel) else _of_model(of)
        if dataclasses.is_dataclass(of):
            return _of_dataclass(of)
        return _of_typed_dict(of) if typing_extensions.is_typeddict(of) else None
    except (NameError, TypeError, ValueError):
        return None  # annotations that cannot be resolved, names that are none in Python


def _of_model(of: type[BaseModel]) -> Mapping[str, Parameter] | None:
    found = {}
    for name, field in of.model_fields.items():
        if field.validation_alias is not None and not isinstance(field.validation_alias, str):
            return None  # taken from a path
        words = Field(
            title=field.title,
            description=field.description,
            examples=field.examples,
            json_schema_extra=field.json_schema_extra,
        )
        annotation = Annotated[(field.annotation, *field.metadata, words)]  # type: ignore[name-defined]
        has_default = field.default is not PydanticUndefined
        default = field.default if has_default else NOTHING if field.is_required() else _MADE
        found[alias_of(name, field)] = _member(of, name, annotation, default)
    return found or None


def _of_dataclass(of: type) -> Mapping[str, Parameter] | None:
    hints = typing.get_type_hints(of, include_extras=True)
    fields = dataclasses.fields(of)
    if set(of.__dataclass_fields__) != {field.name for field in fields}:  # type: ignore[attr-defined]
        return None  # an InitVar comes in, but is no field
    found = {}
    for field in fields:
        if field.init:
            is_made = field.default_factory is not dataclasses.MISSING
            default = _MADE if is_made else NOTHING if field.default is dataclasses.MISSING else field.default
            found[field.name] = _member(of, field.name, hints[field.name], default)
    return found or None


def _of_typed_dict(of: Any) -> Mapping[str, Parameter] | None:
    found = {}
    for name, hint in typing_extensions.get_type_hints(of, include_extras=True).items():
        while get_origin(hint) in _TYPED_DICT_WORDS:
            hint = get_args(hint)[0]
        found[name] = _member(of, name, hint, NOTHING if name in of.__required_keys__ else _MADE)
    return found or None


def _member(of: Any, name: str, annotation: Any, default: Any) -> Parameter:
    return parameter_of(
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default),
        {"__name__": of.__module__},
    )
