"""A mail that tells of the end of a job: plain text, in its reader's language, without arguments and results."""

import smtplib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tasks import catalog
from tasks.models import Job
from tasks.models_notices import Notice, NoticeSettings
from tasks.notices.errors import NotDelivered, Undeliverable, words_of
from tasks.notices.planning import address_of

# These take mails and send none.
_TO_FILES = "django.core.mail.backends.filebased.EmailBackend"
_SENDS_NOTHING = {_TO_FILES, *(f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy"))}
#: The error of an attempt where mails become files.
WRITTEN = gettext_noop("No mail server is set up: it was written to a file on the server, in its folder of mails.")
# Characters of an error, which may hold a whole document.
_ERROR = 300
_ENDS = {
    "succeeded": gettext_noop("{task} succeeded"),
    "failed": gettext_noop("{task} failed"),
    "cancelled": gettext_noop("{task} was cancelled"),
    "lost": gettext_noop("{task} is lost"),
}


def is_sent() -> bool:
    """Whether mails leave this machine, as far as the settings tell."""
    return settings.EMAIL_BACKEND not in _SENDS_NOTHING


def send(notice: Notice) -> None:
    """Mail the notice to its user. Raises NotDelivered."""
    address = address_of(notice.user)
    if not address:
        raise Undeliverable(gettext_noop("The account has no e-mail address."))
    chosen = NoticeSettings.objects.filter(user=notice.user_id).first()
    with translation.override((chosen and chosen.language) or settings.LANGUAGE_CODE):
        subject, body = _test() if notice.job is None else _letter(notice, notice.job)
    # The same one for each attempt: readers show what came twice once.
    headers = {"Message-ID": f"<{notice.pk}@taskcast>", "Auto-Submitted": "auto-generated"}
    connection: Any = get_connection(timeout=settings.EMAIL_TIMEOUT or 30)
    try:
        EmailMessage(subject, body, to=[address], headers=headers, connection=connection).send()
    except smtplib.SMTPRecipientsRefused:
        raise NotDelivered(gettext_noop("The mail server refuses this address.")) from None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise NotDelivered(words_of(error)) from error
    if settings.EMAIL_BACKEND == _TO_FILES:
        raise Undeliverable(WRITTEN)
    if not is_sent():
        raise Undeliverable(gettext_noop("No mail server is set up: it did not leave this machine."))


def _test() -> tuple[str, str]:
    return f"[Taskcast] {_('a test')}", _("This is how Taskcast tells you of the end of a job.") + "\n"


def _letter(notice: Notice, job_id: UUID) -> tuple[str, str]:
    job = Job.objects.filter(pk=job_id).defer("message", "result", "outputs").first()
    if job is None:
        raise Undeliverable(gettext_noop("The job is not kept any more."))
    said = _(_ENDS[notice.state]).format(task=_title(notice.task))
    lines = [said, ""]
    if job.batch_size is not None:
        lines.append(_("A batch of {n} jobs.").format(n=job.batch_size))
    if job.error:
        lines.append(_one_line(f"{job.error['type']}: {job.error['message']}")[:_ERROR])
    elif job.reason:
        lines.append(_one_line(job.reason)[:_ERROR])
    lines.append(_("Launched: {time}").format(time=_time(job.created_at)))
    if job.finished_at:
        lines.append(_("Ended: {time}").format(time=_time(job.finished_at)))
    lines.append(_("Job: {job}").format(job=_link(job)))
    lines += ["", _("What you are told of is up to you: “Notifications”, behind your name on every page.")]
    return f"[Taskcast] {said}", "\n".join(lines) + "\n"


def _title(task: str) -> str:
    try:
        return _one_line(str(catalog.get(task).title))
    except catalog.UnknownTask:
        return task


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _time(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S} ({timezone.get_default_timezone_name()})"


def _link(job: Job) -> str:
    """The address of the job's page, below the first origin that is trusted; its id where there is none."""
    origins = [origin for origin in settings.CSRF_TRUSTED_ORIGINS if "*" not in origin]
    try:
        return origins[0] + reverse("taskcast:job", args=[job.pk])
    except (IndexError, NoReverseMatch):
        return str(job.pk)
