"""The mailer against a real SMTP server: nobody twice, whatever the server and the worker do."""

import csv
import io
import os
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from tasks.launchable import BadArgument
from tasks.progress import JobCancelled, Recording, activate
from tasks.samples import mail, mail_delivery
from tasks.samples.mail import check_send_batch
from tasks.samples.mail_delivery import BadCredentials, ServerAway
from tasks.samples.mail_ledger import Entry, Ledger
from tests.support.mailserver import MailServer

send_batch: Any = mail.send_batch


class File:
    """As an UploadedFile is, as far as the mailer cares."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self, mode: str = "rb"):
        return self.path.open(mode)


@pytest.fixture(autouse=True)
def home(tmp_path, settings) -> Path:
    settings.TASKCAST_HOME = tmp_path
    settings.DEFAULT_FROM_EMAIL = "Shop <shop@example.com>"
    settings.EMAIL_TIMEOUT = 5
    return tmp_path


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch) -> None:
    monkeypatch.setattr(mail_delivery.Delivery, "PAUSES", (0.01, 0.01))
    monkeypatch.setattr(mail, "_PAUSE_LATER", 0.01)


@pytest.fixture
def server(settings):
    server = MailServer().start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    server.stop()


def people(home: Path, *addresses: str, encoding: str = "utf-8") -> Any:
    path = home / "people.csv"
    rows = [f"{address},사람 {n}" for n, address in enumerate(addresses, 1)]
    path.write_bytes("\n".join(["email,name", *rows, ""]).encode(encoding))
    return File(path)


def many(home: Path, count: int) -> Any:
    return people(home, *[f"user{n}@example.com" for n in range(count)])


def send(file: Any, **options) -> dict:
    return send_batch(**{"recipients": file, "subject": "Hello {name}", "body": "Dear {name},\n…\n"} | options)


# Sending


def test_everybody_gets_his_mail_over_one_connection(server, home):
    assert send(many(home, 25)) == {"sent": 25, "failed": 0, "duplicates": 0, "failures": []}
    assert server.recipients == [f"user{n}@example.com" for n in range(25)]
    assert server.connections == 1
    first = server.mails[0]
    assert first["Subject"] == "Hello 사람 1"
    assert first["From"] == "Shop <shop@example.com>"
    assert first.get_content().startswith("Dear 사람 1,")


def test_a_file_from_a_korean_excel(server, home):
    send(people(home, "a@example.com", encoding="cp949"))
    assert server.mails[0]["Subject"] == "Hello 사람 1"


def test_nobody_twice(server, home):
    result = send(people(home, "a@example.com", "a@EXAMPLE.com", "A@example.com", "b@example.com", "a@example.com"))
    assert server.recipients == ["a@example.com", "b@example.com"]
    assert (result["sent"], result["duplicates"]) == (2, 3)


def test_failures_are_listed_and_the_rest_is_sent(server, home, monkeypatch):
    shown = {}
    monkeypatch.setattr("tasks.samples.mail_report.publish", lambda value, name: shown.update({name: value}))
    server.refuse["gone@example.com"] = ["550 5.1.1 no such user"]
    result = send(people(home, "a@example.com", "gone@example.com", "nobody", "", "b@example.com"))
    assert server.recipients == ["a@example.com", "b@example.com"]
    assert (result["sent"], result["failed"]) == (2, 3)
    assert [(f["row"], f["address"]) for f in result["failures"]] == [
        (2, "gone@example.com"),
        (3, "nobody"),
        (4, ""),
    ]
    assert result["failures"][0]["reason"] == "550 5.1.1 no such user"
    rows = list(csv.DictReader(io.StringIO(shown["failures.csv"].decode("utf-8-sig"), newline="")))
    assert [row["name"] for row in rows] == ["사람 2", "사람 3", "사람 4"]
    assert rows[0]["reason"] == "550 5.1.1 no such user"


def test_a_header_cannot_be_forged(server, home):
    path = home / "people.csv"
    path.write_text(
        'email,name\na@example.com,"x\r\nBcc: victim@example.com\r\n\r\nspam"\n'
        '"b@example.com\nBcc: victim@example.com",y\n'
    )
    result = send(File(path))
    assert result["sent"] == 1
    assert server.mails[0]["Bcc"] is None
    assert server.mails[0]["Subject"] == "Hello x Bcc: victim@example.com spam"
    assert server.recipients == ["a@example.com"]


# What servers do


def test_a_connection_dropped_between_mails_is_made_again(server, home):
    server.per_connection = 3
    assert send(many(home, 10))["sent"] == 10
    assert server.recipients == [f"user{n}@example.com" for n in range(10)]
    assert server.connections == 4


def test_a_connection_dropped_before_the_text_is_tried_again(server, home):
    server.drop_before.add("user3@example.com")
    assert send(many(home, 6))["sent"] == 6
    assert len(set(server.recipients)) == len(server.recipients) == 6


def test_a_connection_dropped_after_the_text_is_never_tried_again(server, home):
    server.drop_after.add("user3@example.com")
    result = send(many(home, 6))
    assert server.recipients.count("user3@example.com") == 1
    assert (result["sent"], result["failed"]) == (5, 1)
    assert "may have arrived" in result["failures"][0]["reason"]


def test_a_server_that_says_later_is_asked_again(server, home):
    server.refuse["user1@example.com"] = ["451 greylisted"]
    server.refuse["user2@example.com"] = ["451 greylisted", "451 still"]
    result = send(many(home, 4))
    assert server.recipients == [f"user{n}@example.com" for n in (0, 3, 1)]
    assert result["failures"][0]["reason"] == "451 still"


def test_a_server_that_closes_with_421(server, home):
    server.refuse["user1@example.com"] = ["421 too many mails on this connection"]
    assert send(many(home, 3))["sent"] == 3
    assert sorted(server.recipients) == [f"user{n}@example.com" for n in range(3)]


def test_a_server_that_goes_away_in_the_middle(server, home):
    def stop_after_four() -> None:
        if len(server.mails) == 4:
            server._controller.server.close()
            server.per_connection = 4

    server.on_mail = stop_after_four
    result = send(many(home, 10))
    assert (result["sent"], result["failed"]) == (4, 6)
    assert len(server.mails) == 4


def test_a_server_that_was_never_there(home, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", MailServer().port
    with pytest.raises(ServerAway, match="cannot be reached"):
        send(many(home, 2))


def test_a_wrong_password_ends_it_at_once(server, home, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "user", "wrong"
    with pytest.raises(BadCredentials):
        send(many(home, 2))
    assert server.mails == []


def test_the_embedded_default_writes_to_a_folder(home, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(home / "mails")
    assert send(many(home, 3))["sent"] == 3
    (written,) = (home / "mails").iterdir()
    assert written.read_text().count("To: user") == 3


# Attempts


def attempt(job_id: str, file: Any, **options) -> dict:
    """Run the task's code as an attempt of a job, in this process."""
    send_batch.push_request(id=job_id, called_directly=True)
    try:
        return send_batch.run(**{"recipients": file, "subject": "Hello", "body": "…"} | options)
    finally:
        send_batch.pop_request()


def test_another_attempt_goes_on_where_the_first_one_ended(server, home):
    job_id, file = str(uuid.uuid4()), many(home, 10)

    class Killed(BaseException):
        pass

    def die(*args: object) -> None:
        if len(server.mails) == 5:
            raise Killed

    monkey = pytest.MonkeyPatch()
    monkey.setattr(Ledger, "settle", _then(Ledger.settle, die))
    with pytest.raises(Killed):
        attempt(job_id, file)
    monkey.undo()
    assert attempt(job_id, file)["sent"] == 10
    assert server.recipients == [f"user{n}@example.com" for n in range(10)]


def _then(method, also):
    def both(*args):
        method(*args)
        also()

    return both


def test_an_attempt_that_died_while_sending_is_not_repeated(server, home):
    job_id, file = str(uuid.uuid4()), many(home, 3)
    ledger = Ledger(home / "ledgers" / f"{job_id}.jsonl")
    ledger.claim("user1@example.com")
    ledger.close()
    result = attempt(job_id, file)
    assert server.recipients == ["user0@example.com", "user2@example.com"]
    assert "may have arrived" in result["failures"][0]["reason"]


def test_two_attempts_at_once_share_the_ledger(home):
    """A zombie and its successor: each claim is won once."""
    path = home / "l.jsonl"
    one, two = Ledger(path), Ledger(path)
    assert one.claim("a") is None
    assert two.claim("a") == Entry("claimed")
    two.settle("b", "free")
    assert one.claim("b") is None
    one.settle("a", "failed", "550")
    assert two.claim("a") == Entry("failed", "550")
    with path.open("ab") as file:
        file.write(b'["c", "cla')  # cut off by a crash
    assert one.claim("d") is None
    third = Ledger(path)
    assert third.claim("d") == Entry("claimed")
    for ledger in (one, two, third):
        ledger.close()


def test_another_job_is_another_batch(server, home):
    file = many(home, 2)
    attempt(str(uuid.uuid4()), file)
    attempt(str(uuid.uuid4()), file)
    assert len(server.mails) == 4


def test_cancelled_between_two_mails(server, home):
    recording = Recording()
    server.on_mail = lambda: recording.cancel() if len(server.mails) == 4 else None
    job_id, file = str(uuid.uuid4()), many(home, 20)
    with activate(recording), pytest.raises(JobCancelled):
        attempt(job_id, file)
    assert len(server.mails) == 4
    sample = recording.sample()
    assert sample is not None
    assert sample["current"] in (3, 4)
    assert attempt(job_id, file)["sent"] == 20
    assert len(server.mails) == 20


# What is refused before a job exists


def refused(file: Any, subject: str = "Hi", body: str = "…", **options) -> str:
    with pytest.raises(BadArgument) as error:
        check_send_batch(file, subject, body, **options)
    return error.value.field


def test_bad_arguments_are_named(home):
    good = people(home, "a@example.com")
    check_send_batch(good, "Hi {name}", "…")
    check_send_batch(good, "Hi {name}", "…", address_column="Email")
    assert refused(good, address_column="mail") == "address_column"
    assert refused(good, subject="Hi {nmae}") == "subject"
    assert refused(good, body="{0.__class__}") == "body"
    assert refused(good, subject="Hi\nBcc: x@example.com") == "subject"
    assert refused(good, subject="  ") == "subject"


@pytest.mark.parametrize("content", [b"", b"email,name\n", b"\x89PNG\r\n\x1a\n" + bytes(99), b"PK\x03\x04"])
def test_bad_files_are_refused(home, content):
    (home / "bad.csv").write_bytes(content)
    assert refused(File(home / "bad.csv")) == "recipients"


def test_old_ledgers_are_forgotten(server, home):
    folder = home / "ledgers"
    folder.mkdir()
    (folder / "old.jsonl").touch()
    os.utime(folder / "old.jsonl", (0, time.time() - 40 * 86_400))
    send(many(home, 1))
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]
