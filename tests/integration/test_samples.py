"""The sample tasks as people meet them: launched into a real worker, watched in the log."""

import csv
import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tasks.events import FINAL
from tests.support.mailserver import MailServer
from tests.support.stack import Stack, wait_for

PROFILE = "tasks.samples.tables.profile_csv"
SEND = "tasks.samples.mail.send_batch"


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stack(server: MailServer) -> Iterator[Stack]:
    running = Stack(EMAIL_URL=server.url, WORKERS="1")
    try:
        running.up()
        (running.home / "data").mkdir(exist_ok=True)
        running.user("alice", launch=True)
        yield running
    finally:
        running.down()


@pytest.fixture(scope="module")
def token(stack: Stack) -> str:
    return stack.token("alice")


@pytest.fixture(scope="module")
def big(stack: Stack) -> Path:
    """A CSV file of about 14 MiB."""
    path = stack.home / "data" / "big.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["주문", "email", "price", "paid", "ordered"])
        for n in range(250_000):
            writer.writerow([n, f"user{n}@example.com", f"{n * 0.37:.2f}", n % 2 == 0, f"2024-0{n % 9 + 1}-11"])
    return path


def launch(stack: Stack, task: str, **args: Any) -> str:
    code = """
from django.contrib.auth import get_user_model
from tasks.launching import launch
answer = str(launch(task, args, user=get_user_model().objects.get(username="alice")).pk)
"""
    return stack.run(code, task=task, args=args)


def upload(stack: Stack, name: str, content: bytes) -> str:
    code = """
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from tasks import uploads
owner = get_user_model().objects.get(username="alice")
answer = str(uploads.save(name, ContentFile(content.encode("latin-1")), owner).pk)
"""
    return stack.run(code, name=name, content=content.decode("latin-1"))


def job(stack: Stack, job_id: str) -> dict[str, Any]:
    found = stack.run("from tasks import eventlog\ns = eventlog.snapshot(id)\nanswer = s and s.job", id=job_id)
    return found or {"state": "queued"}


def ended(stack: Stack, job_id: str, seconds: float = 60) -> dict[str, Any]:
    return wait_for(lambda: (found := job(stack, job_id))["state"] in FINAL and found, f"{job_id} ends", seconds)


def events(stack: Stack, job_id: str) -> list[dict[str, Any]]:
    return stack.run("from tasks import eventlog\nanswer = eventlog.read(id, 0, 100000).events", id=job_id)


def call(stack: Stack, token: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"{stack.url}/api/v1/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_file_is_profiled_live_and_its_profile_can_be_downloaded(stack, token, big):
    job_id = launch(stack, PROFILE, path="big.csv")
    done = ended(stack, job_id)
    assert done["state"] == "succeeded"
    assert done["result"]["rows"] == 250_000
    assert done["progress"]["current"] == done["progress"]["total"] == big.stat().st_size
    assert [output["name"] for output in done["outputs"]] == ["columns", "profile.json"]
    assert [row["type"] for row in done["outputs"][0]["value"]] == ["integer", "text", "decimal", "boolean", "date"]

    status, profile = call(stack, token, "GET", f"jobs/{job_id}/files/profile.json")
    assert status == 200
    assert profile == done["result"]


def test_the_bar_moves_and_the_table_grows_while_the_file_is_read(stack, big):
    seen = events(stack, launch_and_wait(stack, PROFILE, path="big.csv"))
    moves = [event for event in seen if "progress" in event.get("set", {})]
    tables = [event for event in seen if "outputs" in event.get("set", {})]
    started = next(event["time"] for event in seen if event.get("set", {}).get("state") == "started")
    seconds = _seconds(seen[-1]["time"]) - _seconds(started)
    assert len(moves) >= 5 * seconds - 2
    assert len(tables) >= 2  # at least one before the last


def launch_and_wait(stack: Stack, task: str, **args: Any) -> str:
    job_id = launch(stack, task, **args)
    assert ended(stack, job_id)["state"] == "succeeded"
    return job_id


def _seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


def test_the_worker_grows_by_less_than_100_megabytes(stack, big):
    launch_and_wait(stack, "tasks.samples.arithmetic.add", x=1, y=2)
    before = _peak_of_pool(stack)
    launch_and_wait(stack, PROFILE, path="big.csv")
    assert _peak_of_pool(stack) - before < 100 * 1024


def _peak_of_pool(stack: Stack) -> int:
    """The highest resident size that a process of the worker ever had, in KiB."""
    peaks = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            status = (process / "status").read_text()
            parent = int(status.split("PPid:")[1].split()[0])
            if parent == stack.pid("worker") and "VmHWM" in status:
                peaks.append(int(status.split("VmHWM:")[1].split()[0]))
        except (OSError, IndexError):
            continue
    return max(peaks)


def test_a_job_is_cancelled_in_the_middle_of_the_file(stack, big):
    job_id = launch(stack, PROFILE, path="big.csv")
    wait_for(lambda: (job(stack, job_id).get("progress") or {}).get("current"), "the file is being read")
    stack.run("from tasks.control import cancel\ncancel(id)", id=job_id)
    assert ended(stack, job_id, 10)["state"] == "cancelled"


def jobs(stack: Stack) -> int:
    return stack.run("from tasks.models import Job\nanswer = Job.objects.count()")


@pytest.mark.parametrize(
    ("name", "content", "args", "field"),
    [
        ("empty.csv", b"", {}, "file"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(300), {}, "file"),
        ("good.csv", b"a,b\n1,2\n", {"columns": ["c"]}, "columns"),
        ("good.csv", b"a,b\n1,2\n", {"path": "big.csv"}, "path"),
        (None, None, {"path": "../taskcast.sqlite3"}, "path"),
        (None, None, {}, "file"),
    ],
)
def test_bad_input_is_named_and_makes_no_job(stack, token, big, name, content, args, field):
    before = jobs(stack)
    if name is not None:
        args = args | {"file": upload(stack, name, content)}
    status, problem = call(stack, token, "POST", "jobs", {"task": PROFILE, "args": args})
    assert status == 422
    assert [error["loc"][-1] for error in problem["errors"]] == [field]
    assert jobs(stack) == before


def test_a_batch_waits_for_its_server_and_goes_out_once(stack, server):
    """The server is away at first: Celery's retry is another attempt of the same job."""
    people = upload(
        stack, "people.csv", "email,이름\na@example.com,민수\nb@example.com,영희\nA@example.com,x\n".encode()
    )
    job_id = launch(stack, SEND, recipients=people, subject="Hi {이름}", body="…")
    wait_for(lambda: job(stack, job_id)["state"] == "retrying", "the first attempt gives up", 30)
    server.start()
    done = ended(stack, job_id, 60)
    assert done["state"] == "succeeded"
    assert done["attempt"] == 2
    assert done["result"] == {"sent": 2, "failed": 0, "duplicates": 1, "failures": []}
    assert server.recipients == ["a@example.com", "b@example.com"]
    assert server.mails[0]["Subject"] == "Hi 민수"


def test_a_batch_is_cancelled_between_two_mails(stack, server):
    server.on_mail = lambda: time.sleep(0.05)
    server.mails.clear()
    people = upload(stack, "people.csv", ("email\n" + "".join(f"u{n}@example.com\n" for n in range(500))).encode())
    job_id = launch(stack, SEND, recipients=people, subject="Hi", body="…")
    wait_for(lambda: len(server.mails) >= 3, "some mails are sent")
    stack.run("from tasks.control import cancel\ncancel(id)", id=job_id)
    done = ended(stack, job_id, 10)
    assert done["state"] == "cancelled"
    assert len(server.mails) < 500
    assert len(set(server.recipients)) == len(server.mails)


def test_thumbnails_are_made_and_what_is_broken_is_listed(stack, token):
    code = """
import io
from tasks.outputs import open_file
with open_file(id, "thumbnails.zip")[0] as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
    answer = {name: Image.open(io.BytesIO(archive.read(name))).size for name in archive.namelist()}
"""
    pictures = {"a/one.png": picture(300, 200), "two.png": picture(50, 100), "broken.png": b"no picture"}
    job_id = launch(stack, "tasks.samples.images.thumbnails", file=upload(stack, "x.zip", zipped(pictures)), size=64)
    found = ended(stack, job_id)
    assert (found["state"], found["result"]) == ("succeeded", {"made": 2, "refused": 1})
    outputs = {output["name"]: output for output in found["outputs"]}
    assert outputs["refused"]["value"] == [{"file": "broken.png", "why": "not a picture"}]
    assert {"one.jpg", "two.jpg", "thumbnails.zip"} <= outputs.keys()
    sizes = stack.run(f"import zipfile\nfrom PIL import Image\n{code}", id=job_id)
    assert sizes == {"a/one.jpg": [64, 43], "two.jpg": [32, 64]}
    no_zip = upload(stack, "x.zip", b"no archive")
    body = {"task": "tasks.samples.images.thumbnails", "args": {"file": no_zip}}
    status, problem = call(stack, token, "POST", "jobs", body)
    assert (status, problem["errors"][0]["loc"]) == (422, ["body", "args", "file"])


def picture(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(out, "png")
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()
