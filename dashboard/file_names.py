"""What files that stand in arguments by their upload's id are called: people know `data.csv`, not a UUID."""

from collections.abc import Iterable, Mapping
from typing import Any

from tasks.events import JobDict
from tasks.models import Upload
from tasks.uploaded import ids_in

_MOST = 500  # of one page


def of(jobs: Iterable[JobDict]) -> dict[str, str]:
    """The names of the files in these jobs' arguments, by id: only those that the job's own owner has brought."""
    owners: dict[str, set[str | None]] = {}
    for job in jobs:
        for number in ids_in(job["args"]):
            owners.setdefault(number, set()).add(job["owner"])
    if not owners:
        return {}
    files = Upload.objects.filter(pk__in=list(owners)[:_MOST]).select_related("owner")
    return {str(file.pk): file.name for file in files if file.owner.get_username() in owners[str(file.pk)]}


def named(args: Mapping[str, Any] | None, names: Mapping[str, str]) -> dict[str, Any]:
    """Arguments for people to read: files by their names."""

    def shown(value: Any) -> Any:
        if isinstance(value, list):
            return [shown(item) for item in value]
        return names.get(value, value) if isinstance(value, str) else value

    return {name: shown(value) for name, value in (args or {}).items()}
