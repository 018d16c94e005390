"""PURE. Whether a job fits what no index answers: its arguments, its texts, its worker and queue.

frontend/src/fits.ts does the same for jobs that come by the socket; tests/data/search.json drives the tests of both.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dashboard.search.language import Condition, Search


def is_needed(search: Search, texts: tuple[str, ...]) -> bool:
    """Whether there is anything that only a look at each job tells; `texts` are to be found in its texts."""
    return bool(search.args or search.worker or search.queue or texts)


def fits(job: Mapping[str, Any], search: Search, texts: tuple[str, ...]) -> bool:
    """Whether a job (or a row with these columns) fits. `args` have their secrets masked: those are never found."""
    if search.queue and job.get("queue") != search.queue:
        return False
    if search.worker and search.worker.casefold() not in (job["worker"] or "").casefold():
        return False
    if not all(_is(condition, job["args"]) for condition in search.args):
        return False
    return not texts or _has(job, texts)


def _is(condition: Condition, args: Any) -> bool:
    value = args
    for name in condition.path:
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    return any(_leaf_is(condition, leaf) for leaf in _leaves(value))


def _leaf_is(condition: Condition, leaf: Any) -> bool:
    is_number = isinstance(leaf, int | float) and not isinstance(leaf, bool)
    match condition.op:
        case ">" | ">=" | "<" | "<=":
            return is_number and condition.number is not None and _compared(leaf, condition.op, condition.number)
        case "=":
            return _text(leaf).casefold() == condition.text.casefold()
    if is_number and condition.number is not None:
        return bool(leaf == condition.number)
    if isinstance(leaf, str):
        return condition.text.casefold() in leaf.casefold()
    return _text(leaf) == condition.text.casefold()


def _compared(leaf: float, op: str, number: float) -> bool:
    if op[0] == ">":
        return leaf > number or (op == ">=" and leaf == number)
    return leaf < number or (op == "<=" and leaf == number)


def _has(job: Mapping[str, Any], texts: tuple[str, ...]) -> bool:
    found = [_text(leaf).casefold() for leaf in _leaves(job["args"])]
    error = job["error"] or {}
    found += [(one or "").casefold() for one in (job["task"], error.get("type"), error.get("message"))]
    return all(any(text.casefold() in one for one in found) for text in texts)


def _leaves(value: Any) -> Iterator[Any]:
    """What is no object and no list, however deep it stands."""
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, Mapping):
            todo.extend(one.values())
        elif isinstance(one, list):
            todo.extend(one)
        else:
            yield one


def _text(leaf: Any) -> str:
    """A leaf as JavaScript writes it: 4 for 4.0, true."""
    if leaf is None or isinstance(leaf, bool):
        return {None: "null", True: "true", False: "false"}[leaf]
    if isinstance(leaf, float) and leaf.is_integer() and abs(leaf) < 1e21:
        return str(int(leaf))
    return str(leaf)
