"""The form is the signature: what is typed arrives exactly, what is wrong is said beside its field, nothing is lost."""

import datetime
import html
import inspect
import re
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from django import forms
from django.http import QueryDict
from django.template import Context, Engine
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from dashboard.forms.form import ArgumentsForm, form_class
from dashboard.forms.parts import complaints
from tasks import launchable
from tasks.catalog import LaunchableTask
from tasks.launchable import BadArgument
from tests.support import signatures as s
from tests.support.signatures import described


def query(**values: Any) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def sent(function: Any, **values: Any) -> ArgumentsForm:
    return form_class(described(function))(query(**values), {})


def typed(function: Any, **values: Any) -> dict[str, Any]:
    task = described(function)
    form = form_class(task)(query(**values), {})
    assert form.is_valid(), form.errors
    return dict(task.validate(form.arguments()))


def as_browser_would(form: ArgumentsForm) -> QueryDict:
    """What a browser sends when somebody opens the form and presses the button."""
    data = QueryDict(mutable=True)
    for bound in form:
        value, widget = bound.value(), bound.field.widget
        if isinstance(widget, forms.CheckboxInput):
            values = ["on"] if value else []
        elif isinstance(widget, forms.CheckboxSelectMultiple):
            values = list(value or [])
        elif isinstance(widget, forms.FileInput):
            values = []
        else:
            values = ["" if value is None else str(value)]
        data.setlist(bound.html_name, values)
    return data


@pytest.mark.parametrize("function", s.ALL)
def test_every_signature_has_a_form_with_its_names(function: Any):
    task = described(function)
    text = form_class(task)().as_div()
    names = set(re.findall(r'\bname="([^"]+)"', text))
    assert {name for name in names if "." not in name} == {
        {"csrfmiddlewaretoken": "csrfmiddlewaretoken__"}.get(parameter.name, parameter.name)
        for parameter in task.parameters
    }
    assert "default secret" not in text


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        (s.numbers, {"whole": " 3 "}, {"whole": 3}),
        (s.numbers, {"whole": "3", "real": "0.25", "money": "0.10", "maybe": ""},
         {"whole": 3, "real": 0.25, "money": Decimal("0.10")}),
        (s.texts, {"plain": " spaces ", "nullable": "", "coded": "xy", "long": "a\r\nb"},
         {"plain": " spaces ", "coded": "xy", "long": "a\nb"}),
        (s.choices, {"colour": "green", "literal": "3", "level": "2", "corner": "ORIGIN", "several": ["red", "green"]},
         {"colour": s.Colour.GREEN, "literal": 3, "level": s.Level.HIGH, "corner": s.Corner.ORIGIN,
          "several": [s.Colour.RED, s.Colour.GREEN], "yes": False}),
        (s.choices, {"colour": "red", "yes": "on", "perhaps": "false"},
         {"colour": s.Colour.RED, "yes": True, "perhaps": False}),
        (s.times, {"day": "2026-05-31", "moment": "2026-05-31T10:00Z", "hour": "12:30", "span": "90", "ident": ""},
         {"day": datetime.date(2026, 5, 31), "moment": datetime.datetime(2026, 5, 31, 10, tzinfo=datetime.UTC),
          "hour": datetime.time(12, 30), "span": datetime.timedelta(seconds=90)}),
        (s.many,
         {"words": "a b\r\n\r\nc", "counts": "1\n2", "pair": '[2, "b"]', "mapping": '{"a": 1}', "once": "[1]"},
         {"words": ["a b", "c"], "counts": [1, 2], "pair": (2, "b"), "mapping": {"a": 1}, "once": [1]}),
        (s.models, {"login": '{"user": "a", "password": "b"}', "strict": '{"day": "2026-05-31"}'},
         {"login": s.Login(user="a", password="b"), "strict": s.Strict(day=datetime.date(2026, 5, 31))}),  # type: ignore[arg-type]
        (s.untyped, {"x": "4", "y": "", "z": '"4"'}, {"x": 4, "z": "4"}),
        (s.untyped, {"x": "hello", "y": "[1]", "z": "NaN"}, {"x": "hello", "y": [1], "z": "NaN"}),
        (s.positional, {"first": "1", "rest": "7\n8", "others": '{"a": 5}'},
         {"first": 1, "rest": [7, 8], "others": {"a": 5}}),
    ],
)  # fmt: skip
def test_what_is_typed_arrives_exactly(function: Any, values: dict[str, str], expected: dict[str, Any]):
    assert typed(function, **values) == expected


@pytest.mark.parametrize(
    ("function", "values", "field", "message"),
    [
        (s.numbers, {"whole": "4.5"}, "whole", "Enter a whole number."),
        (s.numbers, {"whole": ""}, "whole", "This field is required."),
        (s.numbers, {"whole": "11"}, "whole", "Must be at most 10."),
        (s.numbers, {"whole": "1", "real": "nan"}, "real", "Enter a finite number."),
        (s.texts, {"plain": ""}, "plain", "This field is required."),
        (s.texts, {"plain": "a\x00"}, "plain", "NUL"),
        (s.texts, {"plain": "a", "coded": "ABC"}, "coded", "At most 2 characters."),
        (s.choices, {"colour": "blue"}, "colour", "Choose one of these"),
        (s.choices, {"colour": "red", "several": ["red", "blue"]}, "several", "Choose one of these"),
        (s.times, {"day": "31.5.", "moment": "2026-05-31T10:00"}, "day", "Enter a date, like 2026-05-31."),
        (s.times, {"day": "2026-05-31", "moment": "yesterday"}, "moment", "Enter a date and a time"),
        (s.many, {"words": "a", "counts": "1\n2x\n3"}, "counts", "“2x”: Enter a whole number."),
        (s.many, {"words": "a", "mapping": "{"}, "mapping", "Enter valid JSON."),
        (s.many, {"words": "a", "mapping": '{"k": "v"}'}, "mapping", "k: Enter a whole number."),
        (s.models, {"login.user": "a"}, "login", "This field is required."),
        (s.models, {"login": '{"user": "a"}'}, "login", "This is required."),
        (s.models, {"login": '{"user": "a", "zebra": 1}'}, "login", "password: This is required."),
        (s.models, {"login": "{"}, "login", "Enter valid JSON."),
        (s.files, {"one": ""}, "one", "This field is required."),
        (s.positional, {"first": "1", "others": '{"key": 1}'}, "others", "This is a parameter of its own."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    function: Any, values: dict[str, Any], field: str, message: str
):
    form = sent(function, **values)
    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert message in " ".join(said for _place, _label, said in complaints(form))
    if function is s.models:
        return  # what is typed there is held by tests of its own
    text = html.unescape(form.as_div())
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if one not in ("blue",) and form[name].field.widget.needs_multipart_form is False:
                assert one in text


def test_every_wrong_field_is_said_at_once():
    form = sent(s.numbers, whole="x", real="", money="y", maybe="-1")
    assert set(form.errors) == {"whole", "money", "maybe"}


def test_a_secret_is_never_shown_again():
    form = sent(s.texts, plain="a", coded="!!", secret="s3cret")
    assert not form.is_valid()
    assert "s3cret" not in form.as_div()
    asked = form_class(described(s.texts))(query=query(secret="s3cret", plain="from the link"))
    assert "s3cret" not in asked.as_div()
    assert "from the link" in asked.as_div()


def test_a_link_fills_the_form_in():
    form = form_class(described(s.choices))(query=query(colour="green", several=["red", "green"], yes="0"))
    assert form["colour"].value() == "green"
    assert form["several"].value() == ["red", "green"]
    assert form["yes"].value() is False
    lines = form_class(described(s.many))(query=query(words=["a", "b"], unknown="x"))
    assert lines["words"].value() == "a\nb"


def test_fields_fit_their_types():
    text = form_class(described(s.numbers))().as_div()
    assert re.search(r'<input type="number" name="whole" min="1" max="10" step="1" required', text)
    assert re.search(r'<input type="number" name="real"[^>]* step="any"', text)
    assert "How many" in text
    assert "Of them. At least 1. At most 10." in text
    times = form_class(described(s.times))().as_div()
    for kind, name in (("date", "day"), ("datetime-local", "moment"), ("time", "hour")):
        assert f'<input type="{kind}" name="{name}"' in times
    texts = form_class(described(s.texts))().as_div()
    assert '<input type="password" name="secret"' in texts
    assert 'pattern="[a-z]{2}"' in texts
    assert '<textarea name="long"' in texts
    choices = form_class(described(s.choices))().as_div()
    assert re.search(r'<input type="radio" name="colour" value="red" required[^>]*>\s*Red', choices)
    assert re.search(r'<input type="checkbox" name="several" value="green"', choices)
    assert re.search(r'<input type="checkbox" name="yes"[^>]* checked', choices)
    assert form_class(described(s.files))().is_multipart()


def test_an_authors_words_are_text():
    def told(a: Annotated[int, Field(title="<b>A</b>", description="0 < a & a < 9")] = 1) -> None: ...

    text = form_class(described(told))().as_div()
    assert "0 &lt; a &amp; a &lt; 9" in text
    assert "<b>" not in text


def test_times_are_in_the_readers_zone():
    with timezone.override("Europe/Paris"):
        assert typed(s.times, day="2026-05-31", moment="2026-05-31T10:00")["moment"] == datetime.datetime(
            2026, 5, 31, 8, tzinfo=datetime.UTC
        )
        for moment in ("2026-03-29T02:30", "2026-10-25T02:30"):  # never, and twice
            form = sent(s.times, day="2026-05-31", moment=moment)
            assert list(form.errors) == ["moment"]

    def remembered(at: datetime.datetime = datetime.datetime(2026, 5, 31, 8, tzinfo=datetime.UTC)) -> None: ...

    form_type = form_class(described(remembered))
    with timezone.override("Europe/Paris"):
        assert form_type()["at"].value() == "2026-05-31T10:00:00"


def test_any_name_works_in_a_form():
    values = {name: str(number) for number, name in enumerate(inspect.signature(s.form_names).parameters)}
    values["csrfmiddlewaretoken__"] = values.pop("csrfmiddlewaretoken")
    form = sent(s.form_names, **values)
    assert form.is_valid(), form.errors
    assert form.arguments()["csrfmiddlewaretoken"] == 7
    assert form.arguments()["csrfmiddlewaretoken_"] == 8
    template = "{% for field, errors in fields %}{{ field.html_name }} {{ errors }}{% endfor %}"
    bad = sent(s.form_names, **values | {"errors": "x"})
    text = Engine().from_string(template).render(Context(bad.get_context()))
    assert text.count("Enter a whole number.") == 1


def test_a_tasks_own_check_speaks_at_the_field():
    def not_both(a: int, b: int) -> None:
        if a and b:
            raise BadArgument("b", "Not both.")

    @launchable(check=not_both)
    def one_of(a: int = 0, b: int = 0) -> None: ...

    assert sent(one_of, a="1", b="1").errors == {"b": ["Not both."]}
    assert typed(one_of, a="1", b="0") == {"a": 1, "b": 0}


def test_steps_of_a_browser_agree_with_the_task():
    def stepped(
        a: Annotated[int, Field(ge=1, multiple_of=5)] = 5,
        b: Annotated[int, Field(gt=0, lt=9)] = 1,
        c: Annotated[int, Field(multiple_of=5)] = 5,
        d: int | float = 1,
    ) -> None: ...

    text = form_class(described(stepped))().as_div()
    assert re.search(r'name="a"[^>]*min="1"[^>]*step="1"', text)
    assert re.search(r'name="b"[^>]*min="1" max="8"', text)
    assert re.search(r'name="c"[^>]*step="5"', text)
    assert re.search(r'name="d"[^>]*step="any"', text)
    assert typed(stepped, d="4")["d"] == 4
    assert type(typed(stepped, d="4")["d"]) is int
    assert typed(stepped, d="4.5")["d"] == 4.5


# Printable, and without what a browser itself changes: line ends.
_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=12)
_DEFAULTS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    str: _TEXT | st.just("two\nlines"),
    datetime.date: st.dates(),
    datetime.time: st.times(),
    datetime.datetime: st.datetimes(
        datetime.datetime(1990, 1, 1), datetime.datetime(2090, 1, 1), timezones=st.just(datetime.UTC)
    ),
    datetime.timedelta: st.timedeltas(datetime.timedelta(0), datetime.timedelta(days=1000)),
    UUID: st.uuids(),
    s.Colour: st.sampled_from(s.Colour),
    s.Corner: st.sampled_from(s.Corner),
    int | str: st.integers() | _TEXT,
    int | float: st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
    list[int]: st.lists(st.integers(), max_size=4),
    list[str]: st.lists(_TEXT, max_size=4),
    list[s.Colour]: st.lists(st.sampled_from(s.Colour), unique=True, max_size=2).map(
        lambda chosen: sorted(chosen, key=list(s.Colour).index)
    ),
    dict[str, int]: st.dictionaries(_TEXT, st.integers(), max_size=3),
    tuple[int, str]: st.tuples(st.integers(), _TEXT),
    Any: st.recursive(st.none() | st.booleans() | st.integers() | _TEXT, lambda inner: st.lists(inner, max_size=3)),
}  # fmt: skip


@st.composite
def parameters(draw: st.DrawFn) -> tuple[Any, Any]:
    kind = draw(st.sampled_from(list(_DEFAULTS)))
    default = draw(_DEFAULTS[kind])
    return (kind | None, default) if kind is not Any and draw(st.booleans()) else (kind, default)


@given(st.lists(parameters(), min_size=1, max_size=4))
@settings(max_examples=120, deadline=None)
def test_a_form_sent_as_it_stands_means_the_defaults(pairs: list[tuple[Any, Any]]):
    def any_task(**_: Any) -> None: ...

    any_task.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(f"p{i}", inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
            for i, (kind, default) in enumerate(pairs)
        ]
    )
    registered = type("Registered", (), {"run": staticmethod(any_task), "__doc__": None})()
    task = LaunchableTask("any", registered)
    form_type = form_class(task)
    form = form_type(as_browser_would(form_type()), {})
    assert form.is_valid(), form.errors
    got = task.validate(form.arguments())
    for i, (kind, default) in enumerate(pairs):
        value = got.get(f"p{i}", default)
        # An empty optional field means None: there is no other way to say so.
        assert value == default or (
            value is None and default in ("", []) and type(None) in getattr(kind, "__args__", ())
        )


def test_an_address_fills_in_a_moment_and_an_object_as_their_fields_want_them() -> None:
    def plan(at: datetime.datetime, of: dict[str, int]) -> None: ...

    address = query(at="2026-02-03T10:00:00+09:00", of='{"a": 1}')
    form = form_class(described(plan))(query=address)
    with timezone.override("Asia/Seoul"):
        shown = {name: form[name].value() for name in ("at", "of")}
    assert shown["at"] == "2026-02-03T10:00:00"
    assert '{"a": 1}' in shown["of"]
