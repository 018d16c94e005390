"""What is typed on a command line arrives as it does from the launch form; what is wrong is named."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from dashboard.terminal import asking
from dashboard.terminal.arguments import is_secret, missing_secrets, read
from tasks.catalog import BadArguments
from tests.support import signatures as s
from tests.support.signatures import described


def nobody(parameter: Any) -> str:
    raise AssertionError(f"asked for {parameter.name}")


def typed(function: Any, *words: str, ask: Any = nobody, **beside: Any) -> dict[str, Any]:
    task = described(function)
    given = read(task, words, ask, beside=beside)
    return dict(task.validate(given.args, json_types=given.is_exact))


def wrong(function: Any, *words: str) -> dict[str, str]:
    with pytest.raises(BadArguments) as refused:
        typed(function, *words)
    return {".".join(map(str, fault["loc"])): fault["msg"] for fault in refused.value.errors}


@pytest.mark.parametrize(
    ("function", "words", "expected"),
    [
        (s.numbers, ["whole=3"], {"whole": 3}),
        (s.numbers, ["whole= 3 ", "real=0.25", "money=0.10", "maybe="],
         {"whole": 3, "real": 0.25, "money": Decimal("0.10")}),
        (s.numbers, ["whole:=3", "maybe:=null"], {"whole": 3, "maybe": None}),
        (s.texts, ["plain= spaces ", "nullable=", "coded=xy"], {"plain": " spaces ", "coded": "xy"}),
        (s.texts, ["plain=a=b:=c", "long=a\r\nb"], {"plain": "a=b:=c", "long": "a\nb"}),
        (s.texts, ["plain=-", "nullable=@alice"], {"plain": "-", "nullable": "@alice"}),
        (s.texts, ['plain:="4"', "nullable=4"], {"plain": "4", "nullable": "4"}),
        (s.choices, ["colour=green", "literal=3", "level=2", "corner=ORIGIN", "several=red", "several=green"],
         {"colour": s.Colour.GREEN, "literal": 3, "level": s.Level.HIGH, "corner": s.Corner.ORIGIN,
          "several": [s.Colour.RED, s.Colour.GREEN]}),
        (s.choices, ["colour=red", 'several=["red"]'], {"colour": s.Colour.RED, "several": [s.Colour.RED]}),
        (s.choices, ["colour=red", "yes=true", "perhaps=false"],
         {"colour": s.Colour.RED, "yes": True, "perhaps": False}),
        (s.choices, ["colour=red", "yes=no", "perhaps=1"], {"colour": s.Colour.RED, "yes": False, "perhaps": True}),
        (s.times, ["day=2026-05-31", "moment=2026-05-31T10:00Z", "hour=12:30", "span=90", "ident="],
         {"day": datetime.date(2026, 5, 31), "moment": datetime.datetime(2026, 5, 31, 10, tzinfo=datetime.UTC),
          "hour": datetime.time(12, 30), "span": datetime.timedelta(seconds=90)}),
        (s.many, ["words=a b", "words=c", "counts=[1, 2]", 'pair=[2, "b"]', 'mapping={"a": 1}', "once=1", "once=2"],
         {"words": ["a b", "c"], "counts": [1, 2], "pair": (2, "b"), "mapping": {"a": 1}, "once": [1, 2]}),
        (s.many, ["words:=[]", "counts:=[1]", "unique=1", "unique=1", "once=1"],
         {"words": [], "counts": [1], "unique": {1}, "once": [1]}),
        (s.models, ['login={"user": "a", "password": "b"}', 'strict={"day": "2026-05-31"}'],
         {"login": s.Login(user="a", password=SecretStr("b")), "strict": s.Strict(day=datetime.date(2026, 5, 31))}),
        (s.untyped, ["x=4", "y=", 'z="4"'], {"x": 4, "z": "4"}),
        (s.untyped, ["x=hello", "y=[1]", "z=NaN"], {"x": "hello", "y": [1], "z": "NaN"}),
        (s.positional, ["first=1", "rest=7", "rest=8", 'others={"a": 5}'],
         {"first": 1, "rest": [7, 8], "others": {"a": 5}}),
        (s.form_names, [*(f"{name}=1" for name in
                          ("data", "files", "fields", "errors", "clean", "prefix", "is_valid", "csrfmiddlewaretoken"))],
         dict.fromkeys(
             ("data", "files", "fields", "errors", "clean", "prefix", "is_valid", "csrfmiddlewaretoken"), 1)),
        (s.called_self, ["self=1"], {"self": 1}),
    ],
)  # fmt: skip
def test_what_is_typed_arrives_exactly(function: Any, words: list[str], expected: dict[str, Any]):
    found = typed(function, *words)
    assert {name: found[name] for name in expected} == expected
    assert found.keys() - expected.keys() <= {"field"}


@pytest.mark.parametrize(
    ("function", "words", "name", "message"),
    [
        (s.numbers, ["whole=4.5"], "whole", "Enter a whole number."),
        (s.numbers, ["whole="], "whole", "This field is required."),
        (s.numbers, ["whole=11"], "whole", "Must be at most 10."),
        (s.numbers, ["whole=1", "whole=2"], "whole", "is given more than once."),
        (s.numbers, ["whole:=1", "whole=2"], "whole", "is given twice."),
        (s.numbers, ["whole:=1", "whole:=2"], "whole", "is given twice."),
        (s.numbers, ['whole:="1"'], "whole", "Enter a number, not text: leave out the quotes."),
        (s.numbers, ["whole:=one"], "whole", "Enter valid JSON."),
        (s.numbers, ["whole=1", "real:=NaN"], "real", "Enter valid JSON."),
        (s.numbers, ["hole=1", "whole=1"], "hole", "The task has no such parameter."),
        (s.numbers, ["whole"], "arguments", "one of them has no name"),
        (s.numbers, ["=1"], "arguments", "one of them has no name"),
        (s.choices, ["colour=blue"], "colour", "Choose one of these"),
        (s.choices, ["colour=red", "several=blue"], "several.0", "Choose one of these"),
        (s.many, ["words=a", "pair=[1"], "pair", "Enter valid JSON."),
        (s.files, ["one=@README.md"], "one", "say to whom with --user USERNAME"),
        (s.files, ["one=README.md"], "one", "A file is named by the id of its upload."),
    ],
)
def test_what_is_wrong_is_said_of_its_parameter(function: Any, words: list[str], name: str, message: str):
    assert message in wrong(function, *words)[name]


def test_everything_that_is_wrong_is_said_at_once():
    assert wrong(s.numbers, "whole=x", "real=y", "z=1").keys() == {"whole", "real", "z"}


def test_a_word_beside_the_file_takes_the_place_of_what_the_file_says():
    assert typed(s.numbers, "whole=4", whole=3, real=0.25) == {"whole": 4, "real": 0.25}
    assert typed(s.numbers, "whole:=4", whole=3, real=0.25) == {"whole": 4, "real": 0.25}


def test_a_word_without_name_is_not_repeated_since_it_may_be_a_secret():
    assert "hunter2" not in str(wrong(s.texts, "plain=a", "hunter2"))


def test_a_secret_is_asked_for_where_its_value_is_a_dash():
    found = typed(s.texts, "plain=a", "secret=-", ask=lambda parameter: f"of {parameter.name}")
    assert found["secret"].get_secret_value() == "of secret"


def test_only_a_secret_that_is_needed_and_missing_is_asked_for():
    def task(password: str, token: str = "", key: SecretStr | None = None, name: str = "") -> None: ...

    spec = described(task)
    assert [parameter.name for parameter in spec.parameters if is_secret(parameter)] == ["password", "token", "key"]
    assert [parameter.name for parameter in missing_secrets(spec, {})] == ["password"]
    assert missing_secrets(spec, {"password": "x"}) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [("[1]", "JSON object"), ("{", "Enter valid JSON."), ('{"x": NaN}', "Enter valid JSON."), (None, "cannot be read")],
)
def test_a_file_of_arguments_is_one_json_object(text: str | None, message: str, tmp_path: Any):
    path = tmp_path / "arguments.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadArguments) as refused:
        asking.arguments_from(str(path))
    (fault,) = refused.value.errors
    assert fault["loc"] == ["--json"]
    assert message in fault["msg"]
