"""Why a job is as it is, in the reader's language: `reason` is stored in English, these are its known sentences.

frontend/src/reasons.ts knows the same ones.
"""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

# The first that fits is taken.
SENTENCES = (
    gettext_noop("{reason}; next try at {time}"),
    gettext_noop("next try at {time}"),
    gettext_noop("{reason}; waiting to be started again"),
    gettext_noop("the broker does not answer; the job will be sent when it does"),
    gettext_noop("no worker has it, and its message is in no queue any more"),
    gettext_noop("waiting for a worker: none is listening to queue {queue}"),
    gettext_noop("queue {queue} is paused"),
    gettext_noop("worker {worker} has been silent since {time}"),
    gettext_noop("worker {worker} stopped answering at {time}; it was killed or cut off"),
    gettext_noop("worker {worker} runs, but no longer has this job and never told its end"),
    gettext_noop("worker {worker} was stopped before this job had ended"),
    gettext_noop("its worker or its process died each time that it was started; it is not started again"),
    gettext_noop("its process died"),
    gettext_noop("its process was killed by {signal}: memory had run out"),
    gettext_noop("its process was killed by {signal}: by hand, or by the kernel when memory ran out"),
    gettext_noop("its process was killed by {signal}"),
    gettext_noop("its process ended with exit code {code} before the task did"),
    gettext_noop("its process ended before the task did"),
    gettext_noop("the task itself asked to be ignored"),
    gettext_noop("asked for by the task"),
    gettext_noop("the task itself asked to be sent again"),
    gettext_noop("another task goes on in its place"),
    gettext_noop("it expired before a worker was free"),
    gettext_noop("terminated by {signal}"),
    gettext_noop("revoked"),
    gettext_noop("{bad} of {all} jobs did not succeed"),
    gettext_noop("{cancelled} of {all} jobs were cancelled"),
)
_HOLE = re.compile(r"\\\{(\w+)\\\}")
_KNOWN = [(re.compile(_HOLE.sub(r"(?P<\1>.+)", re.escape(text)), re.DOTALL), text) for text in SENTENCES]


def reason_words(reason: str) -> str:
    """The reason in the reader's language where it is one of ours; a task's own words stay as they are."""
    for pattern, text in _KNOWN:
        if found := pattern.fullmatch(reason):
            holes = found.groupdict()
            if "reason" in holes:
                holes["reason"] = reason_words(holes["reason"])
            return _(text).format(**holes)
    return reason
