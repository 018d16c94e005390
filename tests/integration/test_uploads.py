"""Files: kept for their owner alone, opened by the task, gone when the form was wrong."""

import io
import stat
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from kombu.utils import json as kombu_json

from dashboard.forms.form import ArgumentsForm, form_class
from tasks import UploadedFile, conf, launchable, uploads
from tasks.catalog import BadArguments, LaunchableTask
from tasks.launchable import BadArgument
from tasks.models import Upload
from tests.support.signatures import described

pytestmark = pytest.mark.django_db


def check_text(file: UploadedFile | None = None) -> None:
    if file is not None and b"\x00" in file.path.read_bytes():
        raise BadArgument("file", "This is no text.")


@launchable(check=check_text)
def count_lines(
    file: UploadedFile, least: int = 0, more: list[UploadedFile] | None = None, other: UploadedFile | None = None
) -> int:
    with file.open("r", encoding="utf-8") as lines:
        return sum(1 for _ in lines)


@pytest.fixture
def task() -> LaunchableTask:
    return described(count_lines)


@pytest.fixture
def alice() -> Any:
    return get_user_model().objects.create_user("alice")


@pytest.fixture
def bob() -> Any:
    return get_user_model().objects.create_user("bob")


def sent(
    task: LaunchableTask, user: Any, content: bytes = b"a\nb\n", name: str = "a.csv", **data: str
) -> ArgumentsForm:
    values = QueryDict(mutable=True)
    values.update(data)
    files = MultiValueDict({"file": [SimpleUploadedFile(name, content)]})
    return form_class(task)(values, files, user=user)


def on_disk() -> set[Path]:
    return {path for path in (conf.home() / "uploads").rglob("*") if path.is_file()}


def test_a_file_from_the_form_reaches_the_task(task: LaunchableTask, alice: Any):
    form = sent(task, alice, name="C:\\people\\급여.CSV", least="1")
    assert form.is_valid(), form.errors
    arguments = form.arguments()
    wired = kombu_json.loads(kombu_json.dumps(task.wire(task.validate(arguments, user=alice))))
    assert wired == {"file": arguments["file"], "least": 1}
    file = task.revive(wired)["file"]
    assert (file.name, file.size, file.path.suffix) == ("급여.CSV", 4, ".CSV")
    assert file.path.read_bytes() == b"a\nb\n"
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert count_lines(file) == 2
    passed_on = kombu_json.loads(kombu_json.dumps({"file": file}))
    assert passed_on == {"file": str(file.path)}
    assert task.revive(passed_on) == {"file": file}
    with pytest.raises(BadArguments):
        task.revive({"file": f"/elsewhere/{file.path.name}"})
    row = Upload.objects.get()
    assert (row.owner, row.received, row.size) == (alice, 4, 4)


def test_a_path_from_a_shell_still_works(tmp_path: Path):
    path = tmp_path / "x.txt"
    path.write_text("1\n")
    assert count_lines(path) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("whose", ["bob", "nobody", "alice"])
def test_an_upload_belongs_to_its_owner(task: LaunchableTask, alice: Any, bob: Any, whose: str):
    upload = uploads.save("a.txt", ContentFile(b"x"), alice)
    user = {"bob": bob, "nobody": None, "alice": alice}[whose]
    if whose == "alice":
        assert task.validate({"file": str(upload.id)}, user=user)["file"].name == "a.txt"
        return
    with pytest.raises(BadArguments) as caught:
        task.validate({"file": str(upload.id)}, user=user)
    assert caught.value.errors[0]["loc"] == ["file"]
    assert caught.value.errors[0]["type"] == "upload_unknown"
    values = QueryDict(mutable=True)
    values["file"] = str(upload.id)
    form = form_class(task)(values, {}, user=user)
    assert list(form.errors) == ["file"]


def test_an_upload_that_is_not_complete_is_unknown(task: LaunchableTask, alice: Any):
    upload = Upload.objects.create(name="a", size=10, received=4, owner=alice)
    with pytest.raises(BadArguments):
        task.validate({"file": str(upload.id)}, user=alice)
    with pytest.raises(LookupError):
        uploads.open_upload(upload.id)
    with pytest.raises(BadArguments):
        task.revive({"file": str(upload.id)})


@pytest.mark.parametrize(
    ("content", "data", "field", "message"),
    [
        (b"", {}, "file", "The file is empty."),
        (b"x" * (uploads.FORM_BYTES + 1), {}, "file", "larger than 10 MiB"),
        (b"fine", {"least": "many"}, "least", "Enter a whole number."),
        (b"\x00binary", {}, "file", "This is no text."),
    ],
)
def test_a_wrong_form_leaves_no_file_behind(
    task: LaunchableTask, alice: Any, content: bytes, data: dict[str, str], field: str, message: str
):
    before = on_disk()
    form = sent(task, alice, content, **data)
    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert message in form.errors[field][0]
    assert on_disk() == before
    assert not Upload.objects.exists()


def test_several_files_and_ids_together(task: LaunchableTask, alice: Any):
    earlier = uploads.save("earlier.txt", ContentFile(b"x"), alice)
    values = QueryDict(mutable=True)
    values.setlist("more", [str(earlier.id)])
    one = SimpleUploadedFile("1.txt", b"1")
    files = MultiValueDict(
        {"file": [one], "more": [SimpleUploadedFile("2.txt", b"2"), SimpleUploadedFile("3.txt", b"3")]}
    )
    form = form_class(task)(values, files, user=alice)
    assert form.is_valid(), form.errors
    typed = task.validate(form.arguments(), user=alice)
    assert [file.name for file in typed["more"]] == ["2.txt", "3.txt", "earlier.txt"]
    assert [file.path.read_bytes() for file in typed["more"]] == [b"2", b"3", b"x"]


def test_an_earlier_upload_is_taken_where_no_file_is_chosen(task: LaunchableTask, alice: Any, bob: Any):
    """As a browser sends it: the id as text, and a part without a file, which Django leaves out."""
    earlier = uploads.save("earlier.txt", ContentFile(b"x"), alice)
    again = QueryDict(mutable=True)
    again["file"] = str(earlier.id)
    form = form_class(task)(again, MultiValueDict(), user=alice)
    assert form.is_valid(), form.errors
    assert task.validate(form.arguments(), user=alice)["file"].name == "earlier.txt"
    assert Upload.objects.count() == 1

    other = form_class(task)(again, MultiValueDict({"file": [SimpleUploadedFile("b.txt", b"b")]}), user=alice)
    assert other.is_valid(), other.errors
    assert task.validate(other.arguments(), user=alice)["file"].name == "b.txt"  # what is chosen now wins

    assert form_class(task)(again, MultiValueDict(), user=bob).errors == {
        "file": ["There is no such upload, or it is not complete."]
    }
    assert form_class(task)(QueryDict(), MultiValueDict(), user=alice).errors == {"file": ["This field is required."]}


def test_an_upload_stays_its_id_in_the_message(task: LaunchableTask, alice: Any):
    upload = uploads.save("a.txt", ContentFile(b"x"), alice)
    typed = task.validate({"file": str(upload.id), "least": "2", "more": [str(upload.id)]}, user=alice)
    assert task.wire(typed) == {"file": str(upload.id), "least": 2, "more": [str(upload.id)]}


def test_a_file_that_cannot_be_written_leaves_nothing(alice: Any):
    class Breaking(ContentFile):
        def chunks(self, chunk_size: int | None = None) -> Any:
            yield b"half"
            raise OSError(28, "No space left on device")

    before = on_disk()
    with pytest.raises(OSError, match="No space"):
        uploads.save("a.bin", Breaking(b"half of it"), alice)
    assert not Upload.objects.exists()
    assert on_disk() == before


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\a\\b.csv", "b.csv"),
        ("a\x00b\n.txt", "ab.txt"),
        ("txt.\u202efdp.exe", "txt.fdp.exe"),
        ("..", "file"),
        ("", "file"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
        ("가.csv", "가.csv"),
        ("half\ud800.csv", "half.csv"),
        ('a<i>b & "c": 100%?*|.csv', 'a<i>b & "c": 100%?*|.csv'),
    ],
)
def test_names_are_for_reading(name: str, clean: str):
    assert uploads.clean_name(name) == clean


def test_no_name_becomes_a_path(alice: Any):
    for name in ("../../x.sh", "a.b/../c", "a.%2e%2e", "a." + "y" * 50):
        upload = uploads.save(name, ContentFile(b"x"), alice)
        path = uploads.open_upload(upload.id).path
        assert path.resolve().is_relative_to(conf.home().resolve() / "uploads")
        assert path.stem == upload.id.hex
    with pytest.raises(ValueError, match="read"):
        uploads.open_upload(upload.id).open("wb")
    with io.TextIOWrapper(uploads.open_upload(upload.id).open()) as text:
        assert text.read() == "x"
    uploads.discard(upload)
    assert not path.exists()
    with pytest.raises(LookupError):
        uploads.open_upload(uuid.uuid4())
