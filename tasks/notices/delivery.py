"""Delivering what is due: claimed in the database, tried in threads, tried again later and later.

At least once: who dies between a delivery and its being written down leaves a claim that runs out, and the notice goes
out again under its old id. Two processes at once deliver nothing twice.
"""

import logging
import threading
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone
from django.utils.translation import gettext_noop

from tasks import events
from tasks.models_notices import WEBHOOK, Notice
from tasks.notices import mail, webhook
from tasks.notices.errors import NotDelivered, Undeliverable

logger = logging.getLogger(__name__)

#: Between the attempts: five in all, over a day.
PAUSES = (timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=3), timedelta(hours=20))
# For which an attempt is nobody else's: longer than a mail server or a webhook is waited for.
CLAIM = timedelta(minutes=5)
# Each is one user's one channel: whose receiver is slow waits alone.
_THREADS = 8
_LONGEST = 300

CUT_OFF = gettext_noop("Begun, and not finished.")


class Deliveries:
    """The deliveries of this process."""

    def __init__(self) -> None:
        self._busy: set[tuple[Any, str]] = set()
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Have what is due delivered by threads, and do not wait for them. Raises what the database raises."""
        due = Notice.objects.filter(due_at__lte=timezone.now()).order_by().values_list("user", "channel").distinct()
        for user_id, channel in due[: 2 * _THREADS]:  # as many may be busy
            with self._lock:
                if len(self._busy) >= _THREADS:
                    return
                if (user_id, channel) in self._busy:
                    continue
                self._busy.add((user_id, channel))
            threading.Thread(target=self._run, args=(user_id, channel), name="taskcast-notices", daemon=True).start()

    def _run(self, user_id: Any, channel: str) -> None:
        close_old_connections()
        try:
            deliver(user_id, channel)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("notices wait for the database: %s", error)
        except Exception:
            logger.exception("notices could not be delivered")
        finally:
            connection.close()
            with self._lock:
                self._busy.discard((user_id, channel))


def deliver(user_id: Any, channel: str) -> int:
    """Deliver what is due to this user over this channel, one after the other; returns how many were tried."""
    tried = 0
    while notice := _claimed(user_id, channel):
        _try(notice)
        tried += 1
    return tried


def _claimed(user_id: Any, channel: str) -> Notice | None:
    """The next one that is due, claimed; None where there is none, or another process was quicker."""
    now = timezone.now()
    due = Notice.objects.filter(user=user_id, channel=channel, due_at__lte=now).select_related("user")
    notice = due.order_by("due_at", "created_at").first()
    if notice is None:
        return None
    before = notice.due_at
    notice.due_at = now + CLAIM
    # What is said of this attempt should nobody be left to say more.
    notice.attempts.append({"at": events.iso(now), "status": None, "error": CUT_OFF})
    claim = {"due_at": notice.due_at, "attempts": notice.attempts}
    return notice if Notice.objects.filter(pk=notice.pk, due_at=before).update(**claim) else None


def _try(notice: Notice) -> None:
    attempt, claimed_until, now = notice.attempts[-1], notice.due_at, timezone.now
    try:
        if not notice.user.is_active:
            raise Undeliverable(gettext_noop("The account is switched off."))
        if notice.channel == WEBHOOK:
            attempt["status"] = webhook.send(notice)
        else:
            mail.send(notice)
    except NotDelivered as error:
        attempt |= {"status": error.status, "error": " ".join(str(error).split())[:_LONGEST]}
        may_again = not isinstance(error, Undeliverable) and len(notice.attempts) <= len(PAUSES)
        notice.due_at = now() + PAUSES[len(notice.attempts) - 1] if may_again else None
    else:
        attempt["error"] = ""
        notice.due_at, notice.delivered_at = None, now()
    # Not where the claim ran out meanwhile and somebody else tries it.
    Notice.objects.filter(pk=notice.pk, due_at=claimed_until).update(
        due_at=notice.due_at, delivered_at=notice.delivered_at, attempts=notice.attempts
    )
