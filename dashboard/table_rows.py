"""A table of texts as the arguments of many jobs: all of them are launched, or everything that is wrong is said.

The first row has the parameters' names. `name` is read as the launch form reads what is typed, `name:` is exact JSON,
as on the command line. An empty cell is no value: the task's own default holds.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from dashboard import table_text
from dashboard.forms_fields import OMITTED, read_json
from dashboard.forms_parts import in_words
from dashboard.table_text import Table
from dashboard.typed_texts import TextReader
from tasks.batch import MOST, BadRows, launch_batch, validated
from tasks.catalog import Fault, LaunchableTask
from tasks.models import Job


class BadCell(NamedTuple):
    """What is wrong in a row, by its number in the spreadsheet; `column` may be one that the table lacks."""

    row: int
    column: str
    message: str


class BadTable(ValueError):
    """Nothing was launched. `problems` are about the table as a whole; without them there are `cells`, row by row."""

    def __init__(self, problems: list[str], cells: list[BadCell] | None = None) -> None:
        super().__init__(f"{len(problems or cells or [])} faults")
        self.problems = problems
        self.cells = cells or []


@dataclass(frozen=True)
class Given:
    """The arguments of a table's rows, whose `numbers` are the spreadsheet's; `misread` has what could not be read of
    some, by index. `is_exact`: all of it was JSON, where a number has to be one and no text."""

    rows: list[dict[str, Any]]
    numbers: list[int]
    misread: dict[int, list[Fault]]
    is_exact: bool


def launch_table(task: LaunchableTask, text: str, *, user: Any, job_id: UUID) -> Job:
    """Launch a job of `task` for each row of the table, as `user`; returns their batch, whose id is `job_id`.

    Raises BadTable, IntegrityError where there is such a job.
    """
    given = read(task, text)
    wrong: Mapping[int, list[Fault]] = {}
    try:
        if not given.misread:
            return launch_batch(
                task.name,
                given.rows,
                user=user,
                numbers=given.numbers,
                job_id=job_id,
                json_types=given.is_exact,
            )
        validated(task, given.rows, user=user, json_types=given.is_exact)
    except BadRows as error:
        wrong = error.errors
    raise BadTable([], list(_bad_cells(given, wrong)))


def check(task: LaunchableTask, text: str, *, user: Any) -> int:
    """How many jobs the table would be. Raises BadTable as `launch_table` would."""
    given = read(task, text)
    wrong: Mapping[int, list[Fault]] = {}
    try:
        validated(task, given.rows, user=user, json_types=given.is_exact)
    except BadRows as error:
        wrong = error.errors
    if given.misread or wrong:
        raise BadTable([], list(_bad_cells(given, wrong)))
    return len(given.rows)


@dataclass(frozen=True)
class _Column:
    name: str
    place: int
    is_exact: bool
    read: Callable[[str], Any]


def read(task: LaunchableTask, text: str) -> Given:
    """What the table gives. Raises BadTable for what is wrong with it as a whole."""
    try:
        table = table_text.read(text, task.by_name)
    except ValidationError as error:
        raise BadTable(error.messages) from None
    columns = _columns(task, table)
    given = Given([], list(table.rows), {}, all(column.is_exact for column in columns))
    for index, cells in enumerate(table.rows.values()):
        args, faults = _arguments(columns, cells, len(table.names))
        given.rows.append(args)
        if faults:
            given.misread[index] = faults
    return given


def _columns(task: LaunchableTask, table: Table) -> list[_Column]:
    """Those with a name. Raises BadTable with all that is wrong about the table as a whole."""
    columns: list[_Column] = []
    problems: list[str] = []
    for place, header in enumerate(table.names):
        name = header.removesuffix(":")
        if name in task.by_name:
            if name in [column.name for column in columns]:
                problems.append(_("There are two columns “{name}”.").format(name=name))
            columns.append(_column(task, header, place))
        elif name:
            problems.append(_("Column “{name}”: the task has no such parameter.").format(name=header))
        elif any(cell.strip() for cells in table.rows.values() for cell in cells[place : place + 1]):
            problems.append(_("Column {number} has no name.").format(number=place + 1))
    given = {column.name for column in columns}
    problems += [
        _("There is no column “{name}”, which the task needs.").format(name=parameter.name)
        for parameter in task.parameters
        if parameter.required and parameter.name not in given
    ]
    if not table.rows:
        problems.append(_("There are no rows below the names."))
    if len(table.rows) > MOST:
        words = _("There are {n} rows; one batch takes {most}: launch them in parts.")
        problems.append(words.format(n=f"{len(table.rows):,}", most=f"{MOST:,}"))
    if problems:
        raise BadTable(list(dict.fromkeys(problems)))
    return columns


def _column(task: LaunchableTask, header: str, place: int) -> _Column:
    name = header.removesuffix(":")
    parameter = task.by_name[name]
    if header != name:
        return _Column(name, place, True, lambda cell: read_json(cell) if cell else OMITTED)
    reader = TextReader(parameter)
    return _Column(name, place, False, lambda cell: reader.read([cell]) if cell or parameter.required else OMITTED)


def _arguments(columns: list[_Column], cells: list[str], width: int) -> tuple[dict[str, Any], list[Fault]]:
    """A row's arguments, without those that could not be read, and what is wrong with these."""
    args: dict[str, Any] = {}
    faults: list[Fault] = []
    for column in columns:
        try:
            value = column.read(cells[column.place] if column.place < len(cells) else "")
        except ValidationError as error:
            faults.append({"loc": [column.name], "msg": " ".join(error.messages), "type": "table"})
            continue
        if value is not OMITTED:
            args[column.name] = value
    if any(map(str.strip, cells[width:])):
        faults.append({"loc": [], "msg": _("The row has more cells than there are names."), "type": "table"})
    return args, faults


def _bad_cells(given: Given, wrong: Mapping[int, list[Fault]]) -> Iterator[BadCell]:
    for index in sorted({*given.misread, *wrong}):
        told = given.misread.get(index, [])
        unread = {fault["loc"][0] for fault in told if fault["loc"]}
        # What could not be read is missing too, of which nothing need be said.
        for fault in [*told, *(one for one in wrong.get(index, ()) if not unread.intersection(one["loc"][:1]))]:
            column, place = (str(fault["loc"][0]), in_words(fault["loc"][1:])) if fault["loc"] else ("", "")
            yield BadCell(given.numbers[index], column, f"{place}: {fault['msg']}" if place else fault["msg"])
