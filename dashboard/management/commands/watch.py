"""`python manage.py watch ID`: show a job live until it ends."""

from typing import Any

from django.core.management.base import CommandParser

from dashboard.terminal import finding, seeing
from dashboard.terminal.command import TerminalCommand


class Command(TerminalCommand):
    help = "Shows a job live, and ends as it ends: 0 succeeded, 1 failed, 3 cancelled, 4 lost; 130 for Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="the job's id, or its beginning: 6 characters or more")
        parser.add_argument(
            "--json-lines", "--json", action="store_true", help="write the job, each event, and last the whole job"
        )

    def handle(self, *args: Any, id: str, json_lines: bool, **options: Any) -> None:
        seeing.see(self, finding.job(id), watch=True, json_lines=json_lines)
