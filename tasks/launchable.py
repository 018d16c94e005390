"""What a task's author may tell the launcher: words, a permission, a check of the arguments."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from celery.local import Proxy
from django.utils.functional import Promise
from pydantic import Field

T = TypeVar("T")

#: Text of several lines: the form shows a larger box.
LongText = Annotated[str, Field(json_schema_extra={"format": "textarea"})]

_ATTRIBUTE = "__taskcast_launchable__"
# `@shared_task` hands out a proxy, and to look through it would register tasks while modules are still being
# imported: such a proxy waits here until somebody asks.
_waiting: list[tuple[Proxy, "Launchable"]] = []


class BadArgument(ValueError):
    """An argument that fits its type but not the task: `field` names the parameter."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message)  # both, since Celery makes the exception anew from its args
        self.field = field
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class Launchable:
    """The words of a `launchable(...)`; everything has a default."""

    title: str | Promise = ""
    description: str | Promise = ""
    permission: str = ""
    hidden: bool = False
    check: Callable[..., None] | None = None
    confirm: str | Promise | bool = False


def launchable(
    *,
    title: str | Promise = "",
    description: str | Promise = "",
    permission: str = "",
    hidden: bool = False,
    check: Callable[..., None] | None = None,
    confirm: str | Promise | bool = False,
) -> Callable[[T], T]:
    """Describe a task to those who launch it; stands above or below `@shared_task` and changes nothing else.

    `permission` ("app.codename") is needed besides `tasks.launch_job`. A `hidden` task is in no list but can
    be launched by those who know its name. Raises TypeError for a permission that is not of that form.

    `title`, `description` and `confirm` may be `gettext_lazy` texts.

    `check` is called before a job exists, with those typed arguments for which it has a parameter, and raises
    BadArgument.

    `confirm` has people asked before they launch it: True, or what there is to know ("This will e-mail 3,000
    customers"). Programs, other tasks and schedules are not asked.
    """
    if permission and (permission.count(".") != 1 or not all(permission.split("."))):
        raise TypeError(f'launchable(permission={permission!r}): write it as "app.codename"')
    words = Launchable(title, description, permission, hidden, check, confirm)

    def tell(task: T) -> T:
        if is_proxy(task):
            _waiting.append((task, words))  # type: ignore[arg-type]
        else:
            setattr(task, _ATTRIBUTE, words)
        return task

    return tell


def is_proxy(thing: Any) -> bool:
    """Whether `thing` is Celery's lazy stand-in for a task, found out without waking it."""
    return issubclass(type(thing), Proxy)


def words_for(task: Any) -> Launchable:
    """What `launchable` said about this registered Celery task."""
    while _waiting:
        proxy, words = _waiting.pop()
        # A task of another Celery app is not ours to describe.
        with suppress(KeyError):
            setattr(proxy._get_current_object(), _ATTRIBUTE, words)
    for told in (task, getattr(task, "run", None)):
        own = getattr(told, _ATTRIBUTE, None)
        if isinstance(own, Launchable):
            return own
    return Launchable()
