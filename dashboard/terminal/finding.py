"""Jobs, tasks and users by what somebody typed."""

import difflib
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from dashboard import listing, queries
from dashboard.terminal import ends
from dashboard.terminal.visible import visible
from tasks import catalog
from tasks.models import Job

_SHORTEST = 6  # characters of an id
_NAMED = 5  # of the jobs that a beginning fits


def job(text: str) -> queries.Found:
    """The job with this id, or with an id that begins so, where that is one. Raises CommandError."""
    found = queries.find(text)
    if found is not None:
        return found
    between = listing.id_range(text)
    if between is None:
        raise _bad(f"{visible(text)!r} is no id of a job.")
    if len(text.strip().replace("-", "")) < _SHORTEST:
        raise _bad(f"{text}: give at least {_SHORTEST} characters of the job's id.")
    rows = Job.objects.filter(id__range=between).order_by("-created_at").values_list("pk", "task")
    fitting = list(rows[: _NAMED + 1])
    if not fitting:
        raise _bad(f"There is no job {text}.")
    if len(fitting) > 1:
        named = [f"  {pk}  {visible(task)}" for pk, task in fitting[:_NAMED]]
        more = ["  …"] if len(fitting) > _NAMED else []
        raise _bad("\n".join([f"{text} is the beginning of several ids:", *named, *more]))
    found = queries.find(fitting[0][0])
    if found is None:
        raise _bad(f"There is no job {text} any more.")
    return found


def task(name: str) -> catalog.LaunchableTask:
    """The task of this name. Raises CommandError, with the names that come near it."""
    try:
        return catalog.get(name)
    except catalog.UnknownTask:
        near = _near(name)
        advice = f" Did you mean {' or '.join(near)}?" if near else ""
        raise _bad(f"There is no launchable task {visible(name)!r}.{advice}") from None


def _near(name: str) -> list[str]:
    known = [task.name for task in catalog.launchables()]
    last: dict[str, list[str]] = {}
    for one in known:
        last.setdefault(one.rpartition(".")[2], []).append(one)
    words = difflib.get_close_matches(name.rpartition(".")[2], last, 3, 0.7)
    found = [one for word in words for one in last[word]]
    # By the whole name siblings come near each other, whatever their own names are.
    return found[:3] or difflib.get_close_matches(name, known, 1, 0.8)


def user(name: str | None) -> Any:
    """The user of this name, None for None. Raises CommandError."""
    if name is None:
        return None
    found = owner(name)
    if not found.is_active:
        raise _bad(f"The account {visible(name)!r} is switched off.")
    return found


def owner(name: str) -> Any:
    """The user of this name, who need not have an account that is on. Raises CommandError."""
    model = get_user_model()
    found = model._default_manager.filter(**{model.USERNAME_FIELD: name}).first()
    if found is None:
        raise _bad(f"There is no user {visible(name)!r}.")
    return found


def _bad(text: str) -> CommandError:
    return CommandError(text, returncode=ends.BAD_USAGE)
