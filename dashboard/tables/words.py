"""What is wrong with a cell of a table: what stands in it, and how it is to be written.

A spreadsheet writes values in the manner of its own country. Nothing is guessed: `1,500` is one and a half here and
fifteen hundred there.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tasks.catalog import Fault, LaunchableTask

_YES_NO = _("“{text}” is neither yes nor no: write true or false.")
_INTEGER = _("“{text}” is no whole number: write digits alone, like 1500.")
_NUMBER = _("“{text}” is no number: write it with a decimal point and without thousands, like 1500.5.")
_DATE = _("“{text}” is no date: write year, month and day, like 2026-12-31.")
_DATETIME = _("“{text}” is no date and time: write it like 2026-12-31 14:30.")
_TIME = _("“{text}” is no time: write hours and minutes, like 14:30.")
_DURATION = _("“{text}” is no duration: write it like 1h 30m, 90 min or 1:30:00.")

# By pydantic's names of errors.
_WORDS = {
    "bool_parsing": _YES_NO,
    "int_parsing": _INTEGER,
    "int_from_float": _INTEGER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_parsing": _NUMBER,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "datetime_parsing": _DATETIME,
    "datetime_from_date_parsing": _DATETIME,
    "time_parsing": _TIME,
    "time_delta_parsing": _DURATION,
}
_QUOTED = 40  # characters


def of(fault: Fault, task: LaunchableTask, args: Mapping[str, Any], *, is_exact: bool) -> str:
    """The message of a fault in a row that gave `args`; the task's own where the cell is no simple text, or secret."""
    name = str(fault["loc"][0]) if fault["loc"] else ""
    value, parameter = args.get(name), task.by_name.get(name)
    words = _WORDS.get(fault["type"])
    # A union says in which of its branches something was wrong.
    if words is None or is_exact or parameter is None or parameter.mask or not isinstance(value, str | float):
        return fault["msg"]
    text = str(value)
    return str(words).format(text=text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…")
