"""One mail after the other: claimed in the ledger, sent, settled, reported."""

import hashlib
from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMessage

from tasks import JobCancelled
from tasks.samples.mail_delivery import BadCredentials, Delivery, Refused, ServerAway, Uncertain
from tasks.samples.mail_ledger import Entry, Ledger
from tasks.samples.mail_recipients import Recipient
from tasks.samples.mail_report import Report
from tasks.samples.mail_template import fill, one_line


class Batch:
    """The mails of one attempt. `later` are those that the server wants tried again, and its reasons."""

    def __init__(self, subject: str, body: str, ledger: Ledger, delivery: Delivery, report: Report) -> None:
        self._subject, self._body = subject, body
        self._ledger, self._delivery, self._report = ledger, delivery, report
        self._seen: set[str] = set()
        self.later: list[tuple[Recipient, str]] = []

    def send_all(self, recipients: Iterable[Recipient]) -> None:
        """Send to each whose address has not come before. Raises ServerAway, BadCredentials."""
        for recipient in recipients:
            if not recipient.valid:
                self._report.fail(recipient, "this is no address" if recipient.address else "there is no address")
            elif recipient.key in self._seen:
                self._report.duplicates += 1
            else:
                self._send(recipient)

    def take_later(self) -> list[Recipient]:
        """Those to try again; they are no longer `later`."""
        taken, self.later = [recipient for recipient, _ in self.later], []
        self._seen -= {recipient.key for recipient in taken}
        return taken

    def give_up(self, recipients: Iterable[Recipient], reason: str) -> None:
        """Report as failed all that were not reached."""
        for recipient in recipients:
            if recipient.valid and recipient.key not in self._seen:
                self._seen.add(recipient.key)
                self._report.fail(recipient, reason)
        for recipient, earlier in self.later:
            self._report.fail(recipient, earlier)

    def _send(self, recipient: Recipient) -> None:
        key = recipient.key
        self._seen.add(key)
        known = self._ledger.claim(key)
        if known is not None:
            self._take_over(recipient, known)
            return
        try:
            self._delivery.send(self._message(recipient))
        except Refused as error:
            if error.temporary:
                self._ledger.settle(key, "free")
                self.later.append((recipient, str(error)))
            else:
                self._fail(recipient, str(error))
        except Uncertain as error:
            self._fail(recipient, str(error))
        except (ServerAway, BadCredentials, JobCancelled):  # raised only where nothing was sent
            self._ledger.settle(key, "free")
            self._seen.discard(key)
            raise
        else:
            self._ledger.settle(key, "sent")
            self._report.sent += 1

    def _fail(self, recipient: Recipient, reason: str) -> None:
        self._ledger.settle(recipient.key, "failed", reason)
        self._report.fail(recipient, reason)

    def _take_over(self, recipient: Recipient, known: Entry) -> None:
        """Report what an earlier attempt of the job did."""
        if known.state == "sent":
            self._report.sent += 1
        elif known.state == "failed":
            self._report.fail(recipient, known.reason)
        else:
            self._report.fail(recipient, "an earlier attempt ended while it was being sent: it may have arrived")

    def _message(self, recipient: Recipient) -> EmailMessage:
        sender = settings.DEFAULT_FROM_EMAIL
        # The same for the same mail of a job, so that a server that is handed it twice can tell.
        digest = hashlib.sha256(f"{self._ledger.name}\n{recipient.key}".encode()).hexdigest()[:32]
        domain = sender.rstrip(">").rpartition("@")[2] or "localhost"
        return EmailMessage(
            subject=one_line(fill(self._subject, recipient.values)),
            body=fill(self._body, recipient.values),
            from_email=sender,
            to=[recipient.address],
            headers={"Message-ID": f"<{digest}@{domain}>"},
        )
