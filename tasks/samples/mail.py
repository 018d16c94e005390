"""`send_batch`: a mail to every row of a CSV file, never twice to one address."""

import time
from typing import Annotated, Any

from celery import shared_task
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pydantic import Field

from tasks import JobCancelled, UploadedFile, cancelled, launchable, log, track
from tasks.launchable import BadArgument, LongText
from tasks.samples import mail_template
from tasks.samples.csv_dialect import NotATable
from tasks.samples.mail_batch import Batch
from tasks.samples.mail_delivery import Delivery, ServerAway
from tasks.samples.mail_ledger import ledger_of
from tasks.samples.mail_recipients import NoAddressColumn, Recipients
from tasks.samples.mail_report import Report

# Celery's own retries, attempts of one job: after 5, 10, … seconds for a server that is away, after 1, 2, …
# minutes for addresses that it wants tried later (greylisting).
RETRIES_AWAY = 5
RETRIES_LATER = 3
_PAUSE_LATER = 2.0  # seconds before the one other try within an attempt


def check_send_batch(recipients: UploadedFile, subject: str, body: str, address_column: str = "email") -> None:
    """Look at the file and the templates before a job exists. Raises BadArgument with the field that is
    wrong."""
    try:
        rows = Recipients(recipients.open, address_column)
        first = next(iter(rows), None)
    except NotATable as error:
        raise BadArgument("recipients", str(error)) from error
    except NoAddressColumn as error:
        raise BadArgument("address_column", str(error)) from error
    if first is None:
        raise BadArgument("recipients", _("The file has a row of column names and no recipients."))
    if not subject.strip() or len(subject.splitlines()) > 1:
        raise BadArgument("subject", _("A subject is one line."))
    for field, template in (("subject", subject), ("body", body)):
        try:
            mail_template.check(template, rows.columns)
        except mail_template.UnknownColumn as error:
            raise BadArgument(field, str(error)) from error


@shared_task
@launchable(
    title=gettext_noop("Send a batch of mails"),
    description=gettext_noop("One mail to every row of a CSV file; {column} in the texts stands for the row's value."),
    check=check_send_batch,
)
def send_batch(
    recipients: Annotated[
        UploadedFile,
        Field(title=gettext_noop("Recipients"), description=gettext_noop("A CSV file with a row of column names.")),
    ],
    subject: Annotated[
        str,
        Field(
            title=gettext_noop("Subject"),
            min_length=1,
            max_length=500,
            examples=[gettext_noop("Your order {order_id}")],
        ),
    ],
    body: Annotated[
        LongText,
        Field(
            title=gettext_noop("Text"),
            min_length=1,
            max_length=100_000,
            examples=[gettext_noop("Dear {name}, …")],
        ),
    ],
    address_column: Annotated[
        str, Field(title=gettext_noop("Column of the address"), min_length=1, max_length=200)
    ] = "email",
) -> dict[str, Any]:
    """Send a mail to each recipient over one connection; failures are listed in the result."""
    rows = Recipients(recipients.open, address_column)
    report = Report(rows.columns)
    ledger, delivery = ledger_of(send_batch.request.id), Delivery(_pause)
    batch = Batch(subject, body, ledger, delivery, report)
    try:
        batch.send_all(track(rows, "Sending", total=rows.count()))
        if batch.later:
            _pause(_PAUSE_LATER)
            batch.send_all(track(batch.take_later(), "Trying again"))
        if batch.later:
            _retry(RETRIES_LATER, 60, Postponed(f"The mail server wants {len(batch.later)} mails sent later."))
        for recipient, reason in batch.later:
            report.fail(recipient, reason)
    except ServerAway as error:
        _retry(RETRIES_AWAY, 5, error)
        if not report.sent:
            raise
        batch.give_up(rows, str(error))
    finally:
        delivery.close()
        ledger.close()
        report.publish()
        log(f"{report.sent} mails are sent.")
    return report.result()


class Postponed(Exception):
    """The mail server wants some mails sent later."""


def _retry(limit: int, seconds: float, error: Exception) -> None:
    """Leave the rest to another attempt of this job, if there may be one: the ledger knows who has his
    mail."""
    request = send_batch.request
    if request.id and not request.called_directly and request.retries < limit:
        wait = seconds * 2**request.retries
        log(f"{error} Trying again in {wait:.0f} s.", "warning")
        raise send_batch.retry(exc=error, countdown=wait, max_retries=limit)


def _pause(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if cancelled():
            raise JobCancelled
        time.sleep(0.1)
