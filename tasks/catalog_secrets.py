"""A job's arguments as everybody who may see it sees them: without secrets, and no larger than is good."""

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from tasks import conf, plain
from tasks.catalog_errors import MASK
from tasks.catalog_values import alias_of

Masker = Callable[[Any], Any]


def masker(annotation: Any) -> Masker | None:
    """A function that masks the secrets in a value of this type, raw or validated; None without any."""
    return _masker(annotation, {})


def is_secret_name(name: str) -> bool:
    """Whether an argument of this name is a secret by its name alone: `password`, `db_password`, `DB_PASSWORD`."""
    given = name.lower()
    return any(given == known or given.endswith(f"_{known}") for known in conf.secret_names())


def masked_by_name(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values, by name, without those that are secret by their names alone."""
    return {name: mask_all(value) if is_secret_name(name) else value for name, value in values.items()}


def _masker(annotation: Any, seen: dict[Any, list[Masker | None]]) -> Masker | None:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        if any(_write_only(item) for item in inner[1:]):
            return mask_all
        return _masker(inner[0], seen)
    if origin in (Union, types.UnionType):
        return _every([_masker(branch, seen) for branch in inner])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, item = (_masker(part, seen) for part in (*inner, Any, Any)[:2])
        return _mask_mapping(key, item) if key or item else None
    if isinstance(origin, type) and issubclass(origin, Secret):
        return mask_all
    if isinstance(origin, type) and issubclass(origin, Iterable):
        each = _every([_masker(part, seen) for part in inner if part is not Ellipsis])
        return _mask_items(each) if each else None
    if isinstance(annotation, type):
        return _class_masker(annotation, seen)
    return None


def _write_only(item: Any) -> bool:
    extra = item.json_schema_extra if isinstance(item, FieldInfo) else None
    return isinstance(extra, dict) and (extra.get("writeOnly") is True or extra.get("format") == "password")


def _class_masker(kind: type, seen: dict[Any, list[Masker | None]]) -> Masker | None:
    if issubclass(kind, Secret | SecretStr | SecretBytes):
        return mask_all
    fields = _fields(kind)
    if not fields:
        return None
    if kind in seen:  # a model that contains itself: looked up when a value is at hand

        def later(value: Any) -> Any:
            found = seen[kind][0]
            return found(value) if found else value

        return later
    seen[kind] = [None]
    maskers = {name: mask_all if is_secret_name(name) else _masker(of, seen) for name, of in fields.items()}
    parts = {name: part for name, part in maskers.items() if part}
    seen[kind] = [_mask_fields(parts) if parts else None]
    return seen[kind][0]


def _fields(kind: type) -> dict[str, Any]:
    """Annotation of every name under which a field of this class may come."""
    if issubclass(kind, BaseModel):
        named: dict[str, Any] = {}
        for name, field in kind.model_fields.items():
            whole = Annotated[field.annotation, field]  # type: ignore[name-defined]
            named |= dict.fromkeys((name, alias_of(name, field)), whole)
        return named
    if dataclasses.is_dataclass(kind) or typing.is_typeddict(kind):
        try:
            return typing.get_type_hints(kind, include_extras=True)
        except Exception:
            return {}
    return {}


def mask_all(value: Any) -> Any:
    """A masker that shows nothing of a value but whether there is one."""
    return value if value is None else MASK


def _every(maskers: list[Masker | None]) -> Masker | None:
    """Any branch of a union may be the right one, so each takes out its secrets."""
    told = [one for one in maskers if one]
    if not told:
        return None

    def mask(value: Any) -> Any:
        for one in told:
            value = one(value)
        return value

    return mask


def _mask_mapping(key: Masker | None, item: Masker | None) -> Masker:
    def mask(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key(k) if key else k: item(v) if item else v for k, v in value.items()}

    return mask


def _mask_items(each: Masker) -> Masker:
    def mask(value: Any) -> Any:
        return [each(item) for item in value] if isinstance(value, list | tuple | set | frozenset) else value

    return mask


def _mask_fields(parts: dict[str, Masker]) -> Masker:
    def mask(value: Any) -> Any:
        if isinstance(value, BaseModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
            value = dict(vars(value))
        if not isinstance(value, Mapping):
            return value
        return {name: parts[name](item) if name in parts else item for name, item in value.items()}

    return mask


def shown_values(values: Mapping[str, Any], limit: int) -> dict[str, Any]:
    """JSON-safe values, about `limit` bytes altogether: a larger one becomes the start of its JSON text."""
    texts = {name: _text(value) for name, value in values.items()}
    if sum(map(len, texts.values())) > limit:
        share = limit // len(texts)
        texts = {name: text if len(text) <= share else _cut(text, share) for name, text in texts.items()}
    return {plain.mend_text(str(name)): json.loads(text) for name, text in texts.items()}


def _text(value: Any) -> str:
    try:
        return plain.dump(value)[0]
    except Exception:
        return json.dumps(f"<{type(value).__name__}>")


def _cut(text: str, share: int) -> str:
    # An escape cut in half is shown as it stands; the JSON text is ASCII, so nothing else can break.
    return json.dumps(f"{text[: share // 2]}… ({len(text)} characters)")


# Shorter texts stand everywhere by chance: masking them would only make a log unreadable.
_SHORTEST = 4


def hidden_texts(value: Any, masked: Any) -> list[str]:
    """The texts in `value` that are no longer in `masked`: the same value with its secrets masked."""
    if masked == MASK and value != MASK:
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        return [text] if len(text) >= _SHORTEST else []
    if isinstance(value, BaseModel):
        value = dict(vars(value))
    if isinstance(value, Mapping) and isinstance(masked, Mapping):
        return [text for key in value if key in masked for text in hidden_texts(value[key], masked[key])]
    if isinstance(value, list | tuple) and isinstance(masked, list | tuple):
        return [text for pair in zip(value, masked, strict=False) for text in hidden_texts(*pair)]
    return []
