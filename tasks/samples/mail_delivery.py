"""Sending mails over one connection, and what exactly went wrong with each that was not sent."""

import smtplib
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection


class Refused(Exception):
    """The server did not take the mail; it was certainly not sent."""

    def __init__(self, reason: str, *, temporary: bool = False) -> None:
        super().__init__(reason)
        self.temporary = temporary


class Uncertain(Exception):
    """The connection was lost while the mail was being sent: it may have arrived."""


class ServerAway(Exception):
    """The mail server cannot be reached."""


class BadCredentials(Exception):
    """The mail server refused to let us in; trying again would not help."""


class Delivery:
    """One connection of Django's mail backend: opened when first needed, and again after a drop."""

    PAUSES = (1.0, 3.0)  # seconds before the second and the third try to reach the server

    def __init__(self, pause: Callable[[float], None]) -> None:
        self._pause = pause
        self._connection: Any = get_connection(timeout=settings.EMAIL_TIMEOUT or 30)
        self._in_data = False

    def send(self, message: EmailMessage) -> None:
        """Send one mail to one recipient. Raises Refused, Uncertain, ServerAway, BadCredentials."""
        message.connection = self._connection
        for _ in range(3):
            self._open()
            try:
                self._in_data = False
                message.send()
                return
            except smtplib.SMTPResponseException as error:
                self._answered(error.smtp_code, error.smtp_error)
            except smtplib.SMTPRecipientsRefused as error:
                self._answered(*next(iter(error.recipients.values())))
            except smtplib.SMTPServerDisconnected as error:
                self._dropped(error)
            except (smtplib.SMTPException, ValueError) as error:
                # What this server cannot take, or what is no mail: a header with a line end, text that has
                # no bytes.
                self.close()  # the server may be in the middle of this mail
                raise Refused(str(error) or type(error).__name__) from error
            except OSError as error:
                self._dropped(error)
        raise ServerAway("The mail server drops every connection.")

    def close(self) -> None:
        """Say goodbye; whatever goes wrong with that is of no interest."""
        try:
            self._connection.close()
        except OSError:
            self._connection.connection = None

    def _open(self) -> None:
        for pause in (*self.PAUSES, None):
            try:
                if self._connection.open():
                    self._watch_data()
                return
            except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
                self.close()
                raise BadCredentials(f"The mail server refused to let us in: {error}") from error
            except OSError as error:  # smtplib's errors are OSErrors too
                self.close()
                if pause is None:
                    raise ServerAway(f"The mail server cannot be reached: {error}") from error
                self._pause(pause)

    def _watch_data(self) -> None:
        """Know from now on whether a connection broke before or after the server was handed the mail
        itself."""
        smtp = getattr(self._connection, "connection", None)
        if not isinstance(smtp, smtplib.SMTP):
            return
        send_data = smtp.data

        def data(message: Any) -> Any:
            self._in_data = True
            return send_data(message)

        smtp.data = data  # type: ignore[method-assign, assignment]

    def _answered(self, code: int, text: bytes | str) -> None:
        """The server said no. Returns where it only wants another connection."""
        if code in (421, -1):
            self.close()
            return
        reason = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        raise Refused(f"{code} {reason}", temporary=400 <= code < 500)

    def _dropped(self, error: Exception) -> None:
        is_smtp = isinstance(getattr(self._connection, "connection", None), smtplib.SMTP)
        self.close()
        # Of another backend it is not known when it has sent.
        if self._in_data or not is_smtp:
            raise Uncertain(f"{Uncertain.__doc__} ({error})") from error
