"""What every field of a form is told of its parameter."""

from collections.abc import Callable
from typing import Any

from dashboard.forms.fields import OMITTED
from dashboard.forms.kinds import Kind
from tasks.catalog_signature import NOTHING, Parameter


def options_for(parameter: Parameter, kind: Kind, show: Callable[[Any], Any]) -> dict[str, Any]:
    """What every field is told: whether it is required, what it holds at first, what an empty one means."""
    default = parameter.default_for_wire()
    return {
        "show": show,
        "nullable": kind.nullable,
        "required": parameter.required and not kind.nullable,
        "initial": None if default is NOTHING or default is None else show(default),
        "empty": None if kind.nullable and (parameter.required or parameter.default is not None) else OMITTED,
    }
