"""docs/arguments.md is true: its example works, and each of its sentences holds."""

import datetime
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from django.http import QueryDict
from pydantic import BaseModel, Field

from dashboard.forms.form import form_class
from tasks import Choices
from tasks.catalog import BadArguments
from tasks.launchable import BadArgument, launchable
from tests.support.signatures import described

PAGE = Path("docs/arguments.md").read_text(encoding="utf-8")


def given(function: Any, query: str) -> dict[str, Any]:
    form = form_class(described(function))(QueryDict(query), {})
    assert form.is_valid(), form.errors
    return form.arguments()


def test_the_examples_work():
    code, choices = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    scope: dict[str, Any] = {"date": datetime.date, "Annotated": Annotated, "Field": Field, "launchable": launchable}
    exec(code, scope | {"shared_task": lambda function: scope.setdefault("told", function)})
    task = described(scope["told"])
    assert (task.title, task.permission) == ("Send the report", "reports.send")
    assert form_class(task)()["copies"].help_text == "Per reader. At least 1. At most 9. Default: 1"
    scope = {"Literal": Literal, "Annotated": Annotated}
    exec(choices, scope | {"shared_task": lambda function: scope.setdefault("told", function)})
    assert 'data-needs="country"' in str(form_class(described(scope["told"]))()["city"])


@pytest.mark.parametrize(
    ("text", "seconds"), [("1:30:00", 5400), ("P1DT2H", 93600), ("90", 90), ("1.5", 1.5), ("-PT1S", -1)]
)
def test_a_duration_is_written_in_three_ways(text: str, seconds: float):
    def wait(span: datetime.timedelta) -> None: ...

    assert described(wait).validate(given(wait, f"span={text}"))["span"].total_seconds() == seconds


def test_numbers():
    def plain(real: float = 0, whole: int = 0, money: Decimal = Decimal(0)) -> None: ...

    def any_float(real: Annotated[float, Field(allow_inf_nan=True)]) -> None: ...

    for args in (
        {"real": True},
        {"whole": True},
        {"money": True},
        {"real": float("nan")},
        {"real": "nan"},
        {"real": "inf"},
    ):
        with pytest.raises(BadArguments):
            described(plain).validate(args)
    assert described(any_float).validate({"real": "Infinity"})["real"] == float("inf")
    assert described(any_float).wire(described(any_float).validate({"real": "inf"})) == {"real": "inf"}


def test_what_is_empty_and_what_is_left_out():
    def task(
        a: int | None = 4, b: int = 4, c: str = "x", d: list[int] = [1], e: str | None = "x", f: bool = True  # noqa: B006
    ) -> None: ...  # fmt: skip

    assert given(task, "a=&b=&c=&d=&e=") == {"a": None, "c": "", "d": [], "e": None, "f": False}
    assert described(task).validate({}) == {}


def test_lists_are_lines_or_json():
    def task(words: list[str], *more: int) -> None: ...

    assert given(task, "words=a%0Ab&more=1%0A2") == {"words": ["a", "b"], "more": ["1", "2"]}
    assert given(task, 'words=["a%5Cnb"]') == {"words": ["a\nb"]}


def test_without_annotation_json_where_it_parses():
    def task(x, y=None): ...

    for text, value in (("4", 4), ("abc", "abc"), ('"4"', "4"), ("[1]", [1]), ("true", True)):
        assert given(task, f"x={text}") == {"x": value}


def test_a_check_gets_the_typed_arguments_that_it_names_defaults_included():
    seen = {}

    def check(day: datetime.date, copies: int) -> None:
        seen.update(day=day, copies=copies)
        raise BadArgument("copies", "too many")

    @launchable(check=check)
    def task(day: datetime.date, copies: int = 1, other: int = 2) -> None: ...

    with pytest.raises(BadArguments) as caught:
        described(task).validate({"day": "2026-05-31"})
    assert seen == {"day": datetime.date(2026, 5, 31), "copies": 1}
    assert caught.value.errors == [{"loc": ["copies"], "msg": "too many", "type": "check"}]


def test_units_choices_and_parts():
    def cities(country: str) -> list[tuple[str, str]]:
        return [("s", "Seoul")]

    class Person(BaseModel):
        name: str
        token: str = ""

    def task(
        kg: Annotated[float, Field(json_schema_extra={"unit": "kg"})],
        country: Literal["KR", "FR"],
        city: Annotated[str, Choices(cities)],
        one: Person | None = None,
        people: list[Person] = [],  # noqa: B006
        text: str | None = None,
    ) -> None: ...

    form = form_class(described(task))()
    assert form["kg"].label == "Kg (kg)"
    assert 'type="radio" name="country"' in str(form["country"])
    assert 'type="password" name="one.token"' in str(form["one"])
    query = "kg=1&country=KR&city=s"
    assert given(task, f'{query}&one.name=&people.0.name=&people.1.name=Ann&text=""') == {
        "kg": 1, "country": "KR", "city": "s", "people": [{"name": "Ann"}], "text": ""
    }  # fmt: skip
    assert given(task, f"{query}&one=on&one.name=Ann")["one"] == {"name": "Ann"}
    assert given(task, query + '&people=[{"name": "Ann"}]')["people"] == [{"name": "Ann"}]
    for word in ("`Choices(function)`", "`order.customer.name`", "`people.0.name`", "`1h 30m`"):
        assert word in PAGE
