"""`python manage.py jobs`: the newest jobs, as the API lists them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table
from rich.text import Text

from dashboard import listing
from dashboard.api import schemas
from dashboard.templatetags.taskcast import ran, when
from dashboard.terminal import finding, lines
from dashboard.terminal.command import TerminalCommand, moment
from dashboard.terminal.live import STATE_STYLES
from dashboard.terminal.viewers import write_json
from dashboard.terminal.visible import visible
from tasks.events import STATES, JobDict
from tasks.models import Job

_COLUMNS = ("id", "task", "state", "progress", "owner", "created", "ran")
# No line is broken or cut where no person looks at it.
_WIDE = 10_000
_SHORT = 8  # characters of an id on a terminal, more where two begin alike


class Command(TerminalCommand):
    help = "Lists jobs, newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--state", action="append", default=[], choices=STATES, help="may be given several times")
        parser.add_argument("--task", help="the task's whole name")
        parser.add_argument("--owner", metavar="USERNAME")
        parser.add_argument("-q", metavar="WORDS", help="beginning of an id, or words of a task's name and title")
        parser.add_argument(
            "--since", metavar="TIME", help="created then or later; in the instance's zone, if no other"
        )
        parser.add_argument("--until", metavar="TIME", help="created before that")
        parser.add_argument("--limit", default=50, help=f"at most so many: 50, if not given, up to {listing.MOST}")
        parser.add_argument("--json-lines", "--json", action="store_true", help="write each job as a line of JSON")

    def handle(self, *args: Any, json_lines: bool, **options: Any) -> None:
        told = {name: options[name] for name in ("state", "task", "owner", "q", "limit")}
        times = {name: moment(f"--{name}", options[name]) for name in ("since", "until")}
        if told["owner"]:
            finding.owner(told["owner"])  # of nobody a list would be empty, as if there were no jobs
        filters = schemas.Filters.model_validate({**told, **times})
        found = listing.jobs(Job.objects.all(), filters.listing(), limit=filters.limit).jobs
        if json_lines:
            for job in found:
                write_json(self.out, job)
        else:
            width = None if self.is_on_terminal else _WIDE
            self.console(width).print(_table(found, short=self.is_on_terminal))


def _table(jobs: Sequence[JobDict], *, short: bool) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, no_wrap=name != "task", overflow="fold")
    length = _length(job["id"] for job in jobs) if short else None
    for job in jobs:
        table.add_row(*_cells(job, length))
    return table


def _length(ids: Iterable[str]) -> int:
    """So many characters that no two ids begin alike."""
    known = list(ids)
    return next(n for n in range(_SHORT, 37) if len({one[:n] for one in known}) == len(known))


def _cells(job: JobDict, length: int | None) -> Iterator[Text]:
    yield Text(job["id"][:length])
    yield Text(visible(job["task"]))
    yield Text(job["state"], style=STATE_STYLES.get(job["state"], ""))
    yield Text(lines.amount(job["progress"]) if job["progress"] else "")
    yield Text(visible(job["owner"] or ""))
    yield Text(when(job["created_at"]))
    yield Text(ran(job))
