"""What a docstring says: of a task, and of its parameters where it is written in one of the usual styles."""

import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

from docstring_parser import ParseError, parse

_LONGEST_TITLE = 80


class Docstring(NamedTuple):
    """`title` and `description` of the task, and the words on its parameters by their names; all may be empty."""

    title: str
    description: str
    parameters: Mapping[str, str]


def read(documented: Any) -> Docstring:
    """A short first line that stands alone is the title, what follows the description; parameters as Google's, NumPy's
    or Sphinx' style has them. Where none is told of, the text stays as it is, sections and all."""
    text = inspect.cleandoc(getattr(documented, "__doc__", None) or "")
    told: dict[str, str] = {}
    try:
        parsed = parse(text)
    except ParseError:  # it looked like one of the styles, and is not
        parsed = None
    if parsed and parsed.params:
        text = parsed.description or ""
        told = {param.arg_name.lstrip("*"): (param.description or "").strip() for param in parsed.params}
    first, _, rest = text.partition("\n")
    if len(first) > _LONGEST_TITLE or (rest and not rest.startswith("\n")):
        return Docstring("", text, told)
    return Docstring(first.rstrip(". "), rest.strip(), told)
