"""The search box's language: every qualifier that is documented is understood, and what is not is named."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.search import language, misread, suggestions
from dashboard.search.language import Condition, Misread, Search, parse
from tasks.events import STATES

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 11, 28, 9, 30, tzinfo=SEOUL)
ID = "7b1c0b0e-4f2a-4b0e-9a51-0d2a6f5f4c11"


def read(text: str) -> Search:
    return parse(text, NOW)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("state:failed,LOST", {"states": ("failed", "lost")}),
        ("-state:succeeded,failed", {"states": ("scheduled", "queued", "started", "retrying", "cancelled", "lost")}),
        ("state:failed,lost -state:lost", {"states": ("failed",)}),
        ("TASK:mail,add", {"tasks": ("mail", "add")}),
        ('owner:"Anna Kim"', {"owner": "Anna Kim"}),
        ("id:7B1C0b0e-4f", {"id": "7b1c0b0e4f"}),
        (f"parent:{ID} group:{ID}", {"parent": UUID(ID), "group": UUID(ID)}),
        ('schedule:"every night" queue:mail worker:w1', {"schedule": "every night", "queue": "mail", "worker": "w1"}),
        ("args.size:>100", {"args": (Condition(("size",), ">", "100", 100.0),)}),
        ("args.a.b:x args.n:<=-1.5", {"args": (Condition(("a", "b"), "", "x"), Condition(("n",), "<=", "-1.5", -1.5))}),
        ('args.n:">5"', {"args": (Condition(("n",), "", ">5"),)}),
        ('args.n:="a 5"', {"args": (Condition(("n",), "=", "a 5"),)}),
        ('args.n:>="5"', {"misread": (Misread('args.n:>="5"', "number"),)}),
        ("args.n:=5", {"args": (Condition(("n",), "=", "5", 5.0),)}),
        ('mail "no space left" now', {"words": ("mail", "now"), "phrases": ("no space left",)}),
        (r'"a \"b\" C:\temp"', {"phrases": (r'a "b" C:\temp',)}),
        ('"not closed', {"phrases": ("not closed",)}),
        ("http://x/y ValueError: 12:30", {"words": ("http://x/y", "ValueError:", "12:30")}),
        ('"state:failed"', {"phrases": ("state:failed",)}),
    ],
)
def test_what_is_typed_is_understood(text: str, found: dict[str, Any]) -> None:
    assert read(text) == Search(**found)


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("2d", NOW - timedelta(days=2), None),
        ("3h", NOW - timedelta(hours=3), None),
        ("30m", NOW - timedelta(minutes=30), None),
        ("1w", NOW - timedelta(weeks=1), None),
        ("today", datetime(2026, 11, 28, tzinfo=SEOUL), datetime(2026, 11, 29, tzinfo=SEOUL)),
        ("yesterday", datetime(2026, 11, 27, tzinfo=SEOUL), datetime(2026, 11, 28, tzinfo=SEOUL)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=SEOUL), datetime(2026, 11, 2, tzinfo=SEOUL)),
        ("2026-11-01T09:30", datetime(2026, 11, 1, 9, 30, tzinfo=SEOUL), None),
        ("2026-11-01T09:30Z", datetime(2026, 11, 1, 9, 30, tzinfo=UTC), None),
        ("2026-11-01T09:30:00.5+02:00", datetime(2026, 11, 1, 7, 30, 0, 500_000, tzinfo=UTC), None),
        ("999999w", datetime(1970, 1, 2, tzinfo=UTC), None),
    ],
)
def test_times_are_the_readers(text: str, begin: datetime, end: datetime | None) -> None:
    if text == "999999w":
        assert read(f"since:{text}").misread == (Misread("since:999999w", "time"),)
        return
    assert read(f"since:{text}").since == begin
    assert read(f"until:{text}").until == (end or begin)


def test_a_day_on_which_clocks_change_is_whole() -> None:
    berlin = datetime(2026, 10, 26, tzinfo=ZoneInfo("Europe/Berlin"))
    found = parse("since:2026-10-25 until:2026-10-25", berlin)
    assert found.since
    assert found.until
    assert found.until - found.since == timedelta(hours=25)


@pytest.mark.parametrize(
    ("text", "why", "meant"),
    [
        ("stat:failed", "qualifier", "state"),
        ("foo:bar", "qualifier", ""),
        ("args.:1", "qualifier", ""),
        ("state:", "empty", ""),
        ('owner:""', "empty", ""),
        ("args.n:>", "number", ""),
        ("args.n:=", "empty", ""),
        ("args.n:>many", "number", ""),
        ("args.n:>1e999", "number", ""),
        ("args.a..b:1", "argument", ""),
        ("state:done", "state", ""),
        ("state:failed,done", "state", ""),
        ("since:soon", "time", ""),
        ("until:2026-13-01", "time", ""),
        ("since:5", "time", ""),
        ("id:xyz", "id", ""),
        ("parent:7b1c", "uuid", ""),
        ("-task:mail", "negated", ""),
        ("-args.n:1", "negated", ""),
        (f"-state:{','.join(STATES)}", "nothing", ""),
    ],
)
def test_what_is_not_understood_is_named_and_the_rest_holds(text: str, why: str, meant: str) -> None:
    found = read(f"queue:mail {text} word")
    assert [(one.why, one.meant) for one in found.misread] == [(why, meant)]
    assert (found.queue, found.words) == ("mail", ("word",))
    said = misread.words(found.misread[0])
    assert found.misread[0].word in said or why == "nothing"
    assert "{" not in said


def test_what_is_asked_twice_holds_once() -> None:
    found = read("owner:alice owner:bob")
    assert (found.owner, found.misread) == ("alice", (Misread("owner:bob", "twice"),))
    assert read("w " * 40).misread == (Misread("w", "many"),)


@pytest.mark.parametrize("example", [text for text, _ in suggestions.examples()])
def test_every_example_of_the_page_is_understood(example: str) -> None:
    found = read(example.replace("ID", ID))
    assert found.misread == ()
    assert not language.is_empty(found)


def test_every_qualifier_is_documented_and_every_documented_example_is_understood() -> None:
    page = Path("docs/searching.md").read_text(encoding="utf-8")
    examples = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    named = {example.lstrip("-").partition(":")[0].partition(".")[0] for example in examples if ":" in example}
    assert {*language.QUALIFIERS, "args"} <= named
    assert {text.partition(":")[0].partition(".")[0] for text, _ in suggestions.examples() if ":" in text} <= named
    for example in examples:
        found = read(example.replace("ID", ID))
        assert found.misread == (), example
        assert not language.is_empty(found), example


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    found = read(text)
    assert all(misread.words(one) for one in found.misread)
    assert "\x00" not in "".join([*found.words, *found.phrases, found.owner, *found.tasks, found.schedule])


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=50))
def test_what_is_written_as_a_term_is_read_back(text: str) -> None:
    assert read(language.term("owner", text)).owner == text
    assert read(language.quoted(text)).phrases == (text,)
