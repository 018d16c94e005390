"""What a task asks of its files: size and type, judged by content where a launch is judged."""

import codecs
import io
import random
import uuid
import zipfile
from typing import Annotated, Any

import pytest
from PIL import Image

from dashboard.forms.form import form_class
from tasks import FileRules, UploadedFile
from tasks.catalog import BadArguments, LaunchableTask
from tasks.file_rules import in_words
from tasks.uploaded import path_of
from tests.support.signatures import described

Picture = Annotated[UploadedFile, FileRules(types=["image/*"], max_size=20_000)]


def take(
    table: Annotated[UploadedFile | None, FileRules(types=["text/csv", "application/json"])] = None,
    picture: Picture | None = None,
    pictures: list[Picture] | None = None,
    paper: Annotated[UploadedFile | None, FileRules(types=["application/pdf", "image/png"])] = None,
    archive: Annotated[UploadedFile | None, FileRules(types=["application/gzip", "application/zip"])] = None,
    small: Annotated[UploadedFile | None, FileRules(max_size=5 * 1024**2)] = None,
) -> None: ...


def drawn(kind: str) -> bytes:
    into = io.BytesIO()
    Image.new("RGB", (9, 9)).save(into, kind)
    return into.getvalue()


def zipped() -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("xl/workbook.xml", "x" * 99)
    return into.getvalue()


PNG, JPEG, WEBP, ZIP = drawn("PNG"), drawn("JPEG"), drawn("WEBP"), zipped()
GZIP, PDF = b"\x1f\x8b\x08\x00" + bytes(9), b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"x" * 99
CSV = "이름,나이\n김,3\n"


@pytest.fixture
def task(settings, tmp_path) -> LaunchableTask:
    settings.TASKCAST_HOME = tmp_path
    return described(take)


def judged(task: LaunchableTask, monkeypatch: Any, name: str, *contents: bytes) -> str:
    """What is said of the files with these contents; "" where they are taken."""
    files = {}
    for content in contents:
        file = UploadedFile(uuid.uuid4(), "a.csv", len(content))  # always called so: a name proves nothing
        path = path_of(file.id, file.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        files[file.id] = file
    monkeypatch.setattr("tasks.catalog_task.finder_for", lambda user: files.get)
    ids = [str(number) for number in files]
    try:
        task.validate({name: ids if name == "pictures" else ids[0]})
    except BadArguments as error:
        return "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors)
    return ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("table", CSV.encode()),
        ("table", CSV.encode("cp949")),
        ("table", CSV.encode("utf-16")),
        ("table", codecs.BOM_UTF8),
        ("table", b"BM,MZ,II*\n1,2,3\n"),  # the signatures of a bitmap, a program and a photograph
        ("table", b'{"a": 1}'),
        ("table", b""),
        ("picture", PNG),
        ("picture", JPEG),
        ("picture", WEBP),
        ("pictures", PNG),
        ("paper", PDF),
        ("paper", PNG),
        ("archive", GZIP),
        ("archive", ZIP),
        ("small", random.Random(1).randbytes(1000)),
    ],
)
def test_what_is_taken(task, monkeypatch, name, content):
    assert judged(task, monkeypatch, name, content) == ""


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("table", PNG, "This takes text/csv, application/json; the file is image/png."),
        ("table", ZIP, "the file is an Excel workbook or another zip archive; save it as CSV first."),
        ("table", random.Random(2).randbytes(10_000), "the file is binary data."),
        ("picture", CSV.encode(), "This takes image/*; the file is text."),
        ("picture", b"", "This takes image/*; the file is empty."),
        ("picture", PNG + bytes(20_000), "The file is larger than 19.53 KiB, the most that is taken here."),
        ("paper", JPEG, "the file is image/jpeg."),
        ("archive", PDF, "the file is a PDF document."),
        ("small", bytes(5 * 1024**2 + 1), "larger than 5 MiB"),
    ],
)
def test_what_is_not_taken_is_told_at_its_field(task, monkeypatch, name, content, says):
    said = judged(task, monkeypatch, name, content)
    assert says in said
    assert said.startswith(f"{name}: ")


def test_one_of_several_files_is_enough_to_be_wrong(task, monkeypatch):
    assert "the file is text" in judged(task, monkeypatch, "pictures", PNG, CSV.encode())


def test_the_schema_and_the_form_say_the_rules(task):
    properties = task.schema()["properties"]
    assert properties["pictures"]["anyOf"][0]["items"] == {
        "type": "string",
        "format": "upload",
        "maxBytes": 20_000,
        "accept": ["image/*"],
    }
    assert properties["table"]["accept"] == ["text/csv", "application/json"]
    assert "accept" not in properties["small"]
    form = form_class(task)()
    table, pictures = form["table"].field.widget.attrs, form["pictures"].field.widget.attrs
    assert table["accept"] == "text/csv,application/json,.csv,.json"
    assert (pictures["accept"], pictures["data-most-bytes"]) == ("image/*", 20_000)
    assert str(pictures["data-too-large"]) == "The file is larger than 19.53 KiB, the most that is taken here."
    assert form["pictures"].help_text == "At most 19.53 KiB."
    assert form["table"].help_text == ""


@pytest.mark.parametrize(
    "rules",
    [
        {"max_size": 0},
        {"types": "text/csv"},
        {"types": [".csv"]},
        {"types": ["text"]},
        {"types": ["application/x-nobody-knows"]},
    ],
)
def test_rules_that_mean_nothing_are_refused_where_they_are_written(rules):
    with pytest.raises(ValueError, match="FileRules"):
        FileRules(**rules)


def test_sizes_as_people_write_them():
    sizes = [500, 1024, 10 * 1024**2, 3 * 1024**3 // 2, 64 * 1024**3]
    assert list(map(in_words, sizes)) == ["500 B", "1 KiB", "10 MiB", "1.5 GiB", "64 GiB"]
