"""PURE. What a token may be narrowed to. A session has all of them; what its user may not, no scope allows."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

READ, LAUNCH, STEER = "read", "launch", "steer"
WORDS = {
    READ: _("See tasks, jobs and workers, also live"),
    LAUNCH: _("Launch tasks"),
    STEER: _("Cancel jobs, and retry them"),
}
ALL = tuple(WORDS)


def written(scopes: Iterable[str]) -> str:
    """As a token keeps them: separated by spaces, each once and in one order."""
    wanted = set(scopes)
    return " ".join(scope for scope in ALL if scope in wanted)


def every() -> str:
    """All that there are: what a token has that nobody narrowed."""
    return written(ALL)
