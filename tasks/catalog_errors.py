"""What is wrong with a launch, in words for the person or program that launches."""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any, TypedDict

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MASK = "********"


class Fault(TypedDict):
    """One thing that is wrong: where (parameter first), in words, and pydantic's or our name for it."""

    loc: list[str | int]
    msg: str
    type: str


class UnknownTask(LookupError):
    """No launchable task has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no launchable task {name!r}")
        self.name = name


class BadArguments(ValueError):
    """The arguments do not fit the task; `errors` says which and why."""

    def __init__(self, errors: list[Fault]) -> None:
        super().__init__(in_words(errors))
        self.errors = errors


def in_words(faults: Iterable[Fault]) -> str:
    """Faults in a line: the place of each, and what is wrong there."""
    return "; ".join(f"{_place(fault['loc'])}: {fault['msg']}" for fault in faults)


def _place(loc: Iterable[str | int]) -> str:
    return ".".join(map(str, loc)) or "arguments"


def fault(loc: list[str | int], kind: str, msg: str = "", **context: Any) -> Fault:
    """A fault in the reader's language, where we have our own words for `kind`, else with `msg`."""
    words = _WORDS.get(kind)
    text = msg if words is None else _filled(words, context, msg)
    return {"loc": loc, "msg": text, "type": kind}


def text_for_number(loc: list[str | int], kind: str) -> Fault:
    """The fault `kind` where JSON has a text that reads as a number."""
    return {"loc": loc, "msg": str(_NO_QUOTES), "type": kind}


def faults_of(name: str, details: Iterable[Mapping[str, Any]], secret: bool) -> list[Fault]:
    """Pydantic's `ErrorDetails` of the parameter `name` as faults, none twice."""
    found: list[Fault] = []
    for detail in details:
        context = dict(detail.get("ctx") or {})
        msg = detail["msg"]
        if detail["type"] in ("value_error", "assertion_error"):
            msg = msg.partition(", ")[2] or msg
        if secret and isinstance(detail.get("input"), str) and detail["input"]:
            msg = msg.replace(detail["input"], MASK)
        one = fault([name, *_steps(detail["loc"])], detail["type"], msg, **context)
        if one not in found:
            found.append(one)
    by_place = groupby(found, lambda one: one["loc"][:-1])
    return [one for place, same in by_place for one in _as_one(place, list(same))]


def _as_one(place: list[str | int], found: list[Fault]) -> list[Fault]:
    """Of `int | float`: what is no number is told once, not once for each kind of number."""
    if len(found) < 2 or not all(f["loc"][-1] in _NUMBERS for f in found):
        return found
    if any(f["type"] in _NO_NUMBER for f in found):
        return [fault(place, "float_type")]
    # The bounds hold for each of them.
    return [{**found[0], "loc": place}] if len({f["msg"] for f in found}) == 1 else found


_NUMBERS = ("int", "float", "decimal")
_NO_NUMBER = ("float_parsing", "float_type", "decimal_parsing", "decimal_type")
_OUR_CHECK = re.compile(r"function-before\[_no_bool\(\), (\w+)\]")


def _steps(loc: Iterable[str | int]) -> list[str | int]:
    # Our check against booleans shows up in the name of a union's branch: `function-before[_no_bool(), int]`.
    return [_OUR_CHECK.sub(r"\1", step) if isinstance(step, str) else step for step in loc]


def _filled(words: Any, context: dict[str, Any], msg: str) -> str:
    try:
        template = words(context) if callable(words) and not isinstance(words, Promise) else words
        return str(template).format(**{name: _number(value) for name, value in context.items()})
    except (KeyError, IndexError, ValueError):
        return msg


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _by(limit: str, text: Any, items: Any) -> Callable[[Mapping[str, Any]], Any]:
    """Number-dependent words: one item reads otherwise than several."""

    def chosen(context: Mapping[str, Any]) -> Any:
        return text if context[limit] == 1 else items

    return chosen


_INTEGER = _("Enter a whole number.")
_NUMBER = _("Enter a number.")
_NO_QUOTES = _("Enter a number, not text: leave out the quotes.")
_YES_NO = _("Choose yes or no.")
_TEXT = _("Enter text.")
_DATE = _("Enter a date, like 2026-05-31.")
_DATETIME = _("Enter a date and a time, like 2026-05-31T14:30.")
_TIME = _("Enter a time, like 14:30.")
_DURATION = _("Enter a duration, like 1:30:00 or P1DT2H.")
_CHOICE = _("Choose one of these: {expected}.")
_LIST = _("Enter a list.")
_OBJECT = _("Enter a JSON object.")
_UUID = _("Enter a UUID.")
_URL = _("Enter a web address.")

# Pydantic's names of errors, and our own; the braces are filled from its `ctx`.
_WORDS: dict[str, Any] = {
    "missing": _("This is required."),
    "unknown_argument": _("The task has no such parameter."),
    "arguments_type": _("Arguments are a JSON object: a value for each parameter."),
    "not_json": _("This is not a value that JSON has."),
    "secret_not_kept": _("This is secret and was not kept: give it again."),
    "long_not_kept": _("This was too long to be kept: give it again."),
    "too_deep": _("This is nested too deeply."),
    "bad_character": _("This contains a character that cannot be stored: NUL, or half of a surrogate pair."),
    "taken_argument": _("This is a parameter of its own."),
    "needed_before": _("Needs a value, because {later} has one and comes after it."),
    "int_parsing": _INTEGER,
    "int_type": _INTEGER,
    "int_from_float": _INTEGER,
    "int_parsing_size": _("This number is too long."),
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "finite_number": _("Enter a finite number."),
    "greater_than": _("Must be more than {gt}."),
    "greater_than_equal": _("Must be at least {ge}."),
    "less_than": _("Must be less than {lt}."),
    "less_than_equal": _("Must be at most {le}."),
    "multiple_of": _("Must be a multiple of {multiple_of}."),
    "decimal_max_digits": _("At most {max_digits} digits."),
    "decimal_max_places": _("At most {decimal_places} digits after the point."),
    "bool_parsing": _YES_NO,
    "bool_type": _YES_NO,
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "string_too_short": _by(
        "min_length", _("At least {min_length} character."), _("At least {min_length} characters.")
    ),
    "string_too_long": _by("max_length", _("At most {max_length} character."), _("At most {max_length} characters.")),
    "string_pattern_mismatch": _("Must match the pattern {pattern}"),
    "literal_error": _CHOICE,
    "enum": _CHOICE,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_past": _("Must be in the past."),
    "date_future": _("Must be in the future."),
    "datetime_type": _DATETIME,
    "datetime_parsing": _DATETIME,
    "datetime_from_date_parsing": _DATETIME,
    "datetime_past": _("Must be in the past."),
    "datetime_future": _("Must be in the future."),
    "timezone_aware": _("Needs a time zone, like +09:00 or Z."),
    "timezone_naive": _("Must be without a time zone."),
    "time_type": _TIME,
    "time_parsing": _TIME,
    "time_delta_type": _DURATION,
    "time_delta_parsing": _DURATION,
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "url_type": _URL,
    "url_parsing": _URL,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "too_short": _by("min_length", _("At least {min_length} item."), _("At least {min_length} items.")),
    "too_long": _by("max_length", _("At most {max_length} item."), _("At most {max_length} items.")),
    "extra_forbidden": _("There is no such field."),
    "not_a_choice": _CHOICE,
    "not_offered": _("“{value}” is none of the choices."),
    "no_choices": _("There is nothing to choose from."),
    "choices_wait": _("Needs “{needed}” first."),
    "choices_failed": _("The choices could not be read. Try again later, or tell whoever wrote this task."),
    "upload_id": _("A file is named by the id of its upload."),
    "upload_unknown": _("There is no such upload, or it is not complete."),
    "file_empty": _("The file is empty."),
    "file_over_rule": _("The file is larger than {limit}, the most that is taken here."),
    "file_type": _("This takes {types}; the file is {what}."),
    "file_too_large": _("The file is larger than {limit}, which is as much as this form takes."),
}
