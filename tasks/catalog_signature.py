"""From a function's signature to typed parameters, whatever somebody wrote into it."""

import collections.abc as abc
import inspect
import json
import types
import typing
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typing_extensions
from django.utils.functional import Promise
from pydantic import AllowInfNan, BeforeValidator, Field, TypeAdapter, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from tasks import catalog_docstring
from tasks.catalog_secrets import Masker, is_secret_name, mask_all, masker
from tasks.catalog_values import NotJson, by_name, exact_json, wire_value
from tasks.catalog_words import Words, words_of
from tasks.choices import Choices

#: A parameter without a default.
NOTHING: Any = inspect.Parameter.empty

_ONCE_ONLY = (abc.Iterable, abc.Iterator, abc.Generator)
_CONTAINERS = (list, set, frozenset, tuple, dict, abc.Sequence, abc.MutableSequence, abc.Set, abc.Mapping)


@dataclass(frozen=True, eq=False)
class Parameter:
    """One parameter of a task.

    `annotation` is its type with `Annotated` metadata, None where it has none that JSON could bear: then
    any JSON value goes. `default` is NOTHING without one. `always` is set where it has to be passed even
    when nobody gave it: a `Field(3)` as default. `title` and `description` are texts in the language that is
    active when they are read; `words` makes such a text of another one of the author's.
    """

    name: str
    kind: Any
    annotation: Any
    adapter: TypeAdapter[Any] | None
    default: Any
    always: bool
    title: Any
    description: Any
    mask: Masker | None
    words: Words

    @property
    def choices(self) -> Choices | None:
        """The choices that an author's code knows, of the value or of each item of a list."""
        return _choices_in(self.annotation)

    @property
    def unit(self) -> str:
        """What a number counts, as `Field(json_schema_extra={"unit": "kg"})` says it; empty where nothing does."""
        extras = [field.json_schema_extra for field in _metadata(self.annotation) if isinstance(field, FieldInfo)]
        return next((str(extra["unit"]) for extra in extras if isinstance(extra, dict) and "unit" in extra), "")

    @property
    def required(self) -> bool:
        """Whether a launch has to name it."""
        return self.default is NOTHING

    @property
    def is_args(self) -> bool:
        """`*args`: a list of values."""
        return self.kind is inspect.Parameter.VAR_POSITIONAL

    @property
    def is_kwargs(self) -> bool:
        """`**kwargs`: an object of values."""
        return self.kind is inspect.Parameter.VAR_KEYWORD

    @property
    def by_position(self) -> bool:
        """Whether it can be passed by position."""
        return self.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

    @property
    def only_by_position(self) -> bool:
        """Whether it cannot be passed by name; `self` cannot, since that is what Celery calls the task."""
        return self.is_args or self.kind is inspect.Parameter.POSITIONAL_ONLY or self.name == "self"

    def default_for_wire(self) -> Any:
        """The default in JSON's types, or NOTHING: none, a secret one, or one that JSON has not."""
        if self.default is NOTHING or self.mask or self.is_args or self.is_kwargs:
            return NOTHING
        try:
            return wire_value(self.default)
        except (NotJson, RecursionError):
            return NOTHING

    def as_it_travels(self, given: Any, value: Any) -> Any:
        """The validated `value` where JSON bears it and validating it once more changes nothing, else `given`."""
        if self.adapter is None or self.mask:
            return given
        try:
            text = exact_json(value)
            if text is None or text == json.dumps(given):
                return given
            return wire_value(json.loads(text)) if exact_json(self.adapter.validate_json(text)) == text else given
        except Exception:  # an author's validator need not take what it gave
            return given


def parameters(function: Callable[..., Any]) -> list[Parameter]:
    """The parameters of `function` in order, without a bound method's `self`. Takes any signature."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return []  # a builtin that says nothing about itself
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    told = catalog_docstring.read(function).parameters
    return [parameter_of(parameter, scope, told.get(parameter.name, "")) for parameter in signature.parameters.values()]


def parameter_of(parameter: inspect.Parameter, scope: dict[str, Any], said: str = "") -> Parameter:
    """What is known of one parameter; `scope` has the names that its annotation uses, those of its module, and `said`
    is what the docstring says of it, where no `Field` does."""
    annotation, default, always = _resolved(parameter.annotation, scope), parameter.default, False
    if isinstance(default, FieldInfo):  # `x: int = Field(3, ge=1)`, as in a model
        annotation, always = Annotated[annotation, default], not default.is_required()
        default = default.get_default(call_default_factory=True, validated_data={}) if always else NOTHING
    if parameter.kind is parameter.VAR_POSITIONAL:
        annotation, default = types.GenericAlias(list, (annotation,)), ()
    elif parameter.kind is parameter.VAR_KEYWORD:
        annotation, default = _of_kwargs(annotation), {}
    adapter = None
    secret = is_secret_name(parameter.name)
    inner, told = _unwrapped(annotation)
    if secret and inner in (str, Any, _or_none(str)):
        text = str if inner is Any else inner
        hidden = Field(json_schema_extra={"writeOnly": True})
        annotation = Annotated[(_or_none(text) if default is None else text, *told, hidden)]
    elif default is None:
        annotation = _or_none(annotation)
    if annotation is not Any:
        adapter = _adapter(annotation)
    told_by = [item for item in _metadata(annotation) if isinstance(item, FieldInfo)]
    title = next((field.title for field in told_by if field.title), None)
    description = next((field.description for field in told_by if field.description), said)
    words = words_of(scope.get("__name__", ""))
    return Parameter(
        name=parameter.name,
        kind=parameter.kind,
        annotation=annotation if adapter else None,
        adapter=adapter,
        default=default,
        always=always,
        title=words(title or parameter.name.replace("_", " ").strip().capitalize() or parameter.name),
        description=words(description if isinstance(description, Promise) else inspect.cleandoc(description)),
        mask=mask_all if secret else masker(annotation) if adapter else None,
        words=words,
    )


def _of_kwargs(annotation: Any) -> Any:
    if get_origin(annotation) in (typing.Unpack, typing_extensions.Unpack):
        return get_args(annotation)[0]
    return dict[str, annotation]


def _or_none(annotation: Any) -> Any:
    inner = _unwrapped(annotation)[0]
    if inner is Any or (get_origin(inner) in (Union, types.UnionType) and type(None) in get_args(inner)):
        return annotation
    try:
        return Union[annotation, None]  # noqa: UP007
    except TypeError:
        return Any  # something that is no type


def _resolved(annotation: Any, scope: dict[str, Any]) -> Any:
    if annotation is inspect.Parameter.empty:
        return Any
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(holder, scope, include_extras=True)["it"]
    except Exception:
        return Any  # a name that only a type checker sees, or no type at all


def _metadata(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) in (Union, types.UnionType):
        branches = [branch for branch in get_args(annotation) if branch is not type(None)]
        return _metadata(branches[0]) if len(branches) == 1 else ()
    return get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()


def _choices_in(annotation: Any) -> Choices | None:
    told = next((item for item in _metadata(annotation) if isinstance(item, Choices)), None)
    inner, parts = _unwrapped(annotation)[0], get_args(_unwrapped(annotation)[0])
    if told or not parts or get_origin(inner) is Literal:
        return told
    if get_origin(inner) in (Union, types.UnionType):
        branches = [branch for branch in parts if branch is not type(None)]
        return _choices_in(branches[0]) if len(branches) == 1 else None
    return _choices_in(parts[0]) if get_origin(inner) in (list, set, frozenset, abc.Sequence) else None


def _adapter(annotation: Any) -> TypeAdapter[Any] | None:
    """Pydantic's adapter, or None for a type that JSON cannot bear: a callable, an arbitrary class."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an alias in a parameter's Field has no meaning here
            adapter: TypeAdapter[Any] = TypeAdapter(strictly(annotation))
            adapter.json_schema()
            adapter.validator  # noqa: B018  (built now, in one thread, rather than at the first launch)
        return adapter
    except Exception:
        return None


def strictly(annotation: Any) -> Any:
    """The same type, minus what pydantic takes kindly and a launcher never means.

    True is no number, a number is finite unless its author says otherwise, and an iterable is a list
    (pydantic would look at its items only while the task runs).
    """
    inner, told = _unwrapped(annotation)
    # The check comes last in the list, which makes it run first and leaves the bounds next to the number.
    checks = (BeforeValidator(_no_bool),) if _takes_numbers(inner) else ()
    return _wrapped(_plain(inner), (*told, *checks))


def _plain(inner: Any) -> Any:
    origin, parts = get_origin(inner), get_args(inner)
    if inner is float:
        return Annotated[float, AllowInfNan(False)]
    if isinstance(inner, type) and issubclass(inner, Enum) and by_name(inner):
        return _named(inner)
    if origin in (Union, types.UnionType):
        return Union[tuple(_wrapped(_plain(branch), told) for branch, told in map(_unwrapped, parts))]  # noqa: UP007
    if origin in _ONCE_ONLY:
        return types.GenericAlias(list, (strictly(parts[0]),))
    if origin in _CONTAINERS:
        return types.GenericAlias(origin, tuple(p if p in (Ellipsis, ()) else strictly(p) for p in parts))
    return inner


def _unwrapped(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    if get_origin(annotation) is Annotated:
        inner, *told = get_args(annotation)
        return inner, tuple(told)
    return annotation, ()


def _wrapped(inner: Any, told: tuple[Any, ...]) -> Any:
    return Annotated[(inner, *told)] if told else inner


def _takes_numbers(inner: Any) -> bool:
    branches = get_args(inner) if get_origin(inner) in (Union, types.UnionType) else (inner,)
    kinds = {_unwrapped(branch)[0] for branch in branches}
    takes_true = bool in kinds or any(get_origin(kind) is Literal for kind in kinds)
    return not takes_true and not kinds.isdisjoint((int, float))


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "Input should be a number, not true or false")
    return value


def _named(enumeration: type[Enum]) -> Any:
    names = [member.name for member in enumeration]

    def member(value: Any) -> Any:
        if isinstance(value, str) and value in enumeration.__members__:
            return enumeration[value]
        expected = ", ".join(map(repr, names))
        raise PydanticCustomError("enum", "Input should be one of {expected}", {"expected": expected})

    return Annotated[enumeration, BeforeValidator(member), WithJsonSchema({"enum": names, "type": "string"})]
