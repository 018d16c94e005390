"""What the commands have in common: how they read their options, and what a user is told instead of a traceback."""

import logging
import os
import pwd
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TextIO, cast

from django.core.exceptions import ValidationError as BadText
from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic import ValidationError
from rich.console import Console

from dashboard.forms.times import read_datetime
from dashboard.terminal import ends
from dashboard.terminal.visible import visible
from tasks import audit
from tasks.catalog import BadArguments
from tasks.eventlog import LogUnavailable


class TerminalCommand(BaseCommand):
    """A command for people and scripts. Raises SystemExit with one of `ends`."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Options may stand between the values."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command."""
        self._no_color = bool(options.get("no_color"))
        before = logging.root.manager.disable
        # What a process writes into its log while Redis is away is no answer to somebody at a terminal.
        logging.disable(logging.WARNING)
        try:
            with audit.through(f"manage.py, {_system_user()}"):
                done = super().execute(*args, **options)
            self.out.flush()
            return done
        except BadArguments as error:
            raise refusal(error.errors) from None
        except ValidationError as error:
            raise refusal(_faults(error)) from None
        except LogUnavailable as error:
            raise CommandError(f"{error}. Try again.", returncode=ends.UNAVAILABLE) from None
        except KeyboardInterrupt:
            self.stderr.write("Interrupted.")
            sys.exit(ends.INTERRUPTED)
        except BrokenPipeError:
            # At its end Python would write what is left, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(ends.UNREAD)
        finally:
            logging.disable(before)

    @property
    def out(self) -> TextIO:
        """Standard output, or what stands for it, as it is: Django's wrapper ends everything with a new line."""
        return cast(TextIO, self.stdout._out)

    @property
    def err(self) -> TextIO:
        """Standard error, as it is."""
        return cast(TextIO, self.stderr._out)

    def console(self, width: int | None = None) -> Console:
        """Standard output as a console that takes no text for markup, and adds no colours of its own."""
        no_color = self._no_color or None  # None: as the terminal and NO_COLOR have it
        return Console(file=self.out, width=width, markup=False, emoji=False, highlight=False, no_color=no_color)

    @property
    def is_on_terminal(self) -> bool:
        """Whether a person looks at the output."""
        return bool(self.out.isatty())


def refusal(faults: Iterable[Mapping[str, Any]]) -> CommandError:
    """One line for each fault, with the name of what is wrong."""
    lines = [f"  {visible('.'.join(map(str, fault['loc'])) or 'arguments')}: {fault['msg']}" for fault in faults]
    return CommandError("\n".join(["Nothing was done:", *lines]), returncode=ends.BAD_USAGE)


def moment(option: str, text: str | None) -> str | None:
    """A time that was typed, with its offset. Raises CommandError for one that the zone does not have, or has twice."""
    try:
        return text and read_datetime(datetime)(text)
    except BadText as error:
        raise refusal([{"loc": [option], "msg": " ".join(error.messages)}]) from None


def _faults(error: ValidationError) -> list[dict[str, Any]]:
    return [{"loc": [f"--{fault['loc'][0]}"], "msg": fault["msg"]} for fault in error.errors()]


def _system_user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's number without a name
        return str(os.getuid())
