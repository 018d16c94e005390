"""`python manage.py launch TASK name=value …`: start a job, and if asked follow it to its end."""

from typing import Any

from django.core.management.base import CommandParser

from dashboard.api import schemas
from dashboard.terminal import finding, seeing
from dashboard.terminal.arguments import Given, brought, missing_secrets, read
from dashboard.terminal.asking import arguments_from, ask, can_ask, confirm
from dashboard.terminal.command import TerminalCommand, moment
from tasks.catalog import LaunchableTask
from tasks.launching import PRIORITIES, launch


class Command(TerminalCommand):
    help = (
        "Launches a task and prints the job's id. Ends with 0; with --watch or --wait as the job does: 0 succeeded, "
        "1 failed, 3 cancelled, 4 lost. 2: something about the command is wrong; 69: Redis or the database is away; "
        "130: Ctrl-C, and the job goes on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("task", help="the task's whole name")
        parser.add_argument(
            "values",
            nargs="*",
            metavar="name=value",
            help="an argument, read as its field in the launch form is; one that is a list may be given several times. "
            "name:=JSON is exact, name=@path a file, name=- asks for a secret",
        )
        parser.add_argument("--json", metavar="FILE", help="arguments as a JSON object; - is standard input")
        when = parser.add_mutually_exclusive_group()
        when.add_argument("--eta", metavar="TIME", help="not before this time; without offset, in the instance's zone")
        when.add_argument("--countdown", metavar="SECONDS", help="not before so many seconds from now")
        parser.add_argument("--queue")
        parser.add_argument(
            "--priority", choices=[*PRIORITIES], default="normal", help="what is taken from a queue first"
        )
        parser.add_argument(
            "--user",
            metavar="USERNAME",
            help="whose the job is, and its files; default: nobody's. "
            "What that user may is not asked: this shell may do all",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask, where the task asks to be confirmed")
        seeing.add_options(parser)

    def handle(self, *args: Any, task: str, values: list[str], **options: Any) -> None:
        spec = finding.task(task)
        told = {"eta": moment("--eta", options["eta"]), "countdown": options["countdown"], "queue": options["queue"]}
        order = schemas.Launch.model_validate({"task": spec.name, **told})
        owner = finding.user(options["user"])
        given = read(spec, values, ask, beside=arguments_from(options["json"]) if options["json"] else None, user=owner)
        _complete(spec, given, owner)
        confirm(spec, is_sure=options["yes"], err=self.err)
        with brought(given.files, owner):
            job = launch(
                spec.name,
                given.args,
                user=owner,
                eta=order.eta,
                countdown=order.countdown,
                queue=order.queue,
                priority=options["priority"],
                json_types=given.is_exact,
            )
        seeing.launched(self, str(job.pk), **{name: options[name] for name in ("watch", "wait", "json_lines")})


def _complete(spec: LaunchableTask, given: Given, owner: Any) -> None:
    """Ask for the secrets that are missing; and before large files are copied, or a yes is asked for, see whether the
    rest is right."""
    if can_ask():
        given.args |= {parameter.name: ask(parameter) for parameter in missing_secrets(spec, given.args)}
    if given.files or spec.confirmation:
        spec.validate(given.args, user=owner, coming=given.coming, check=False, json_types=given.is_exact)
