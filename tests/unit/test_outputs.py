"""What a task publishes: what it becomes, when it is stored, and that it never hurts the task."""

import json
import threading
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import outputs, result_files
from tasks.output_kinds import LARGEST, TooLarge
from tasks.result_files import clean_name

PNG = b"\x89PNG\r\n\x1a\n" + bytes(5000)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def home(tmp_path, settings) -> Path:
    settings.TASKCAST_HOME = tmp_path
    return tmp_path


@pytest.fixture
def job_id() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def published(home, job_id, said, clock) -> outputs.Outputs:
    return outputs.Outputs(job_id, log=lambda text, level: said.append(text), clock=clock)


def stored(job_id: str, name: str) -> bytes:
    file, _, _ = outputs.open_file(job_id, name)
    with file:
        return file.read()


# Kinds


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"a": 1}, "json"),
        (3, "json"),
        ([], "json"),
        ([1, 2], "json"),
        (None, "json"),
        ([{"a": 1}, {"b": 2}], "table"),
        ("# Done", "markdown"),
        ("<svg onload=alert(1)>", "markdown"),
        (PNG, "image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file"),
        (b"plain bytes", "file"),
    ],
)
def test_the_kind_follows_from_the_value(home, job_id, value, kind):
    assert outputs.encode(job_id, "x", value)["kind"] == kind


def test_a_small_value_stands_in_the_descriptor(home, job_id):
    table = outputs.encode(job_id, "t", [{"a": 1}, {"a": 2}])
    assert table == {"name": "t", "kind": "table", "size": 17, "rows": 2, "value": [{"a": 1}, {"a": 2}]}
    assert not (home / "results" / job_id / "t.table").exists()


def test_a_large_value_is_a_file(home, job_id):
    rows = [{"n": n} for n in range(1000)]
    described = outputs.encode(job_id, "표", rows)
    assert "value" not in described
    assert described["rows"] == 1000
    assert json.loads(stored(job_id, "표")) == rows
    file, media_type, filename = outputs.open_file(job_id, "표")
    file.close()
    assert (media_type, filename) == ("application/json", "표.json")


def test_an_image_is_served_as_what_its_bytes_say(home, job_id):
    assert outputs.encode(job_id, "chart.html", PNG)["media_type"] == "image/png"
    file, media_type, _ = outputs.open_file(job_id, "chart.html")
    file.close()
    assert media_type == "image/png"


@pytest.mark.parametrize("name", ["page.html", "image.svg", "code.js", "page.xhtml", "noending"])
def test_nothing_that_a_browser_would_run_is_named_so(home, job_id, name):
    outputs.encode(job_id, name, b"<script>alert(1)</script>")
    file, media_type, _ = outputs.open_file(job_id, name)
    file.close()
    assert media_type == "application/octet-stream"


def test_a_path_is_copied_when_it_is_published(published, job_id, tmp_path):
    path = tmp_path / "report.csv"
    path.write_bytes(b"a,b\n")
    published.publish(path, "report.csv")
    path.unlink()
    (described,) = published.drain()
    assert (described["kind"], described["media_type"]) == ("file", "text/csv; charset=utf-8")
    assert stored(job_id, "report.csv") == b"a,b\n"


class Picture:
    """As PIL's images are, as far as it matters."""

    def getbands(self) -> tuple[str, ...]:
        return ("R",)

    def save(self, file, format: str) -> None:
        file.write(PNG)


def test_a_picture_is_saved(published):
    published.publish(Picture(), "chart")
    assert published.drain()[0]["media_type"] == "image/png"


# Names


@given(st.text())
def test_a_clean_name_is_clean_and_leads_nowhere_else(name):
    clean = clean_name(name)
    assert clean == clean_name(clean)
    assert 0 < len(clean) <= 100
    assert len(clean.encode()) <= 200
    assert not set(clean) & set('/\\\0:*?"<>|\n')
    assert not clean.startswith(".")
    assert clean.casefold() != "result"


@pytest.mark.parametrize("name", ["../secret", "..", "", "a/b", "x\0", "/etc/passwd", ".staged-1"])
def test_no_other_file_can_be_opened(home, job_id, name):
    (home / "results" / job_id).mkdir(parents=True)
    (home / "results" / "secret.file").write_text("x")
    with pytest.raises(FileNotFoundError):
        outputs.open_file(job_id, name)


def test_a_job_id_is_no_path(home):
    with pytest.raises(ValueError):
        outputs.open_file("../..", "x")


# Storing


def test_a_value_is_taken_when_it_is_published(published):
    rows = [{"n": 1}]
    published.publish(rows, "rows")
    rows.clear()
    assert published.drain()[0]["value"] == [{"n": 1}]


def test_a_name_is_stored_four_times_a_second_and_the_last_version_always(published, clock):
    versions = []
    for n in range(1000):  # a second of publishing
        published.publish({"n": n}, "count")
        versions += published.drain()
        clock.now += 0.001
    assert 4 <= len(versions) <= 5
    assert published.waiting
    assert published.drain(final=True)[0]["value"] == {"n": 999}
    assert not published.waiting
    assert published.drain(final=True) == []


def test_a_republished_name_replaces_the_old_entry_also_in_another_kind(published, job_id, home, clock):
    for value in ("x" * 5000, [{"a": 1}] * 2000, PNG, {"small": 1}):
        published.publish(value, "out")
        published.publish(1, "other")
        published.drain(final=True)
    first, _ = published.descriptors()
    assert first == {"name": "out", "kind": "json", "size": 11, "value": {"small": 1}, "version": 4}
    assert list((home / "results" / job_id).iterdir()) == []


def test_another_attempt_goes_on_from_what_the_earlier_one_showed(home, job_id):
    again = outputs.Outputs(job_id, before=[{"name": "a", "kind": "json", "value": 1, "version": 7}])
    again.publish(2, "b")
    again.publish(3, "a")
    again.drain()
    assert [(d["name"], d["value"], d["version"]) for d in again.descriptors()] == [("a", 3, 8), ("b", 2, 1)]


def test_all_inline_values_together_fit_a_frame(published):
    for n in range(20):
        published.publish("x" * 3000, f"text {n}")
    published.drain()
    assert len(json.dumps(published.descriptors())) < 8 * 1024


def test_a_reader_never_sees_half_a_file(home, job_id):
    """One thread publishes versions of 200 kB, another reads all the while."""
    done = threading.Event()

    def write() -> None:
        for n in range(100):
            outputs.encode(job_id, "big.txt", bytes([65 + n % 26]) * 200_000)
        done.set()

    outputs.encode(job_id, "big.txt", b"A" * 200_000)
    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        content = stored(job_id, "big.txt")
        assert len(content) == 200_000
        assert len(set(content)) == 1
    writer.join()
    assert [path.name for path in (home / "results" / job_id).iterdir()] == ["big.txt.file"]


def test_files_are_for_their_owner_alone(home, job_id):
    outputs.encode(job_id, "x.txt", b"x")
    folder = home / "results" / job_id
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "x.txt.file").stat().st_mode & 0o777 == 0o600


# What cannot be shown


def test_too_many_outputs_are_said_once(published, said):
    for n in range(150):
        published.publish(n, f"output {n}")
    published.drain()
    assert len(published.descriptors()) == 100
    assert len(said) == 1


def test_too_large(published, said, home, job_id, tmp_path):
    with pytest.raises(TooLarge):
        outputs.encode(job_id, "x", bytes(LARGEST + 1))
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    published.publish(path, "huge")
    assert published.drain() == []
    assert "at most 50 MiB" in said[0]
    assert list((home / "results" / job_id).iterdir()) == []


def test_publishing_never_fails_the_task(published, said, tmp_path):
    published.publish(tmp_path / "missing.csv", "missing")
    published.publish(tmp_path / "missing.csv", "missing")
    assert published.drain() == []
    assert len(said) == 1
    assert "missing" in said[0]


def test_a_full_disk_is_said_and_forgotten(published, said, home, job_id):
    (home / "results").mkdir()
    (home / "results" / job_id).write_text("a file where the folder should be")
    published.publish("x" * 5000, "text")
    assert published.drain() == []
    assert "text" in said[0]
    (home / "results" / job_id).unlink()
    published.publish("y" * 5000, "text")
    assert published.drain(final=True)


def test_not_a_number_is_null_and_said(published, said):
    published.publish([{"mean": float("nan")}], "stats")
    assert published.drain()[0]["value"] == [{"mean": None}]
    assert "NaN" in said[0]


# The result


def test_a_result_is_its_json(home, job_id):
    assert outputs.result_value(job_id, {"a": (1, 2)}) == ({"a": [1, 2]}, False)
    assert outputs.result_value(job_id, None) == (None, False)


def test_a_large_result_is_a_file(home, job_id):
    value = ["한" * 100] * 1000
    assert outputs.result_value(job_id, value) == (None, True)
    file, media_type, filename = outputs.open_file(job_id, "result")
    with file:
        assert json.load(file) == value
    assert (media_type, filename) == ("application/json", "result.json")


def test_an_output_cannot_take_the_results_place(home, job_id):
    outputs.result_value(job_id, "x" * 300_000)
    assert outputs.encode(job_id, "result", "y" * 5000)["name"] == "result_"
    assert stored(job_id, "result").startswith(b'"xx')


def test_a_disk_that_is_full_does_not_fail_a_job_that_succeeded(home, job_id, said):
    (home / "results").write_text("")
    assert outputs.result_value(job_id, "x" * 300_000, lambda text, _: said.append(text)) == (None, True)
    assert "could not be stored" in said[0]
    assert result_files.RESULT == "result"


def test_a_table_may_be_a_chart_too(home, job_id, said):
    published = outputs.Outputs(job_id, log=lambda text, level: said.append(text))
    published.publish([{"x": 1, "y": 2}], "curve", chart="line")
    published.publish([], "not yet", chart="line")
    published.publish([{"x": 1, "y": 2}], "pie", chart="pie")
    published.publish("words", "words", chart="bars")
    kinds = [(one["name"], one["kind"], one.get("chart")) for one in published.drain(final=True)]
    assert kinds == [
        ("curve", "table", "line"),
        ("not yet", "json", None),
        ("pie", "table", None),
        ("words", "markdown", None),
    ]
    assert said == [
        "'pie' is shown without a chart: there is no chart 'pie'; there are line and bars",
        "'words' is shown without a chart: only a table, a list of dicts, can be drawn as a chart",
    ]
