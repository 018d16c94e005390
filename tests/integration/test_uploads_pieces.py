"""Resumable uploads: every byte once and in its place, whatever is repeated, cut off, or sent by two at once."""

import threading
from typing import Any

import httpx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from tasks import conf, uploads, uploads_pieces
from tasks.models import Job, Upload
from tasks.uploaded import path_of
from tests.support.cast import Cast, make_cast
from tests.support.stack import megabytes

MIB = 1024**2
PROFILE = "tasks.samples.tables.profile_csv"
CSV = b"id,name\n" + b"".join(b"%d,name %d\n" % (n, n) for n in range(1000))

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


@pytest.fixture
def cast(settings, tmp_path) -> Cast:
    settings.TASKCAST_HOME = tmp_path
    return make_cast()


def begin(cast: Cast, size: int, name: str = "data.csv", who: str = "alice") -> str:
    answer = cast.api(who, "POST", "uploads", {"name": name, "size": size})
    assert answer.status_code == 201, answer.content
    assert {**answer.json(), "id": ""} == {"id": "", "name": name, "size": size, "received": 0}
    return answer.json()["id"]


def put(cast: Cast, number: str, offset: Any, piece: bytes, who: str = "alice", kind: str = "application/octet-stream"):
    headers = {"Authorization": f"Bearer {cast.tokens[who]}"}
    return Client().generic("PUT", f"/api/v1/uploads/{number}?offset={offset}", piece, kind, headers=headers)


def on_disk(number: str) -> bytes:
    upload = Upload.objects.get(pk=number)
    return path_of(upload.pk, upload.name).read_bytes()


@pytest.mark.usefixtures("redis_server")
def test_a_file_comes_in_pieces_and_is_launched_with(cast):
    number = begin(cast, len(CSV), "판매.csv")
    args = {"task": PROFILE, "args": {"file": number}}
    for offset in range(0, len(CSV), 5000):
        refused = cast.api("alice", "POST", "jobs", args)
        assert refused.status_code == 422
        assert "not complete" in refused.json()["detail"]
        answer = put(cast, number, offset, CSV[offset : offset + 5000])
        assert answer.status_code == 200, answer.content
        assert answer.json() == cast.api("alice", "GET", f"uploads/{number}").json()
    assert answer.json()["received"] == len(CSV)
    assert on_disk(number) == CSV
    assert cast.api("bob", "POST", "jobs", args).status_code == 422
    assert cast.api("alice", "POST", "jobs", args).status_code == 201
    assert Job.objects.get().args == {"file": number}
    gone = cast.api("alice", "DELETE", f"uploads/{number}")
    assert (gone.status_code, "stays as long as its job" in gone.json()["detail"]) == (409, True)


def test_a_piece_that_is_misplaced_changes_nothing_and_is_told_where_to_go_on(cast):
    number = begin(cast, 10)
    assert put(cast, number, 0, b"01234").status_code == 200
    # Repeated since its answer was lost, ahead of its time, and overlapping with other bytes.
    for offset, piece in ((0, b"01234"), (7, b"789"), (3, b"xxxxx"), (10, b"")):
        refused = put(cast, number, offset, piece)
        assert (refused.status_code, refused.json()["received"]) == (409, 5)
        assert refused.json()["detail"] == f"The upload goes on at 5, not at {offset}."
    assert put(cast, number, 5, b"").json()["received"] == 5
    assert put(cast, number, 5, b"56789").json()["received"] == 10
    assert on_disk(number) == b"0123456789"
    assert put(cast, number, 5, b"56789").json()["received"] == 10  # the last one, repeated: all is there


def test_what_no_piece_may_be(cast, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = MIB  # of a project of somebody else's: it holds for forms
    number = begin(cast, 6 * MIB)
    assert put(cast, number, 0, b"x" * (4 * MIB + 1)).status_code == 413
    assert put(cast, number, 0, b"x" * 4 * MIB).status_code == 200
    too_long = put(cast, number, 4 * MIB, b"x" * 3 * MIB)
    assert (too_long.status_code, "announced with 6291456 bytes" in too_long.json()["detail"]) == (409, True)
    assert put(cast, number, 4 * MIB, b"x", kind="multipart/form-data; boundary=b").status_code == 415
    for offset in ("", "-1", "x", 2**60):
        assert put(cast, number, offset, b"x").status_code == 422
    assert put(cast, number, 4 * MIB, b"y" * 2 * MIB, kind="text/csv").status_code == 200
    assert on_disk(number) == b"x" * 4 * MIB + b"y" * 2 * MIB


def test_what_no_upload_may_be(cast):
    for body in ({"name": "a"}, {"name": "a", "size": -1}, {"name": "a", "size": 2**50}, {"name": "a", "size": "x"}):
        refused = cast.api("alice", "POST", "uploads", body)
        assert (refused.status_code, refused.json()["errors"][0]["loc"]) == (422, ["body", "size"])
    assert not Upload.objects.exists()


def test_an_empty_file_is_complete_at_once(cast):
    number = begin(cast, 0)
    with uploads.open_upload(Upload.objects.get(pk=number).pk).open() as file:
        assert file.read() == b""
    assert put(cast, number, 0, b"").status_code == 200
    assert put(cast, number, 0, b"x").status_code == 409


def test_what_a_crash_left_beyond_the_row_is_written_over(cast):
    number = begin(cast, 10)
    put(cast, number, 0, b"0123")
    upload = Upload.objects.get(pk=number)
    with path_of(upload.pk, upload.name).open("r+b") as file:
        file.seek(4)
        file.write(b"XXXX")
    assert put(cast, number, 4, b"45").json()["received"] == 6
    assert put(cast, number, 6, b"6789").json()["received"] == 10
    assert on_disk(number) == b"0123456789"


@pytest.mark.django_db(transaction=True)
def test_of_two_writers_one_wins(cast):
    pieces = [bytes([65 + n]) * 300_000 for n in range(4)]
    number = begin(cast, 10 * len(pieces[0]))
    expected = b""
    for turn in range(10):
        answers: dict[int, Any] = {}
        together = threading.Barrier(len(pieces))

        def write(n: int, offset: int = len(expected), together: Any = together, answers: Any = answers) -> None:
            together.wait(10)
            answers[n] = put(cast, number, offset, pieces[n])
            connection.close()

        threads = [threading.Thread(target=write, args=[n]) for n in range(len(pieces))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(answer.status_code for answer in answers.values()) == [200, 409, 409, 409], turn
        expected += pieces[next(n for n, answer in answers.items() if answer.status_code == 200)]
        assert {answer.json()["received"] for answer in answers.values()} <= {len(expected), len(expected) - 300_000}
        assert on_disk(number) == expected


def test_the_row_decides_where_a_lock_does_not(cast, monkeypatch):
    """Folders that machines share do not always share their locks."""
    number = begin(cast, 10)
    write = uploads_pieces._write

    def overtaken(file: Any, offset: int, piece: bytes) -> None:
        write(file, offset, piece)
        Upload.objects.filter(pk=number).update(received=3)

    monkeypatch.setattr(uploads_pieces, "_write", overtaken)
    refused = put(cast, number, 0, b"01234")
    assert (refused.status_code, refused.json()["received"]) == (409, 3)


def test_a_piece_that_finds_the_file_locked_says_so(cast):
    number = begin(cast, 10)
    with uploads_pieces._locked(Upload.objects.get(pk=number)):
        refused = put(cast, number, 0, b"01234")
    assert (refused.status_code, refused.json()["received"]) == (409, 0)
    assert "being written" in refused.json()["detail"]
    assert put(cast, number, 0, b"01234").status_code == 200


def test_a_full_disk_loses_nothing(cast, monkeypatch):
    number = begin(cast, 10)
    put(cast, number, 0, b"01234")
    upload = Upload.objects.get(pk=number)
    path = path_of(upload.pk, upload.name)
    path.rename(path.with_suffix(".aside"))
    path.symlink_to("/dev/full")
    refused = put(cast, number, 5, b"56789")
    assert (refused.status_code, refused.json()["title"]) == (507, "Insufficient Storage")
    assert "no room" in refused.json()["detail"]
    path.with_suffix(".aside").replace(path)
    assert cast.api("alice", "GET", f"uploads/{number}").json()["received"] == 5
    # Some room is left for the database and Redis.
    monkeypatch.setattr(uploads_pieces, "_RESERVE_BYTES", 2**60)
    assert put(cast, number, 5, b"56789").status_code == 507
    assert cast.api("alice", "POST", "uploads", {"name": "b.csv", "size": 1}).status_code == 507
    assert Upload.objects.count() == 1
    monkeypatch.undo()
    assert put(cast, number, 5, b"56789").json()["received"] == 10
    assert on_disk(number) == b"0123456789"


@pytest.mark.parametrize(("limit", "most"), [("WAITING_FILES", 2), ("WAITING_BYTES", 20)])
def test_what_one_user_may_bring_is_bounded(cast, monkeypatch, limit, most):
    monkeypatch.setattr(uploads_pieces, limit, most)
    first, _second = begin(cast, 10), begin(cast, 10)
    assert cast.api("alice", "POST", "uploads", {"name": "c.csv", "size": 1}).status_code == 409
    begin(cast, 10, who="bob")
    # A launch with one makes room for another, and so does removing one.
    Upload.objects.filter(pk=first).update(used_at="2026-01-01T00:00Z")
    third = begin(cast, 10)
    assert cast.api("alice", "POST", "uploads", {"name": "d.csv", "size": 1}).status_code == 409
    assert cast.api("alice", "DELETE", f"uploads/{third}").status_code == 204
    begin(cast, 10)


def test_an_upload_that_is_removed_is_gone_with_its_bytes(cast):
    number = begin(cast, 10)
    put(cast, number, 0, b"01234")
    assert cast.api("alice", "DELETE", f"uploads/{number}").status_code == 204
    for answer in (put(cast, number, 5, b"5"), cast.api("alice", "GET", f"uploads/{number}")):
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such upload.")
    assert not [path for path in (conf.home() / "uploads").rglob("*") if path.is_file()]


def test_one_that_is_removed_while_a_piece_is_on_its_way(cast):
    upload = uploads.announce("a.csv", 10, cast.users["alice"])
    uploads.discard(upload)
    with pytest.raises(uploads_pieces.NoUpload):
        uploads_pieces.append(upload, 0, b"x")
    assert not path_of(upload.pk, upload.name).exists()


def test_who_may_no_longer_launch_sees_an_upload_and_adds_nothing(cast):
    number = begin(cast, 10)
    cast.users["alice"].user_permissions.clear()
    assert put(cast, number, 0, b"01234").status_code == 403
    assert cast.api("alice", "GET", f"uploads/{number}").json()["received"] == 0


def test_a_browser_needs_its_csrf_token(cast):
    number = begin(cast, 5)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.users["alice"])
    address = f"/api/v1/uploads/{number}?offset=0"
    assert browser.put(address, b"01234", "application/octet-stream").status_code == 403
    page = browser.get("/tasks/")
    token = str(page.context["csrf_token"])
    sent = browser.put(address, b"01234", "application/octet-stream", headers={"X-CSRFToken": token})
    assert sent.status_code == 200


def test_the_id_of_an_upload_stands_in_the_place_of_a_file(cast, redis_server):
    """As the page's script sends its form; a file in the form itself goes on working beside it."""
    number = begin(cast, len(CSV))
    put(cast, number, 0, CSV)
    browser = cast.pages("alice")
    fields = {"delimiter": "auto", "encoding": "auto", "header": "on"}
    assert browser.post(f"/tasks/{PROFILE}/", {**fields, "file": number}).status_code == 302
    assert Job.objects.latest("created_at").args["file"] == number
    file = SimpleUploadedFile("a.csv", CSV)
    assert browser.post(f"/tasks/{PROFILE}/", {**fields, "file": file}).status_code == 302


def test_pieces_pass_through_daphne_and_leave_no_memory_behind(web):
    web.user("alice", launch=True)
    headers = {"Authorization": f"Bearer {web.token('alice')}"}
    pieces, before = 25, megabytes(web)
    with httpx.Client(base_url=f"{web.url}/api/v1/", headers=headers, timeout=30) as client:
        made = client.post("uploads", json={"name": "large.bin", "size": pieces * 4 * MIB}).json()
        for n in range(pieces):
            piece = bytes([n]) * 4 * MIB
            sent = client.put(f"uploads/{made['id']}", params={"offset": n * 4 * MIB}, content=piece)
            assert (sent.status_code, sent.json()["received"]) == (200, (n + 1) * 4 * MIB)
        too_large = client.put(f"uploads/{made['id']}", params={"offset": 0}, content=b"x" * 13 * MIB)
        assert (too_large.status_code, too_large.headers["Content-Type"]) == (413, "application/problem+json")
        assert client.delete(f"uploads/{made['id']}").status_code == 204
    assert megabytes(web, "VmHWM") - before < 60
