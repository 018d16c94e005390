"""How a notice stands, in the reader's words."""

from typing import Any

from django.utils.translation import gettext as _

from tasks.models import Notice
from tasks.notices import mail


def attempt_words(attempt: dict[str, Any]) -> str:
    """How one attempt went. What the engine says is translated here; other machines' words stay as they are."""
    if attempt["error"]:
        return _(attempt["error"])
    if attempt["status"]:
        return _("answered {status}").format(status=attempt["status"])
    return _("sent")


def as_shown(notice: Notice) -> dict[str, Any]:
    """The notice as its row on the page."""
    return {
        "channel": notice.channel,
        "job": notice.job,
        "task": notice.task,
        "state": notice.state,
        "created_at": notice.created_at.isoformat(),
        "due_at": notice.due_at and notice.due_at.isoformat(),
        "delivered_at": notice.delivered_at and notice.delivered_at.isoformat(),
        # Nothing has failed: it is where it was to go.
        "is_written": bool(notice.attempts) and notice.attempts[-1]["error"] == mail.WRITTEN,
        "attempts": [{"at": attempt["at"], "words": attempt_words(attempt)} for attempt in notice.attempts],
    }
