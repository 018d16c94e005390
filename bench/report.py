"""Results for people: a line for each on the terminal, and the table of docs/performance.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# What stands between these two lines of the document is made anew.
_BEGIN, _END = "<!-- measured: made by `make bench` -->", "<!-- end of what was measured -->"


def line(result: Mapping[str, Any]) -> str:
    """One result, with how far it is from what it has to be."""
    parts = [f"{result['name']}: {result['ours']:g} {result['unit']} [{_range(result['spread'])}]"]
    if result["floor"] is not None:
        parts.append(f"{result['ratio_to_floor']:g} × {result['floor_name'] or 'floor'} ({result['floor']:g})")
    if result["peer"] is not None:
        parts.append(f"{result['ratio_to_peer']:g} × {result['peer_name']} ({result['peer']:g})")
    for target in result["targets"]:
        parts.append(f"{'holds' if target['holds'] else 'MISSES'}: {_bound(target)}")
    return ", ".join(parts)


def write(path: Path, machine: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> None:
    """Put the machine and the rows of these results into the document's table; rows of other figures stay."""
    before, _, rest = path.read_text().partition(_BEGIN)
    old, _, after = rest.partition(_END)
    rows = {row.split(" | ")[0].removeprefix("| "): row for row in old.splitlines() if row.startswith("| ")}
    rows = {name: row for name, row in rows.items() if name not in ("figure", "---")}
    rows |= {result["name"]: _row(result) for result in results}
    memory = machine["memory"] / 2**30
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    text = [
        _BEGIN,
        "",
        f"{machine['processor']}, {machine['cores']} cores, {memory:.1f} GiB, {machine['system']}, "
        f"Python {machine['python']}; {packages}.",
        "",
        "| figure | ours | floor | peer | to floor | to peer | rounds | bound, aim | |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *rows.values(),
        "",
        _END,
    ]
    path.write_text(before + "\n".join(text) + after)


def _row(result: Mapping[str, Any]) -> str:
    cells = [
        result["name"],
        f"{result['ours']:g} {result['unit']} ({_range(result['spread'])})",
        "" if result["floor"] is None else f"{result['floor']:g} {result['floor_name'] or ''}".strip(),
        "" if result["peer"] is None else f"{result['peer']:g} {result['peer_name']}",
        "" if result["floor"] is None else _ratio(result, "floor"),
        "" if result["peer"] is None else _ratio(result, "peer"),
        str(result["runs"]),
        "; ".join(map(_bound, result["targets"])),
        ", ".join("holds" if target["holds"] else "**misses**" for target in result["targets"]),
    ]
    return f"| {' | '.join(cells)} |"


def _ratio(result: Mapping[str, Any], other: str) -> str:
    return f"{result[f'ratio_to_{other}']:g} ({_range(result[f'ratio_to_{other}_spread'])})"


def _range(spread: Sequence[float]) -> str:
    return f"{spread[0]:g} … {spread[1]:g}"


def _bound(target: Mapping[str, Any]) -> str:
    sign, bound = ("≥", target["at_least"]) if "at_least" in target else ("≤", target["at_most"])
    what = {"ours": "", "ratio_to_floor": " × floor", "ratio_to_peer": " × peer"}[target["of"]]
    return f"{sign} {bound:g}{what}, aim {target['aim']:g}"
