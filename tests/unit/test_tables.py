"""The CSV profiler: how files are read, what is found in them, and what is refused before a job exists."""

import codecs
import csv
import io
import itertools
import os
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.launchable import BadArgument
from tasks.progress import Recording, activate
from tasks.samples import tables
from tasks.samples.csv_dialect import delimiter_of, encoding_of, encoding_of_head
from tasks.samples.csv_profile import Profile, as_table
from tasks.samples.csv_stream import LONGEST, open_csv
from tasks.samples.tables import check_profile_csv, profile_csv

KOREAN = "이름,도시,나이\n" + "".join(f"김민수{n},서울,{20 + n}\n" for n in range(50))


@pytest.fixture
def data(tmp_path, settings) -> Path:
    settings.TASKCAST_DATA = tmp_path / "data"
    settings.TASKCAST_DATA.mkdir()
    return settings.TASKCAST_DATA


def profile(content: str | bytes, data: Path, **options) -> dict:
    (data / "t.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return profile_csv(path="t.csv", **options)


def column(report: dict, name: str) -> dict:
    return next(column for column in report["columns"] if column["column"] == name)


# Encodings


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("cp949", "cp949"),
        ("euc-kr", "cp949"),
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
    ],
)
def test_korean_is_read_in_every_encoding_it_is_written_in(data, encoding, found):
    report = profile(KOREAN.encode(encoding), data)
    assert report["encoding"] == found
    assert [c["column"] for c in report["columns"]] == ["이름", "도시", "나이"]
    assert column(report, "도시")["top"] == [{"value": "서울", "count": 50}]
    assert report["undecodable"] == 0


def test_korean_that_begins_after_the_first_megabytes(data):
    ascii_part = "name,city\n" + "kim,seoul\n" * 300_000
    report = profile(ascii_part.encode() + ("김민수,서울\n" * 20).encode("cp949"), data)
    assert report["encoding"] == "cp949"
    assert column(report, "city")["top"] == [
        {"value": "seoul", "count": 300_000},
        {"value": "서울", "count": 20},
    ]


def test_utf8_with_damage_stays_utf8_and_is_counted(data):
    good = ("이름,도시\n" + "김민수,서울\n" * 20_000).encode()
    report = profile(good + b"kim\xff,\xb1\n" + good[14:], data)
    assert report["encoding"] == "utf-8"
    assert report["undecodable"] == 2
    assert column(report, "도시")["top"][0]["value"] == "서울"


def test_western_text(data):
    text = "Name;Straße\n" + "Jürgen Müller;Königsstraße 3\nRené Façade;Áncora\n" * 20
    report = profile(text.encode("cp1252"), data)
    assert column(report, "Straße")["top"][0]["value"] in ("Königsstraße 3", "Áncora")


def test_western_text_that_central_european_statistics_fit_as_well(data):
    rows = "".join(f"Münchner Straße {n};{n};crème\n" for n in range(200))
    report = profile(f"Straße;Größe;Café\n{rows}".encode("latin-1"), data)
    assert report["encoding"] == "cp1252"
    assert column(report, "Café")["top"] == [{"value": "crème", "count": 200}]


def test_a_chosen_encoding_wins(data):
    report = profile("a\n\xe9\n".encode("latin-1"), data, encoding="latin-1")
    assert column(report, "a")["top"] == [{"value": "é", "count": 1}]


def test_half_a_character_at_the_end_of_the_head_is_no_error():
    head = ("x" + "가" * 30_000).encode()[: 64 * 1024]
    assert encoding_of_head(head) == "utf-8"


def test_a_character_cut_by_the_edge_of_a_piece():
    for shift in range(4):
        assert encoding_of(io.BytesIO(b"x" * (64 * 1024 - shift) + "가".encode() * 500_000)) == "utf-8"


# Delimiters


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b,c\n1,2,3\n", ","),
        ("a;b\n1,5;2,5\n3,5;4\n", ";"),
        ("a\tb\nx, y\tz, w\n", "\t"),
        ("a|b|c\n1|2|3\n", "|"),
        ('name,text\nx,"a; b; c"\ny,"d; e; f"\n', ","),
        ('a,b\n1,"two\nlines; here"\n', ","),
        ("only\none\ncolumn\n", ","),
        ("email\na@example.com\n", ","),
    ],
)
def test_the_delimiter_is_found(text, delimiter):
    assert delimiter_of(text) == delimiter


# Rows


def test_quotes_with_newlines_delimiters_and_quotes(data):
    report = profile('a,b\n1,"two\nlines, ""quoted"""\n2,x\n', data)
    assert report["rows"] == 2
    assert report["lines"] == 4
    assert column(report, "b")["max"] == "x"
    assert column(report, "b")["min"] == 'two\nlines, "quoted"'


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems(data, newline):
    report = profile(newline.join(["a,b", "1,2", "3,4", ""]), data)
    assert report["rows"] == 2
    assert column(report, "b")["max"] == 4


def test_ragged_rows_are_counted_and_named_and_their_cells_kept(data, caplog):
    report = profile("a,b,c\n1,2,3\n4\n5,6,7,8\n9,10,11\n", data)
    assert (report["rows"], report["ragged_rows"]) == (4, 2)
    assert column(report, "a")["max"] == 9
    assert column(report, "b")["empty"] == 1


def test_blank_lines_are_no_rows(data):
    assert profile("a,b\n\n1,2\n\n\n3,4\n\n", data)["rows"] == 2


def test_a_few_nul_bytes_do_no_harm(data):
    report = profile("a,b\n" + "x,y\n" * 500 + "x\x00,1\n", data)
    assert report["rows"] == 501


def test_a_field_of_two_megabytes(data):
    report = profile("a,b\n1," + "x" * 2_000_000 + "\n2,y\n", data)
    assert report["rows"] == 2
    assert len(column(report, "b")["min"]) == 100


def test_a_quote_that_is_never_closed_is_said(data):
    with pytest.raises(ValueError, match=r"begins in line 3 .* never closed"):
        profile('a,b\n1,2\n3,"4\n' + "5,6\n" * (LONGEST // 4 + 10), data)


@pytest.fixture
def said(monkeypatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr("tasks.samples.tables.log", lambda text, level="info": lines.append(text))
    return lines


def test_a_quote_that_swallows_the_end_of_the_file_is_said(data, said):
    report = profile('a,b\n1,2\n3,"4\n5,6\n7,8\n', data)
    assert report["rows"] == 2
    assert any("begins in line 3 is never closed: the last 3 lines were read as one row" in line for line in said)


@pytest.mark.parametrize("text", ['a,b\n1,"2\n3"\n', 'a,b\n1,"2"', "a,b\n1,2", 'a,b\n1,"2\n3"'])
def test_a_quote_that_is_closed_is_no_matter(data, said, text):
    profile(text, data)
    assert said
    assert not any("never closed" in line for line in said)


def test_a_file_without_line_ends_is_refused_without_reading_it_all(data):
    with (data / "t.csv").open("wb") as file:
        for _ in range(40):
            file.write(b"x" * (1 << 20))
    tracemalloc.start()
    with pytest.raises(ValueError, match="over 4 MiB"):
        profile_csv(path="t.csv")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 * 2**20


def test_names_are_all_there_and_all_different(data):
    report = profile("a,,a, a ,column 2\n1,2,3,4,5\n", data)
    assert [c["column"] for c in report["columns"]] == ["a", "column 2", "a (2)", "a (3)", "column 2 (2)"]


def test_without_a_header(data):
    report = profile("1,x\n2,y\n", data, header=False)
    assert report["rows"] == 2
    assert [c["column"] for c in report["columns"]] == ["column 1", "column 2"]


def test_only_some_columns(data):
    report = profile("a,b,c\n1,2,3\n", data, columns=["c", "a"])
    assert [c["column"] for c in report["columns"]] == ["a", "c"]


# Columns


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        (["1", "-2", "+3", " 4 ", "0"], "integer"),
        (["1", "2.5", "-.5", "1e3"], "decimal"),
        (["2024-01-31", "2024/02/01", "2024-01-31 10:20", "2024-01-31T10:20:30.5+09:00"], "date"),
        (["true", "False", "YES", "n"], "boolean"),
        (["a", "b"], "text"),
        (["01012345678", "02"], "text"),  # telephone numbers
        (["1,234", "5,678"], "text"),
        (["1_000", "٣"], "text"),  # int() would take them
        (["2024-13-01"], "text"),
        (["No", "Kim", "Y"], "text"),  # surnames
        (["1", "x"], "mixed"),
        (["2024-01-01", "soon"], "mixed"),
        (["", "  ", "\t"], "empty"),
        (["1e999", "-1e999"], "text"),
        (["9" * 40], "integer"),
        (["9" * 41], "text"),
        (["nan", "inf"], "text"),
    ],
)
def test_types(cells, type_):
    table = Profile(["a"])
    table.add([[cell] for cell in cells])
    assert table.columns()[0]["type"] == type_


def test_numbers(data):
    found = column(profile("a\n3\n-1.5\n\n10\n", data), "a")
    assert (found["min"], found["max"], found["mean"]) == (-1.5, 10.0, pytest.approx(11.5 / 3))


def test_whole_numbers_stay_whole_and_exact():
    table = Profile(["a"])
    table.add([[str(2**60 + n)] for n in range(3)])
    found = table.columns()[0]
    # Beyond 2**53 a page could not show the number itself.
    assert (found["min"], found["max"]) == (str(2**60), str(2**60 + 2))
    assert found["mean"] == float(2**60 + 1)


def test_a_sum_beyond_a_double_has_no_mean():
    table = Profile(["a"])
    table.add([["1.5e308"], ["1.7e308"], ["1.6e308"]])
    assert table.columns()[0]["mean"] is None
    assert table.columns()[0]["max"] == 1.7e308


def test_a_column_that_becomes_decimal_late():
    table = Profile(["a"])
    table.add([["1"]] * 10)
    table.add([["2.5"]] * 10)
    assert table.columns()[0] | {"mean": 1.75, "min": 1, "max": 2.5, "type": "decimal"} == table.columns()[0]


def test_a_mixed_column_says_how_and_counts_its_numbers():
    table = Profile(["a"])
    table.add([["5"]] * 98 + [["n/a"]] * 2)
    found = table.columns()[0]
    assert found["kinds"] == {"number": 98, "text": 2}
    assert (found["min"], found["max"], found["mean"]) == (5, 5, 5)


@given(st.lists(st.sampled_from(["", " ", "1", "2", "3.5", "x", "yes", "2024-01-01", "1e999"]), min_size=1))
def test_blocks_do_not_matter(cells):
    """However the rows are cut into blocks, the profile is the same."""
    whole, pieces = Profile(["a"]), Profile(["a"])
    whole.add([[cell] for cell in cells])
    for cell in cells:
        pieces.add([[cell]])
    order = lambda report: sorted((entry["value"], entry["count"]) for entry in report.pop("top"))  # noqa: E731
    (one,), (two,) = whole.columns(), pieces.columns()
    if one["distinct"] <= 5:
        assert order(one) == order(two)
    one.pop("top", None), two.pop("top", None)
    assert one == two


def test_many_distinct_values_are_estimated_and_said_to_be():
    table = Profile(["id", "often"])
    rng = random.Random(1)
    for _ in range(50):
        values = [str(rng.getrandbits(60)) for _ in range(4000)]
        table.add([[value, "hot" if n % 10 == 0 else value] for n, value in enumerate(values)])
    found, often = table.columns()
    assert not found["distinct_exact"]
    assert found["distinct"] == pytest.approx(200_000, rel=0.05)
    assert found["top"] == []  # none is frequent
    (hot,) = often["top"]
    assert hot["value"] == "hot"
    assert 19_000 <= hot["count"] <= 20_000
    assert not often["top_exact"]
    assert as_table([often])[0]["top values"].startswith("hot (≥ ")
    assert as_table([often])[0]["distinct"].startswith("≈ ")


def test_an_estimate_is_never_more_than_there_are_values():
    counts = []
    for seed in range(6):  # an estimate is too high about every other time
        table = Profile(["id", "wide"])
        rng = random.Random(seed)
        for _ in range(12):
            table.add([[str(rng.getrandbits(60)), ""] for _ in range(1000)])
        counts.append(table.columns()[0]["distinct"])
    assert all(11_500 < count <= 12_000 for count in counts)


def test_a_column_without_frequent_values_says_why():
    def shown(*columns: list[str]) -> list[str]:
        table = Profile([f"c{n}" for n in range(len(columns))])
        table.add([list(row) for row in zip(*columns, strict=True)])
        return [row["top values"] for row in as_table(table.columns())]

    many, long = [str(n) for n in range(50_000)], ["x" * 300] * 50_000
    assert shown(many, long, [""] * 50_000, ["a"] * 50_000) == [
        "(too many different values)",
        "(too long to list)",
        "",
        "a (50000)",
    ]


def test_the_table_is_rounded_and_the_result_is_exact(data):
    report = profile("n\n1\n1\n2\n", data)
    assert column(report, "n")["mean"] == 4 / 3
    assert as_table(report["columns"])[0]["mean"] == 1.33333
    (exact,) = profile("n\n1234567.891\n", data)["columns"]
    assert (exact["min"], exact["mean"]) == (1234567.891, 1234567.891)


def test_ten_thousand_distinct_values_are_exact():
    table = Profile(["a"])
    for start in range(0, 10_000, 1000):
        table.add([[str(n)] for n in range(start, start + 1000)])
    assert table.columns()[0] | {"distinct": 10_000, "distinct_exact": True} == table.columns()[0]


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "c", "d"])
        for n in range(40_000):
            writer.writerow([n, f"user{n}@example.com", n * 0.37, "x" * (n % 50)])
    tracemalloc.start()
    with path.open("rb") as source:
        stream = open_csv(source)
        table = Profile(stream.names)
        for rows in stream.blocks():
            table.add(rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert table.rows == 40_000
    assert peak < 25 * 2**20


# What is refused before a job exists


def refused(**arguments) -> tuple[str, str]:
    with pytest.raises(BadArgument) as error:
        check_profile_csv(**arguments)
    return error.value.field, error.value.message


def test_exactly_one_of_file_and_path(data):
    assert refused()[0] == "file"
    (data / "t.csv").write_text("a\n1\n")
    upload = io.BytesIO(b"a\n")
    assert refused(file=upload, path="t.csv") == ("path", "Give a file or a path, not both.")
    check_profile_csv(path="t.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n\n\n", "no rows"),
        (b"PK\x03\x04" + bytes(100), "Excel"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "binary"),
        (b"\x1f\x8b\x08" + bytes(20), "gzip"),
        (random.Random(1).randbytes(10_000), "binary"),
        (b"\x7fELF" + bytes(1000), "binary"),
        (codecs.BOM_UTF8, "no rows"),
        (",".join(f"c{n}" for n in range(1001)).encode(), "1001 columns"),
    ],
)
def test_what_is_no_table(data, content, message):
    (data / "t.csv").write_bytes(content)
    field, said = refused(path="t.csv")
    assert field == "path"
    assert message in said


def test_a_missing_column_is_named(data):
    (data / "t.csv").write_text("name,age\nkim,3\n")
    field, said = refused(path="t.csv", columns=["name", "salary"])
    assert field == "columns"
    assert "salary" in said
    assert "name, age" in said


def test_the_check_reads_only_the_head(data):
    with (data / "t.csv").open("wb") as file:
        file.write(b"a,b\n" + b"1,2\n" * 40_000)
        file.truncate(50 * 2**30)  # sparse: reading it all would take minutes
    check_profile_csv(path="t.csv", columns=["b"])


@pytest.mark.parametrize(
    "path",
    ["../secret.csv", "/etc/passwd", "sub/../../secret.csv", "link.csv", "linked/secret.csv", "~/x", "missing.csv",
     ".", "sub", "\0", "x" * 5000, "pipe"],
)  # fmt: skip
def test_only_files_below_the_data_folder(data, path):
    outside = data.parent / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("secret\n1\n")
    (data.parent / "secret.csv").write_text("secret\n1\n")
    (data / "sub").mkdir()
    (data / "link.csv").symlink_to(outside / "secret.csv")
    (data / "linked").symlink_to(outside)
    os.mkfifo(data / "pipe")
    field, said = refused(path=path)
    assert field == "path"
    assert "secret\n" not in said


def test_links_within_the_data_folder_and_absolute_paths_are_fine(data):
    (data / "t.csv").write_text("a\n1\n")
    (data / "link.csv").symlink_to(data / "t.csv")
    check_profile_csv(path="link.csv")
    check_profile_csv(path=str(data / "t.csv"))


def test_a_refusal_cannot_tell_whether_a_file_outside_exists(data):
    assert refused(path="/etc/passwd") == refused(path="/etc/no-such-file")


def test_what_the_check_missed_fails_the_job_with_the_same_words(data):
    with pytest.raises(BadArgument, match="no column salary"):
        profile("a\n1\n", data, columns=["salary"])


def test_looking_for_the_encoding_opens_no_step_of_its_own(data, monkeypatch):
    (data / "t.csv").write_text("a,b\n" + "1,2\n" * 500_000)
    seen = []

    def looking(source, at):
        def noted(read):
            at(read)
            seen.append(recording.sample()["description"])

        return encoding_of(source, noted)

    monkeypatch.setattr(tables, "encoding_of", looking)
    recording = Recording()
    with activate(recording):
        profile_csv(path="t.csv")
    assert seen[0] == "Looking for the encoding: 3 %"
    assert seen[-1] == "Looking for the encoding: 100 %"
    ended = recording.sample()
    assert (ended["steps"], ended["description"]) == ([], "500,000 rows")


def test_the_table_is_refreshed_while_the_file_is_read(data, monkeypatch):
    shown = []
    monkeypatch.setattr(tables, "publish", lambda value, name: shown.append(name))
    monkeypatch.setattr(tables.time, "monotonic", itertools.count(0, 0.05).__next__)
    profile("a,b\n" + "1,2\n" * 200_000, data)
    assert shown.count("columns") >= 3
    assert shown[-2:] == ["columns", "profile.json"]
