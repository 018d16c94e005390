"""A webhook: one signed POST, as the Standard Webhooks say (https://www.standardwebhooks.com)."""

import base64
import hashlib
import hmac
import http.client
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import SplitResult

from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext_noop

from tasks import events
from tasks.models import Job
from tasks.models_notices import Notice, NoticeSettings
from tasks.notices import addresses
from tasks.notices.addresses import BadAddress
from tasks.notices.errors import NotDelivered, Undeliverable, words_of

# Seconds for all of it, however slowly the receiver answers; bytes of its answer that are read.
PATIENCE = 10.0
_ANSWER = 1024
_PREFIX = "whsec_"

TOO_SLOW = gettext_noop("It did not answer within 10 s.")


def new_secret() -> str:
    """A secret to sign with, as the receiver's library takes it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """What `webhook-signature` says of a message."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def send(notice: Notice) -> int:
    """Send the notice to its user's webhook; returns the status of the answer. Raises NotDelivered."""
    chosen = NoticeSettings.objects.filter(user=notice.user_id).first()
    if chosen is None or not chosen.webhook_url:
        raise Undeliverable(gettext_noop("There is no webhook any more."))
    body = _body(notice)
    message_id, timestamp = f"msg_{notice.pk.hex}", int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Taskcast",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(chosen.webhook_secret, message_id, timestamp, body),
    }
    try:
        parts = addresses.parse(chosen.webhook_url)
        status = _post(parts, addresses.resolve(parts), body, headers)
    except BadAddress as error:  # a name server may have been away, or a name have moved: it is asked again
        raise NotDelivered(str(error)) from None
    if not 200 <= status < 300:
        raise NotDelivered("", status)
    return status


def _body(notice: Notice) -> bytes:
    if notice.job is None:
        return events.dumps({"type": "test", "job": None}).encode()
    job = Job.objects.select_related("owner").defer("message").filter(pk=notice.job).first()
    if job is None:
        raise Undeliverable(gettext_noop("The job is not kept any more."))
    return events.dumps({"type": "job.ended", "job": events.whole_job(job.as_dict())}).encode()


def _post(parts: SplitResult, ips: list[str], body: bytes, headers: Mapping[str, str]) -> int:
    """POST to the first of these addresses that lets us in, asking no name server again; follows no redirect."""
    deadline = time.monotonic() + PATIENCE
    host, port = parts.hostname or "", addresses.port_of(parts)
    is_late = threading.Event()
    try:
        raw = _connected(ips, port, deadline)
        # A receiver that sends a byte now and then would otherwise never be too slow.
        with _Closing(raw, deadline, is_late) as closing:
            if parts.scheme == "https":
                raw.settimeout(_left(deadline))
                tls = ssl.create_default_context()
                wrapped = tls.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
                closing.socket = wrapped  # before the handshake, which may be slow too
                wrapped.do_handshake()
                connection: http.client.HTTPConnection = http.client.HTTPSConnection(host, port)
                connection.sock = wrapped
            else:
                connection = http.client.HTTPConnection(host, port)
                connection.sock = raw
            connection.sock.settimeout(_left(deadline))
            path = iri_to_uri((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
            connection.request("POST", path, body, dict(headers))
            response = connection.getresponse()
            response.read(_ANSWER)
            if is_late.is_set():  # the end of the connection was ours, and looks like that of the answer
                raise TimeoutError
            return response.status
    except TimeoutError:
        raise NotDelivered(TOO_SLOW) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotDelivered(TOO_SLOW if is_late.is_set() else words_of(error)) from error


def _connected(ips: list[str], port: int, deadline: float) -> socket.socket:
    for ip in ips[:-1]:
        try:
            return socket.create_connection((ip, port), _left(deadline) / 2)
        except OSError:
            continue
    return socket.create_connection((ips[-1], port), _left(deadline))


def _left(deadline: float) -> float:
    if (left := deadline - time.monotonic()) <= 0:
        raise TimeoutError
    return left


class _Closing:
    """Closes a socket in the end, and ends its connection at the deadline, whatever its thread waits for."""

    def __init__(self, opened: socket.socket, deadline: float, is_late: threading.Event) -> None:
        self.socket = opened
        self._is_late = is_late
        self._timer = threading.Timer(_left(deadline), self._close)
        self._timer.daemon = True

    def __enter__(self) -> "_Closing":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self.socket.close()

    def _close(self) -> None:
        self._is_late.set()
        with suppress(OSError):  # it may have ended by itself
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)  # an SSL socket's own is not for other threads
