"""Webhooks to real receivers: slow, redirecting, behind TLS, moved to another address meanwhile."""

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.contrib.auth import get_user_model
from django.utils import timezone

from tasks.models import Notice, NoticeSettings
from tasks.notices import webhook
from tasks.notices.errors import NotDelivered
from tests.support.receiver import Receiver
from tests.support.stack import wait_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings):
    settings.TASKCAST_WEBHOOKS_TO_PRIVATE = True
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def notice():
    alice = get_user_model().objects.create_user("alice")
    NoticeSettings.objects.create(user=alice, webhook_secret=webhook.new_secret())
    return Notice.objects.create(user=alice, channel="webhook", created_at=timezone.now())


def sent_to(url, notice):
    NoticeSettings.objects.update(webhook_url=url)
    return webhook.send(notice)


def test_a_test_is_signed_like_the_real_thing(notice, receiver):
    url = receiver.url + "/한글?token=a b".replace(" ", "%20")
    assert sent_to(url, notice) == 200
    [call] = receiver.calls
    assert call.path == "/hook/%ED%95%9C%EA%B8%80?token=a%20b"
    assert call.json == {"type": "test", "job": None}
    assert call.headers["content-type"] == "application/json"
    assert call.is_signed_with(NoticeSettings.objects.get().webhook_secret)
    assert not call.is_signed_with(webhook.new_secret())
    call.body += b" "
    assert not call.is_signed_with(NoticeSettings.objects.get().webhook_secret)


def test_a_redirect_is_not_followed(notice, receiver):
    receiver.answers, receiver.location = [307], f"http://127.0.0.1:{receiver.port}/inner"
    with pytest.raises(NotDelivered) as raised:
        sent_to(receiver.url, notice)
    assert raised.value.status == 307
    assert [call.path for call in receiver.calls] == ["/hook"]


def test_a_private_address_is_refused_at_the_time_of_sending(notice, receiver, settings):
    settings.TASKCAST_WEBHOOKS_TO_PRIVATE = False
    with pytest.raises(NotDelivered, match="private"):
        sent_to(receiver.url, notice)
    assert receiver.calls == []


def test_the_name_is_asked_for_once(notice, receiver, monkeypatch):
    """A name server that answers with another address the second time has no say."""
    real, asked = socket.getaddrinfo, []

    def moves(host, *args, **options):
        if host != "hook.example":
            return real(host, *args, **options)
        asked.append(host)
        assert len(asked) == 1
        return real("127.0.0.1", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", moves)
    assert sent_to(f"http://hook.example:{receiver.port}/hook", notice) == 200
    assert receiver.calls[0].headers["host"] == f"hook.example:{receiver.port}"


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\nX: "])
def test_who_answers_a_byte_at_a_time_is_too_slow(notice, receiver, monkeypatch, before):
    monkeypatch.setattr(webhook, "PATIENCE", 1.0)
    ended = threading.Event()

    def drip(handler):
        try:
            handler.wfile.write(before)
            while not ended.wait(0.1):
                handler.wfile.write(b"H")
                handler.wfile.flush()
        except OSError:
            ended.set()

    receiver.on_call = drip
    began = time.monotonic()
    with pytest.raises(NotDelivered, match="did not answer"):
        sent_to(receiver.url, notice)
    assert 0.9 < time.monotonic() - began < 5
    wait_for(ended.is_set, "the connection is closed")


def test_who_shakes_hands_a_byte_at_a_time_is_too_slow(notice, settings, monkeypatch):
    settings.TASKCAST_WEBHOOKS_TO_PRIVATE = True
    monkeypatch.setattr(webhook, "PATIENCE", 1.0)
    ended = threading.Event()

    def drip():
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(b"\x16\x03\x03\x3f\xff")  # a long message is announced
            while not ended.wait(0.1):
                connection.sendall(b"\x02")
        ended.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(NotDelivered):
            sent_to(f"https://127.0.0.1:{listener.getsockname()[1]}/", notice)
        assert time.monotonic() - began < 5
        wait_for(ended.is_set, "the connection is closed")


def test_a_long_answer_is_not_read(notice, receiver):
    written = []

    def flood(handler):
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
        try:
            for _ in range(1000):
                written.append(handler.wfile.write(b"x" * 65536))
        except OSError:
            pass

    receiver.on_call = flood
    assert sent_to(receiver.url, notice) == 200
    wait_for(lambda: receiver.calls, "it came")
    assert len(written) < 1000


def test_nobody_there_and_nonsense_are_said(notice, receiver):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(NotDelivered, match="refused"):
            sent_to(f"http://127.0.0.1:{free.getsockname()[1]}/", notice)
    receiver.on_call = lambda handler: handler.wfile.write(b"SSH-2.0-nonsense\r\n")
    with pytest.raises(NotDelivered):
        sent_to(receiver.url, notice)


def test_tls_asks_for_the_name_and_trusts_no_stranger(notice, receiver, tmp_path, monkeypatch):
    made = certificate(tmp_path, "hook.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made)
    names = []
    context.sni_callback = lambda connection, name, _context: names.append(name)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *args, **options: real("127.0.0.1" if "example" in host else host, *args, **options),
    )
    url = f"https://hook.example:{receiver.port}/hook"
    with pytest.raises(NotDelivered, match=r"(?i)certificate"):
        sent_to(url, notice)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    assert sent_to(url, notice) == 200
    assert receiver.calls[0].headers["host"] == f"hook.example:{receiver.port}"
    assert set(names) == {"hook.example"}
    with pytest.raises(NotDelivered, match=r"(?i)certificate"):
        sent_to(f"https://other.example:{receiver.port}/hook", notice)


def certificate(folder, name):
    """A certificate that nobody has signed but itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
