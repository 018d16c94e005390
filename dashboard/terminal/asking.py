"""What comes from standard input: secrets, without echo, a yes, and arguments as JSON."""

import getpass
import sys
from pathlib import Path
from typing import Any, TextIO

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from dashboard.forms.fields import read_json
from dashboard.terminal import ends
from dashboard.terminal.visible import visible, visible_lines
from tasks.catalog import BadArguments, LaunchableTask
from tasks.catalog_errors import fault
from tasks.catalog_signature import Parameter


def can_ask() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()


def ask(parameter: Parameter) -> str:
    """The secret that somebody types, which is not shown; from a pipe, its next line."""
    if can_ask():
        return getpass.getpass(f"{visible(str(parameter.title))} ({parameter.name}, is not shown): ")
    return sys.stdin.readline().rstrip("\r\n")


def confirm(task: LaunchableTask, *, is_sure: bool, err: TextIO) -> None:
    """Ask whether to launch a task that asks to be confirmed, unless `--yes` said so. Raises CommandError for a no, and
    where nobody can be asked."""
    if not task.confirmation or is_sure:
        return
    if not can_ask():
        words = f"{task.name} asks to be confirmed: {visible(task.confirmation)} Say --yes to launch it."
        raise CommandError(words, returncode=ends.BAD_USAGE)
    # Not on standard output: that is for the job's id.
    err.write(f"{visible_lines(task.confirmation)}\nLaunch it? [y/N] ")
    err.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CommandError("Nothing was launched.", returncode=ends.CANCELLED)


def arguments_from(name: str) -> dict[str, Any]:
    """The JSON object in the file of this name, in standard input where it is `-`. Raises BadArguments."""
    try:
        found = read_json(sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadArguments([_fault(f"{name} cannot be read: {error.strerror}.")]) from None
    except UnicodeDecodeError:
        raise BadArguments([_fault(f"{name} is not text in UTF-8.")]) from None
    except ValidationError as error:
        raise BadArguments([_fault(" ".join(error.messages))]) from None
    if not isinstance(found, dict):
        raise BadArguments([fault(["--json"], "arguments_type")])
    return found


def _fault(msg: str) -> Any:
    return {"loc": ["--json"], "msg": msg, "type": "command_line"}
