"""What a figure is made of: rounds, ratios, spread, targets, and the table of docs/performance.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import report
from bench.measuring import ROUNDS, Effort, Result, Target, interleaved, paused_median, percentile, ratios

MACHINE = {
    "processor": "Some processor",
    "cores": 2,
    "memory": 8 * 2**30,
    "system": "Linux 6",
    "python": "3.11",
    "packages": {"celery": "5.7.0", "redis": "8.1.0"},
}


def test_all_take_turns_and_another_one_begins_each_round() -> None:
    order: list[str] = []

    def note(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = interleaved(2, {"ours": lambda: note("ours"), "peer": lambda: note("peer"), "floor": lambda: note("floor")})
    rounds = [order[start : start + 3] for start in range(0, len(order), 3)]
    assert [sorted(each) for each in rounds] == [["floor", "ours", "peer"]] * 3
    assert len({each[0] for each in rounds}) == 3
    assert {name: len(values) for name, values in found.items()} == {"ours": 2, "peer": 2, "floor": 2}
    # The first round warms up and does not count.
    assert min(min(values) for values in found.values()) > 3


def test_ratios_are_of_the_same_round() -> None:
    # The machine was ten times slower in the second round, for both.
    found = Result("a", "ms", ours=[1, 10, 1], peer=[2, 20, 2], peer_name="p").as_json()
    assert found["ratio_to_peer"] == 0.5
    assert found["ratio_to_peer_spread"] == [0.5, 0.5]
    assert found["spread"] == [1, 10]
    assert (found["ours"], found["peer"], found["runs"]) == (1, 2, 3)
    assert found["floor"] is found["ratio_to_floor"] is found["ratio_to_floor_spread"] is None


def test_ratios_of_unequal_rounds_are_refused() -> None:
    assert ratios([1, 2], []) == []
    with pytest.raises(ValueError, match="shorter"):
        ratios([1, 2], [1])


@pytest.mark.parametrize(
    ("more_is_better", "value", "holds"),
    [(False, 9.9, True), (False, 10, True), (False, 10.1, False), (True, 9.9, False), (True, 10, True)],
)
def test_a_bound_is_a_part_of_what_holds(more_is_better: bool, value: float, holds: bool) -> None:
    target = Target("ours", 10, 5, more_is_better)
    assert target.holds(value) is holds
    told = Result("a", "ms", [value], targets=[target]).as_json()["targets"][0]
    assert told["holds"] is holds
    assert told["at_least" if more_is_better else "at_most"] == 10


def test_numbers_claim_four_digits() -> None:
    found = Result("a", "ms", [123456.0], floor=[3.0]).as_json()
    assert found["ours"] == 123500
    assert found["ratio_to_floor"] == 41150


def test_percentiles() -> None:
    values = [*range(1, 101)]
    assert percentile(values[::-1], 95) == 95
    assert percentile([7], 95) == 7
    assert percentile([1, 2], 0) == 1


def test_an_action_that_gives_something_else_is_an_error() -> None:
    assert paused_median(3, lambda: 8, 8) < 20
    with pytest.raises(RuntimeError, match="9 instead of 8"):
        paused_median(1, lambda: 9, 8)


def test_a_smoke_run_does_little() -> None:
    assert (Effort().rounds, Effort(smoke=True).rounds) == (ROUNDS, 1)
    assert (Effort().of(1000, 5), Effort(smoke=True).of(1000, 5)) == (1000, 5)


def test_the_contract_names_what_each_result_has() -> None:
    names = {"name", "unit", "ours", "floor", "peer", "peer_name", "ratio_to_floor", "ratio_to_peer", "runs", "spread"}
    assert names <= Result("a", "ms", [1.0]).as_json().keys()


def test_a_line_says_how_far_it_is() -> None:
    target = Target("ratio_to_peer", 1, 0.5)
    found = Result("page", "ms", [4, 6], floor=[2, 2], peer=[4, 4], peer_name="Flower", targets=[target]).as_json()
    assert report.line(found) == ("page: 5 ms [4 … 6], 2.5 × floor (2), 1.25 × Flower (4), MISSES: ≤ 1 × peer, aim 0.5")


def test_a_row_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"# Head\n\n{report._BEGIN}\nold\n{report._END}\n\n## What falls short\n")
    targets = [Target("ours", 100, 150, more_is_better=True), Target("ratio_to_floor", 0.5, 0.1)]
    results = [
        Result("jobs", "jobs a second", [99.0], floor=[100.0], floor_name="bare", targets=targets).as_json(),
        Result("frame", "ms", [16.7]).as_json(),
    ]
    for _ in range(2):
        report.write(document, MACHINE, results)
    text = document.read_text()
    assert text.startswith("# Head\n\n")
    assert text.endswith("\n\n## What falls short\n")
    assert "old" not in text
    assert text.count("| jobs |") == 1
    assert "Some processor, 2 cores, 8.0 GiB, Linux 6, Python 3.11; celery 5.7.0, redis 8.1.0." in text
    assert (
        "| jobs | 99 jobs a second (99 … 99) | 100 bare |  | 0.99 (0.99 … 0.99) |  "
        "| 1 | ≥ 100, aim 150; ≤ 0.5 × floor, aim 0.1 | **misses**, **misses** |" in text
    )
    assert "| frame | 16.7 ms (16.7 … 16.7) |  |  |  |  | 1 |  |  |" in text


def test_rows_of_figures_that_were_not_measured_anew_stay(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"{report._BEGIN}\n{report._END}\n")
    report.write(document, MACHINE, [Result("a", "ms", [1.0]).as_json(), Result("b", "ms", [2.0]).as_json()])
    report.write(document, MACHINE, [Result("a", "ms", [3.0]).as_json()])
    text = document.read_text()
    assert "| a | 3 ms (3 … 3) " in text
    assert "| b | 2 ms (2 … 2) " in text
    assert text.count("| figure |") == 1
