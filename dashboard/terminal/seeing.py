"""What happens after a launch, and by `watch`: nothing, waiting in silence, or showing the job until it ends."""

import sys
from argparse import ArgumentParser

from django.core.management.base import CommandError
from django.db import DatabaseError

from dashboard import queries
from dashboard.queries import Found
from dashboard.terminal import ends
from dashboard.terminal.command import TerminalCommand
from dashboard.terminal.following import Connection, Gone, follow
from dashboard.terminal.live import LiveBars
from dashboard.terminal.viewers import JsonLines, PlainLines, Silent, Viewer, write_json
from tasks.events import FINAL, JobDict


def add_options(parser: ArgumentParser) -> None:
    """`--watch`, `--wait` and `--json-lines`."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--watch", action="store_true", help="show the job live, and end as it ends")
    how.add_argument(
        "--wait", action="store_true", help="say nothing until the job has ended; print its result as JSON"
    )
    parser.add_argument("--json-lines", action="store_true", help="write JSON, an object on each line")


def launched(command: TerminalCommand, job_id: str, *, watch: bool, wait: bool, json_lines: bool) -> None:
    """Tell of a new job what the options ask for. Raises SystemExit where it was followed to its end."""
    found = queries.find(job_id)
    assert found is not None
    if not (watch or wait):
        if json_lines:
            write_json(command.out, found.job)
        else:
            command.stdout.write(found.id)
        if found.job["reason"]:
            command.stderr.write(found.job["reason"])
        return
    see(command, found, watch=watch, json_lines=json_lines)


def see(command: TerminalCommand, found: Found, *, watch: bool, json_lines: bool) -> None:
    """Follow the job to its end. Raises SystemExit with the code that this end has."""
    viewer = _viewer(command, watch=watch, json_lines=json_lines)
    try:
        with viewer:
            job = _to_its_end(found, viewer)
            viewer.end(job)
    except KeyboardInterrupt:
        command.stderr.write(f"The job goes on. Come back to it: manage.py watch {found.id}")
        sys.exit(ends.INTERRUPTED)
    except Gone:
        raise CommandError(f"The job {found.id} has been deleted.", returncode=ends.UNAVAILABLE) from None
    command.out.flush()
    if code := ends.OF_STATE[job["state"]]:
        sys.exit(code)


def _viewer(command: TerminalCommand, *, watch: bool, json_lines: bool) -> Viewer:
    if json_lines:
        return JsonLines(command.out, command.err, all_of_it=watch)
    if not watch:
        return Silent(command.out, command.err)
    if command.is_on_terminal:
        return LiveBars(command.console())
    return PlainLines(command.out)


def _to_its_end(found: Found, viewer: Viewer) -> JobDict:
    """The job as it has ended."""
    if viewer.shows_log:
        viewer.begin(found.job, queries.tail(found).lines)
    job = found.job
    for item in follow(found):
        viewer.take(item)
        if not isinstance(item, Connection):
            job = item.job
    try:
        last = queries.find(found.id)
    except DatabaseError:
        last = None
    # A row that nobody could bring up to date yet is not how it ended.
    return last.job if last and last.job["state"] in FINAL else job
