"""What became of a batch of mails: counts, and each failure with its reason."""

import csv
import io
from typing import Any

from tasks import log, publish
from tasks.samples.mail_recipients import Recipient

_LISTED = 200  # failures in the result; the file has all
_LOGGED = 20


class Report:
    """Counts as the batch goes on. `sent` includes what earlier attempts of the job had sent."""

    def __init__(self, columns: list[str]) -> None:
        self._columns = columns
        self._failures: dict[int, tuple[Recipient, str]] = {}  # by the row's number
        self.sent = 0
        self.duplicates = 0

    def fail(self, recipient: Recipient, reason: str) -> None:
        """This recipient gets no mail, as far as is known."""
        self._failures[recipient.number] = (recipient, reason)
        if len(self._failures) <= _LOGGED:
            log(f"row {recipient.number}, {recipient.address or '(empty)'}: {reason}", "warning")

    def publish(self) -> None:
        """Show the failures, and give them as a file that can be sent again once it is put right."""
        if not self._failures:
            return
        publish(self._listed(), name="failures")
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([*self._columns, "reason"])
        for recipient, reason in self._failures.values():
            writer.writerow([*recipient.values.values(), reason])
        publish(text.getvalue().encode("utf-8-sig", "replace"), name="failures.csv")

    def result(self) -> dict[str, Any]:
        """The counts, and the first failures."""
        return {
            "sent": self.sent,
            "failed": len(self._failures),
            "duplicates": self.duplicates,
            "failures": self._listed(),
        }

    def _listed(self) -> list[dict[str, Any]]:
        first = list(self._failures.values())[:_LISTED]
        return [{"row": r.number, "address": r.address, "reason": reason} for r, reason in first]
