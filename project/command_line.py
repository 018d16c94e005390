"""`manage.py`, for people who typed it without the variables of the instance that they mean."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from django.conf import settings
from django.core.management import execute_from_command_line
from django.db import DatabaseError, connection

ADVICE = "set TASKCAST_HOME, REDIS_URL and DATABASE_URL as they were set for it"


def run(argv: Sequence[str]) -> None:
    """Run Django's command; where nothing was ever started, one line ends the process instead of a traceback."""
    if list(argv[1:2]) == ["shell"]:
        _warn_where_nothing_runs()
    try:
        execute_from_command_line(list(argv))
    except DatabaseError:
        if line := _why_nothing_works():
            print(line, file=sys.stderr)
            sys.exit(os.EX_UNAVAILABLE)
        raise


def _warn_where_nothing_runs() -> None:
    from project.supervisor import ready

    if not ready.redis_answers(settings.TASKCAST_REDIS_URL):
        print(
            f"warning: no instance of Taskcast runs at {settings.TASKCAST_HOME}, jobs cannot be sent: "
            f"start one (make up), or {ADVICE}.",
            file=sys.stderr,
        )


def _why_nothing_works() -> str | None:
    """Why no command that needs the database can work; None where the error was the command's own."""
    try:
        tables = connection.introspection.table_names()
    except DatabaseError as error:
        return f"DATABASE_URL: the database does not answer ({' '.join(str(error).split())})."
    if "django_migrations" in tables and "auth_user" in tables:
        return None
    return f"No instance of Taskcast was ever started at {settings.TASKCAST_HOME}: start one (make up), or {ADVICE}."
