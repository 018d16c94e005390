"""A table of texts as the arguments of many jobs: all of them are launched, or everything that is wrong is said.

The first row has the parameters' names, in whatever case and with whatever spaces. `name` is read as the launch form
reads what is typed, `name:` is exact JSON, as on the command line. An empty cell is no value: the task's own default
holds.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from dashboard.forms.fields import OMITTED, read_json
from dashboard.forms.parts import in_words
from dashboard.forms.typed_texts import TextReader
from dashboard.tables import text as table_text
from dashboard.tables import words as table_words
from dashboard.tables.text import Table, folded
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
    launch = partial(launch_batch, task.name, numbers=given.numbers, job_id=job_id)
    # What could not be read is told together with what is wrong with the rest, and then nothing is launched.
    job: Job = _judged(task, given, partial(validated, task) if given.misread else launch, user)
    return job


def check(task: LaunchableTask, text: str, *, user: Any) -> int:
    """How many jobs the table would be. Raises BadTable as `launch_table` would."""
    given = read(task, text)
    _judged(task, given, partial(validated, task), user)
    return len(given.rows)


def _judged(task: LaunchableTask, given: Given, judge: Callable[..., Any], user: Any) -> Any:
    """What `judge` makes of the rows. Raises BadTable with all that is wrong with them."""
    wrong: Mapping[int, list[Fault]] = {}
    found = None
    try:
        found = judge(given.rows, user=user, json_types=given.is_exact)
    except BadRows as error:
        wrong = error.errors
    if given.misread or wrong:
        raise BadTable([], list(_bad_cells(task, given, wrong)))
    return found


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
        said = header.removesuffix(":")
        name = _meant(said, task, table)
        if name:
            if name in [column.name for column in columns]:
                problems.append(_("There are two columns “{name}”.").format(name=name))
            columns.append(_column(task, name, place, is_exact=header != said))
        elif said:
            problems.append(_unknown(header, said, task))
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


def _meant(said: str, task: LaunchableTask, table: Table) -> str | None:
    """The parameter that a header names: by its name, or by one that differs in no more than `folded` leaves out."""
    if said in task.by_name:
        return said
    like = [name for name in task.by_name if folded(name) == folded(said)]
    headers = {header.removesuffix(":") for header in table.names}
    # Beside a column of the very name it is another one, and of two names that are alike neither is meant for sure.
    return like[0] if len(like) == 1 and like[0] not in headers else None


def _unknown(header: str, said: str, task: LaunchableTask) -> str:
    close = get_close_matches(folded(said), [folded(name) for name in task.by_name], n=1)
    if not close:
        return _("Column “{name}”: the task has no such parameter.").format(name=header)
    meant = next(name for name in task.by_name if folded(name) == close[0])
    words = _("Column “{name}”: the task has no such parameter. Did you mean “{meant}”?")
    return words.format(name=header, meant=meant)


def _column(task: LaunchableTask, name: str, place: int, *, is_exact: bool) -> _Column:
    parameter = task.by_name[name]
    if is_exact:
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


def _bad_cells(task: LaunchableTask, given: Given, wrong: Mapping[int, list[Fault]]) -> Iterator[BadCell]:
    for index in sorted({*given.misread, *wrong}):
        told = given.misread.get(index, [])
        unread = {fault["loc"][0] for fault in told if fault["loc"]}
        # What could not be read is missing too, of which nothing need be said.
        for fault in [*told, *(one for one in wrong.get(index, ()) if not unread.intersection(one["loc"][:1]))]:
            column, place = (str(fault["loc"][0]), in_words(fault["loc"][1:])) if fault["loc"] else ("", "")
            message = table_words.of(fault, task, given.rows[index], is_exact=given.is_exact)
            yield BadCell(given.numbers[index], column, f"{place}: {message}" if place else message)
