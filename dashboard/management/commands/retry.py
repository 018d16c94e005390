"""`python manage.py retry ID name=value …`: launch a job that has ended once more."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from dashboard.terminal import ends, finding, seeing
from dashboard.terminal.arguments import brought, is_secret, read
from dashboard.terminal.asking import ask, can_ask, confirm
from dashboard.terminal.command import TerminalCommand
from tasks import again


class Command(TerminalCommand):
    help = (
        "Launches a job that has ended once more, with the arguments that are named here in the place of the old ones, "
        "and prints the new job's id. It ends as launch does."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="the job's id, or its beginning: 6 characters or more")
        parser.add_argument("values", nargs="*", metavar="name=value", help="what is to be other, as for launch")
        parser.add_argument("--user", metavar="USERNAME", help="whose the new job is; default: nobody's")
        parser.add_argument("--yes", action="store_true", help="do not ask, where the task asks to be confirmed")
        seeing.add_options(parser)

    def handle(self, *args: Any, id: str, values: list[str], user: str | None, yes: bool, **options: Any) -> None:
        found = finding.job(id)
        spec, owner = finding.task(found.job["task"]), finding.user(user)
        given = read(spec, values, ask, user=owner)
        if can_ask():  # secrets are not kept
            kept = [p for p in spec.parameters if p.name in found.job["args"] and p.name not in given.args]
            given.args |= {parameter.name: ask(parameter) for parameter in kept if is_secret(parameter)}
        confirm(spec, is_sure=yes, err=self.err)
        try:
            with brought(given.files, owner):
                job = again.retry(found.job, user=owner, args=given.args)
        except again.NotRetryable as error:
            raise CommandError(f"{found.id}: {error}", returncode=ends.BAD_USAGE) from None
        seeing.launched(self, str(job.pk), **{name: options[name] for name in ("watch", "wait", "json_lines")})
