"""Pictures of an archive: each opened safely, upright and small, and what is none told apart."""

import io
import zipfile
from unittest.mock import patch

import pytest
from PIL import Image

from tasks.samples import image_archive
from tasks.samples.image_archive import Refused, entries, thumbnail
from tasks.samples.images import _free_name


def picture(size=(400, 200), mode="RGB", kind="png", **options):
    out = io.BytesIO()
    Image.new(mode, size, 0 if mode != "P" else None).save(out, kind, **options)
    return out.getvalue()


def archive(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return zipfile.ZipFile(out)


def made(content, size=100, kind="jpeg"):
    source = archive({"a": content})
    return Image.open(io.BytesIO(thumbnail(source, source.infolist()[0], size, kind)))


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA"])
def test_every_picture_becomes_small_in_every_format(mode, kind):
    small = made(picture(mode=mode), kind=kind)
    assert (small.format.lower(), small.size) == (kind, (100, 50))


def test_a_small_picture_is_not_made_larger():
    assert made(picture((10, 20))).size == (10, 20)


def test_a_picture_that_lies_on_its_side_is_turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert made(picture((400, 200), kind="jpeg", exif=exif)).size == (50, 100)


def test_what_is_transparent_becomes_white_in_a_jpeg():
    assert min(made(picture(mode="RGBA")).getpixel((5, 5))) > 250


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"hello", "not a picture"),
        (b"", "not a picture"),
        (picture()[:60], "damaged"),
        (picture((40, 40), kind="jpeg")[:200], "damaged"),
    ],
)
def test_what_is_no_picture_says_so(content, words):
    with pytest.raises(Refused, match=words):
        made(content)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded():
    bomb = picture((9000, 9000), mode="1")
    assert len(bomb) < 100_000
    with (
        patch("PIL.ImageFile.ImageFile.load", side_effect=AssertionError("it was decoded")),
        pytest.raises(Refused, match="9000 × 9000 pixels"),
    ):
        made(bomb)


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(image_archive, "MOST_BYTES", 1000)
    with pytest.raises(Refused, match="larger than"):
        made(b"\0" * 5000)


def test_an_entry_that_cannot_be_unpacked_is_refused():
    content = bytearray(archive({"a": picture()}).fp.getvalue())
    at = content.index(b"IHDR") if b"IHDR" in content else 45
    content[at + 2] ^= 0xFF
    source = zipfile.ZipFile(io.BytesIO(bytes(content)))
    with pytest.raises(Refused):
        thumbnail(source, source.infolist()[0], 100, "jpeg")


def test_only_files_count_and_not_too_many(monkeypatch):
    clutter = dict.fromkeys(("a/", "__MACOSX/a/b.png", "x/.DS_Store", "Thumbs.db"), b"x")
    found = entries(archive({**clutter, "a/b.png": b"x"}))
    assert [info.filename for info in found] == ["a/b.png"]
    monkeypatch.setattr(image_archive, "MOST_ENTRIES", 1)
    with pytest.raises(ValueError, match="more than 1"):
        entries(archive({"a": b"", "b": b""}))


def test_names_stay_below_the_archive_and_are_given_once():
    taken: set[str] = set()
    names = [
        _free_name(name, "jpeg", taken) for name in ("../../a.png", "a.gif", "A.PNG", "x/../y/b.png", "/etc/c.d", "..")
    ]
    assert names == ["a.jpg", "a-2.jpg", "A-3.jpg", "x/y/b.jpg", "etc/c.jpg", "picture.jpg"]
