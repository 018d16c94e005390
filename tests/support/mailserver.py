"""A real SMTP server for tests, with the bad habits that real ones have."""

import asyncio
import logging
import socket
from collections import defaultdict
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller


class MailServer:
    """Takes mail on a port of the loopback. `mails` are those it accepted, in order.

    What a test may set: `refuse` (address → answer to RCPT, used up one per try), `drop_before` and
    `drop_after` (addresses whose mail ends the connection before it, or after its text was taken but not
    confirmed), `per_connection` (mails).
    """

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.refuse: dict[str, list[str]] = defaultdict(list)
        self.drop_before: set[str] = set()
        self.drop_after: set[str] = set()
        self.per_connection: int | None = None
        self.connections = 0
        self.on_mail: Callable[[], Any] = lambda: None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def recipients(self) -> list[str]:
        return [str(mail["To"]) for mail in self.mails]

    def start(self) -> "MailServer":
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # it would tell of every connection
        self._controller = Controller(_Handler(self), hostname="127.0.0.1", port=self.port)
        self._controller.start()
        return self

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_EHLO(
        self, smtp: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self._server.connections += 1
        session.host_name = hostname
        session.taken = 0
        return responses

    async def handle_MAIL(self, smtp: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if session.taken == self._server.per_connection:
            smtp.transport.close()
            await asyncio.sleep(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, smtp: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self._server.refuse[address]:
            return self._server.refuse[address].pop(0)
        if address in self._server.drop_before:
            self._server.drop_before.discard(address)
            smtp.transport.close()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, smtp: Any, session: Any, envelope: Any) -> str:
        self._server.mails.append(message_from_bytes(envelope.content, policy=default))
        session.taken += 1
        if envelope.rcpt_tos[0] in self._server.drop_after:
            smtp.transport.close()
        self._server.on_mail()
        return "250 OK"
