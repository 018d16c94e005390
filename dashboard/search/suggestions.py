"""What the search box offers while one types, and what the page tells of its language."""

from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from dashboard import access, task_names
from dashboard.search import language
from dashboard.templatetags.taskcast import state_word
from tasks import catalog
from tasks.catalog_secrets import is_secret_name
from tasks.events import STATES

# The owners of the newest jobs are offered; of the tasks, the arguments of so many.
_NEWEST, _MOST_TASKS = 200, 300


def examples() -> list[tuple[str, str]]:
    """Each qualifier as one writes it, and what it finds."""
    return [
        ("state:failed,lost", _("in one of these states; with a minus, -state:succeeded, in all others")),
        ("task:mail", _("whose task has this in its name")),
        ("owner:me", _("of this user; also owner:nobody")),
        ("since:2d", _("created since then: 30m, 3h, 2d, today, 2026-11-01, 2026-11-01T09:30")),
        ("until:today", _("created until then; a day counts whole")),
        ("args.size:>100", _("with this argument: >, >=, <, <= and = for numbers, or a part of a text")),
        ("id:7b1c", _("whose ID begins so")),
        ("parent:ID", _("launched by this job or batch")),
        ("group:ID", _("of this group")),
        ("schedule:NAME", _("launched by this schedule")),
        ("queue:mail", _("sent to this queue")),
        ("worker:w1", _("run by a worker with this in its name")),
        ('"no space left"', _("with this text in an argument or its error")),
    ]


def of(user: Any) -> dict[str, Any]:
    """Qualifiers with what they find; values of qualifiers; the arguments of tasks: what `user` may know of."""
    tasks = task_names.known_to(user)
    return {
        "qualifiers": [
            [text.partition(":")[0].replace(f"{language.ARGS}size", language.ARGS), words]
            for text, words in examples()
            if ":" in text
        ],
        "values": {
            "state": [[state, str(state_word(state))] for state in STATES],
            "task": [[name, _title(name)] for name in tasks],
            "owner": _owners(user),
            "since": _times(),
            "until": _times(),
        },
        "args": {name: names for name in tasks[:_MOST_TASKS] if (names := _arguments(name))},
    }


def _title(name: str) -> str:
    try:
        return str(catalog.get(name).title)
    except catalog.UnknownTask:
        return ""


def _arguments(name: str) -> list[str]:
    try:
        return [parameter.name for parameter in catalog.get(name).parameters if not is_secret_name(parameter.name)]
    except catalog.UnknownTask:
        return []


def _owners(user: Any) -> list[list[str]]:
    name = f"owner__{get_user_model().USERNAME_FIELD}"
    newest = access.jobs_for(user).order_by("-created_at", "-id").values_list(name, flat=True)[:_NEWEST]
    others = sorted({owner for owner in newest if owner} - {user.get_username()})
    return [
        [language.ME, user.get_username()],
        [language.NOBODY, _("from a shell, from beat")],
        *([owner, ""] for owner in others),
    ]


def _times() -> list[list[str]]:
    return [
        ["1h", _("an hour ago")],
        ["today", ""],
        ["yesterday", ""],
        ["2d", _("two days ago")],
        ["1w", _("a week ago")],
    ]
