"""What must be done before the parts start: checks, database, static files. Each only where something changed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core import checks
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from project.supervisor.console import Console
from project.supervisor.errors import CannotStart


def prepare(console: Console) -> None:
    """Bring database and static files up to date; raises CannotStart with the cause."""
    _check_system()
    # One that was named has to be there; in our own folder it is ours to make.
    Path(settings.TASKCAST_DATA).mkdir(mode=0o700, exist_ok=True)
    _migrate(console)
    _collect_static(console)
    connection.close()


def _check_system() -> None:
    for found in checks.run_checks():
        if found.is_serious() and not found.is_silenced():
            hint = f" {found.hint}" if found.hint else ""
            raise CannotStart(f"{found.msg}{hint}")


def _migrate(console: Console) -> None:
    from dashboard import task_permissions  # models: not before Django is set up

    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            console.say("migrating the database")
            call_command("migrate", interactive=False, verbosity=0)
        else:
            task_permissions.make()  # TASKCAST_APPS may name others than at the last start
    except DatabaseError as error:
        raise CannotStart(
            f"DATABASE_URL: the database does not answer ({' '.join(str(error).split())}): start it, or correct it."
        ) from None


def _collect_static(console: Console) -> None:
    """Collect when a source changed: compressing takes seconds, looking takes milliseconds."""
    stamp = Path(settings.STATIC_ROOT) / ".sources"
    sources = _fingerprint()
    if not stamp.exists() or stamp.read_text() != sources:
        console.say("collecting static files")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(sources)


def _fingerprint() -> str:
    """Changes when a static file is added, removed or written."""
    files = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            files.append((storage.path(name), status.st_mtime_ns, status.st_size))
    return hashlib.sha256(json.dumps([settings.STORAGES["staticfiles"], sorted(files)]).encode()).hexdigest()
