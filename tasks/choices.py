"""Choices that an author's code knows, asked anew whenever a form is shown and a launch is judged."""

import inspect
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from tasks.catalog_values import wire_value
from tasks.launchable import BadArgument

logger = logging.getLogger(__name__)

#: Where a validation's context has what judges a choice; without it (in the worker) none is judged.
JUDGE = "choices"

#: As many choices as a message may name.
_NAMED = 10

Choice = tuple[Any, str]


class ChoicesUnknown(ValueError):
    """There are no choices now. `kind` is the fault's name: "choices_wait", "choices_failed", "choices_told"."""

    def __init__(self, kind: str, **context: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.context = context


@dataclass(frozen=True, eq=False)
class Choices:
    """`Annotated[str, Choices(warehouses)]`: what `warehouses()` returns, values or (value, label) pairs.

    A parameter of the callable that bears the name of one of the task's is given that one's typed value. The callable
    may raise BadArgument to say in its own words why there are no choices. Also for a list: each item is a choice.
    """

    source: Callable[..., Iterable[Any]]

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of the callable's parameters."""
        return tuple(inspect.signature(self.source).parameters)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def judge(value: Any, info: core_schema.ValidationInfo) -> Any:
            judge = (info.context or {}).get(JUDGE)
            if judge is not None and value is not None:
                judge(self, value)
            return value

        return core_schema.with_info_after_validator_function(judge, handler(source))


class Asker:
    """Asks each callable once, for one launch or one page.

    `find` gives the typed value of the task's parameter of that name, or raises LookupError where it is not known yet;
    `titles` are all its parameters.
    """

    def __init__(self, find: Callable[[str], Any], titles: Mapping[str, str]) -> None:
        self._find = find
        self._titles = titles
        self._answers: dict[Choices, list[Choice] | ChoicesUnknown] = {}

    def offered(self, choices: Choices) -> list[Choice]:
        """The values, in JSON's types, with their labels. Raises ChoicesUnknown."""
        if choices not in self._answers:
            try:
                self._answers[choices] = self._ask(choices)
            except ChoicesUnknown as unknown:
                self._answers[choices] = unknown
        answer = self._answers[choices]
        if isinstance(answer, ChoicesUnknown):
            raise answer
        return answer

    def _ask(self, choices: Choices) -> list[Choice]:
        values: dict[str, Any] = {}
        for name in choices.needs:
            if name in self._titles:
                try:
                    values[name] = self._find(name)
                except LookupError:
                    raise ChoicesUnknown("choices_wait", needed=self._titles[name]) from None
        try:
            return [_choice(item) for item in choices.source(**values)]
        except BadArgument as error:
            raise ChoicesUnknown("choices_told", said=str(error)) from error
        except Exception as error:  # an author's code: whatever it raises is told, and logged for the author
            logger.exception("The choices of %r could not be read", choices.source)
            raise ChoicesUnknown("choices_failed") from error

    def judge(self, choices: Choices, value: Any) -> None:
        """Raise PydanticCustomError where `value` is no choice, or it cannot be known."""
        try:
            known = [own for own, _label in self.offered(choices)]
        except ChoicesUnknown as unknown:
            if unknown.kind == "choices_wait":
                return  # what it waits for has a fault of its own
            raise PydanticCustomError(unknown.kind, "{said}", {"said": "", **unknown.context}) from None
        for item in value if isinstance(value, list | tuple | set | frozenset) else [value]:
            wired = wire_value(item)
            if wired not in known:
                told = ", ".join(json.dumps(own, ensure_ascii=False) for own in known)
                kind = "not_offered" if len(known) > _NAMED else "not_a_choice" if known else "no_choices"
                raise PydanticCustomError(kind, "{value}", {"value": str(wired), "expected": told})


def _choice(item: Any) -> Choice:
    value, label = item if isinstance(item, tuple | list) and len(item) == 2 else (item, item)
    value = wire_value(value)
    return value, str(value if label is item else label)
