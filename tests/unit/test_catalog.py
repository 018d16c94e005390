"""Signatures as typed arguments: what fits arrives exactly, what does not is named."""

import datetime
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from celery import shared_task
from celery.app.task import Task
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given, settings
from hypothesis import strategies as st
from kombu.utils import json as kombu_json
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr

from tasks import catalog, catalog_docstring, launchable
from tasks.catalog import BadArguments, UnknownTask
from tasks.catalog_values import misread
from tasks.launchable import BadArgument
from tests.support import signatures as s
from tests.support.signatures import described


def faults(task: catalog.LaunchableTask, args: Any) -> dict[tuple[Any, ...], str]:
    with pytest.raises(BadArguments) as caught:
        task.validate(args)
    return {tuple(fault["loc"]): fault["type"] for fault in caught.value.errors}


def through_a_message(task: catalog.LaunchableTask, args: dict[str, Any]) -> dict[str, Any]:
    positional, named = task.call(task.wire(task.validate(args)))
    positional, named = kombu_json.loads(kombu_json.dumps([positional, named]))
    return task.revive(task.named(positional, named))


def test_every_signature_has_a_schema_and_is_json():
    for function in s.ALL:
        task = described(function)
        schema = task.schema()
        json.dumps(schema, allow_nan=False)
        assert list(schema["properties"]) == [parameter.name for parameter in task.parameters], function
        assert schema["additionalProperties"] is False


def test_schema_says_what_the_author_said():
    schema = described(s.numbers).schema()
    whole = schema["properties"]["whole"]
    assert whole == {
        "type": "integer", "minimum": 1, "maximum": 10, "title": "How many", "description": "Of them."
    }  # fmt: skip
    assert schema["required"] == ["whole"]
    assert schema["properties"]["maybe"]["anyOf"][0] == {"type": "integer", "minimum": 0}
    assert schema["properties"]["maybe"]["default"] is None
    secret = described(s.texts).schema()["properties"]["secret"]
    assert secret["writeOnly"] is True
    assert "default" not in secret
    assert described(s.files).schema()["properties"]["one"]["format"] == "upload"
    assert described(s.choices).schema()["properties"]["literal"]["enum"] == ["a", "b", 3]


@pytest.mark.parametrize(
    ("function", "args", "name", "value"),
    [
        (s.numbers, {"whole": "3"}, "whole", 3),
        (s.numbers, {"whole": 3.0}, "whole", 3),
        (s.numbers, {"whole": 1, "money": 0.1}, "money", Decimal("0.1")),
        (s.choices, {"colour": "red"}, "colour", s.Colour.RED),
        (s.choices, {"colour": "red", "corner": "ORIGIN"}, "corner", s.Corner.ORIGIN),
        (s.choices, {"colour": "red", "level": 2}, "level", s.Level.HIGH),
        (s.choices, {"colour": s.Colour.GREEN, "corner": s.Corner.END}, "corner", s.Corner.END),
        (s.many, {"words": ["a", "b"], "unique": [1, 1, 2]}, "unique", {1, 2}),
        (s.many, {"words": [], "pair": [3, "x"]}, "pair", (3, "x")),
        (s.many, {"words": [], "once": [3, 4]}, "once", [3, 4]),
        (s.models, {"login": {"user": "a", "password": "b"}}, "login", s.Login(user="a", password=SecretStr("b"))),
        (s.models, {"login": s.Login(user="a", password=SecretStr("b"))}, "login", s.Login(user="a", password="b")),  # type: ignore[arg-type]
        (
            s.models,
            {"login": {"user": "a", "password": "b"}, "strict": {"day": "2026-05-31"}},
            "strict",
            s.Strict(day=datetime.date(2026, 5, 31)),
        ),
        (s.untyped, {"x": {"a": [1, None]}}, "x", {"a": [1, None]}),
        (s.unresolvable, {"x": "anything"}, "x", "anything"),
        (s.odd_defaults, {}, "field", 3),
        (s.positional, {"first": 1, "rest": [7, 8], "others": {"a": 1}}, "rest", [7, 8]),
    ],
)  # fmt: skip
def test_values_arrive_exactly(function: Any, args: dict[str, Any], name: str, value: Any):
    got = through_a_message(described(function), args)[name]
    assert got == value
    assert type(got) is type(value)


def test_a_validator_that_changes_its_value_runs_once():
    args = {"login": {"user": "a", "password": "b"}, "doubling": {"number": 2}}
    assert through_a_message(described(s.models), args)["doubling"].number == 4

    def doubled(x: Annotated[int, AfterValidator(lambda x: 2 * x)]) -> None: ...

    assert through_a_message(described(doubled), {"x": "2"}) == {"x": 4}

    def once_only(x: Annotated[int, BeforeValidator(lambda text: text.strip())]) -> None: ...

    assert described(once_only).wire(described(once_only).validate({"x": " 2"})) == {"x": " 2"}


@pytest.mark.parametrize(
    ("function", "args", "travels"),
    [
        (s.numbers, {"whole": "3", "real": " 0.25 "}, {"whole": 3, "real": 0.25}),
        (s.numbers, {"whole": 3.0, "maybe": None}, {"whole": 3, "maybe": None}),
        (s.numbers, {"whole": 1, "money": "0.10"}, {"whole": 1, "money": "0.10"}),
        (s.choices, {"colour": "red", "yes": "true", "level": "2"}, {"colour": "red", "yes": True, "level": "2"}),
        (s.many, {"words": ["1"], "counts": ["1", "2"]}, {"words": ["1"], "counts": [1, 2]}),
        (s.many, {"words": [], "unique": ["9", "1", "1"]}, {"words": [], "unique": [1, 9]}),
        (s.many, {"words": [], "pair": ["2", "b"]}, {"words": [], "pair": [2, "b"]}),
        (s.many, {"words": [], "mapping": {"a": "1"}}, {"words": [], "mapping": {"a": 1}}),
        (s.times, {"day": "2026-05-31", "moment": "2026-05-31T10:00Z", "span": 90},
         {"day": "2026-05-31", "moment": "2026-05-31T10:00Z", "span": 90}),
        (s.models, {"login": {"user": "a", "password": "b", "born": None}},
         {"login": {"user": "a", "password": "b", "born": None}}),
        (s.positional, {"first": "1", "rest": ["7"], "others": {"a": "5"}},
         {"first": 1, "rest": [7], "others": {"a": 5}}),
        (s.texts, {"plain": "3"}, {"plain": "3"}),
    ],
)  # fmt: skip
def test_what_json_can_say_travels_with_its_type(function: Any, args: dict[str, Any], travels: dict[str, Any]):
    """A number typed into a form is a number in the message, and so in everything that shows the job."""
    task = described(function)
    sent = task.wire(task.validate(args))
    # As text, since 3 == 3.0 and 1 == True.
    assert json.dumps(sent, sort_keys=True) == json.dumps(travels, sort_keys=True)


def test_what_was_not_given_is_left_to_the_tasks_own_default():
    assert through_a_message(described(s.times), {"day": "2026-05-31", "moment": "2026-05-31T10:00Z"}) == {
        "day": datetime.date(2026, 5, 31),
        "moment": datetime.datetime(2026, 5, 31, 10, tzinfo=datetime.UTC),
    }


@pytest.mark.parametrize(
    ("function", "args", "expected"),
    [
        (s.numbers, {}, {("whole",): "missing"}),
        (s.numbers, [], {(): "arguments_type"}),
        (s.numbers, {"whole": 0}, {("whole",): "greater_than_equal"}),
        (s.numbers, {"whole": "4.5"}, {("whole",): "int_parsing"}),
        (s.numbers, {"whole": 4.5}, {("whole",): "int_from_float"}),
        (s.numbers, {"whole": True}, {("whole",): "float_type"}),
        (s.numbers, {"whole": 1, "maybe": True}, {("maybe",): "float_type"}),
        (s.numbers, {"whole": None}, {("whole",): "int_type"}),
        (s.numbers, {"whole": 1, "real": "nan"}, {("real",): "finite_number"}),
        (s.numbers, {"whole": 1, "real": float("inf")}, {("real",): "finite_number"}),
        (s.numbers, {"whole": 10**5000}, {("whole",): "int_parsing_size"}),
        (s.numbers, {"whole": 1, "who": 2, "real": "x"}, {("who",): "unknown_argument", ("real",): "float_parsing"}),
        (s.texts, {"plain": 3}, {("plain",): "string_type"}),
        (s.texts, {"plain": "nul \x00"}, {("plain",): "bad_character"}),
        (s.texts, {"plain": "half \ud800"}, {("plain",): "bad_character"}),
        (s.untyped, {"x": ["\x00"]}, {("x",): "bad_character"}),
        (s.untyped, {"x": float("nan")}, {("x",): "finite_number"}),
        (s.untyped, {"x": object()}, {("x",): "not_json"}),
        (s.choices, {"colour": "blue"}, {("colour",): "enum"}),
        (s.choices, {"colour": "red", "corner": "MIDDLE"}, {("corner",): "enum"}),
        (s.many, {"words": "abc"}, {("words",): "list_type"}),
        (s.many, {"words": [], "counts": [1, "x", True]}, {("counts", 1): "int_parsing", ("counts", 2): "float_type"}),
        (s.models, {"login": {"user": "a"}}, {("login", "password"): "missing"}),
        (s.files, {"one": "no id"}, {("one",): "upload_id"}),
        (s.files, {"one": str(UUID(int=0))}, {("one",): "upload_unknown"}),
        (s.positional, {"first": 1, "others": {"key": 2}}, {("others", "key"): "taken_argument"}),
        (s.positional, {"first": 1, "unknown": 2}, {("unknown",): "unknown_argument"}),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(function: Any, args: Any, expected: dict[tuple[Any, ...], str]):
    assert faults(described(function), args) == expected


def test_what_is_nested_too_deeply_is_refused():
    value: Any = 1
    for _ in range(5000):
        value = [value]
    assert faults(described(s.untyped), {"x": value}) == {("x",): "too_deep"}


def test_messages_are_short_and_in_the_readers_language():
    from django.utils import translation

    task = described(s.numbers)
    with pytest.raises(BadArguments) as caught:
        task.validate({"whole": "x", "real": 7})
    assert [fault["msg"] for fault in caught.value.errors] == [
        "Enter a whole number.",
        "Must be less than 1.",
    ]
    with translation.override("ko"), pytest.raises(BadArguments) as caught:
        task.validate({"whole": "x"})
    assert caught.value.errors[0]["msg"] == "정수를 입력하세요."


def test_a_secret_is_in_no_message():
    def guarded(pin: Annotated[SecretStr, Field(min_length=8)]) -> None: ...

    with pytest.raises(BadArguments) as caught:
        described(guarded).validate({"pin": "1234"})
    assert "1234" not in str(caught.value)


def test_union_faults_name_the_branch_without_our_own_checks():
    def either(x: int | list[int]) -> None: ...

    assert set(faults(described(either), {"x": "a"})) == {("x", "int"), ("x", "list[int]")}
    assert described(either).validate({"x": [1]}) == {"x": [1]}


@pytest.mark.parametrize("function", s.ALL)
def test_shown_never_raises_and_is_json(function: Any):
    task = described(function)
    values = task.masked(task.named([object(), float("nan")], {"x": {1: b"\xff"}, "y": datetime.datetime.now()}))
    assert values is not None


def test_positional_values_go_by_position_and_come_back():
    task = described(s.positional)
    assert task.call({"first": 1, "rest": [7], "others": {"a": 5}}) == ([1, 2, 3, 7], {"a": 5})
    assert task.call({"first": 1, "third": 9}) == ([1], {"third": 9})
    assert task.call({"first": 1, "rest": []}) == ([1], {})
    assert task.named([1, 2, 3, 7], {"a": 5, "key": 6}) == {
        "first": 1, "second": 2, "third": 3, "rest": [7], "key": 6, "others": {"a": 5}
    }  # fmt: skip
    assert described(s.called_self).call({"self": 0, "other": 2}) == ([0], {"other": 2})


def test_a_default_that_json_has_not_cannot_be_put_before_a_positional_value():
    def gap(first: Any = object(), /, second: int = 1, *rest: int) -> None: ...  # noqa: B008

    assert faults(described(gap), {"rest": [1]}) == {("first",): "needed_before"}


# --- what the author says


def test_launchable_stands_above_or_below_shared_task():
    @launchable(title="Above", permission="app.may", hidden=True)
    @shared_task(name="test_catalog.above")
    def above() -> None: ...

    @shared_task(name="test_catalog.below")
    @launchable(title="Below", description="Words.")
    def below() -> int:
        return 1

    @shared_task(name="test_catalog.bound", bind=True, autoretry_for=(ValueError,))
    @launchable(title="Bound")
    def bound(self: Any, x: int) -> None: ...

    told = catalog.get("test_catalog.above")
    assert (told.title, told.permission, told.hidden) == ("Above", "app.may", True)
    assert (catalog.get("test_catalog.below").title, catalog.get("test_catalog.below").permission) == (
        "Below",
        None,
    )
    assert below() == 1
    assert catalog.get("test_catalog.bound").title == "Bound"
    assert [parameter.name for parameter in catalog.get("test_catalog.bound").parameters] == ["x"]
    listed = {task.name for task in catalog.launchables()}
    assert "test_catalog.below" in listed
    assert "test_catalog.above" not in listed
    assert not any(name.startswith("celery.") for name in listed)
    with pytest.raises(TypeError, match=r"app\.codename"):
        launchable(permission="nonsense")


def test_celerys_own_and_unknown_tasks_are_not_launchable():
    for name in ("celery.map", "celery.chord", "no.such.task", ""):
        with pytest.raises(UnknownTask):
            catalog.get(name)


def test_words_come_from_the_docstring():
    def whole() -> None:
        """Count the sheep.

        They are in the
        meadow.
        """

    def long() -> None:
        """A first line that goes on
        in the second one."""

    def silent_one() -> None: ...

    assert (described(whole).title, described(whole).description) == (
        "Count the sheep", "They are in the\nmeadow."
    )  # fmt: skip
    assert described(long).description.startswith("A first line")
    assert described(silent_one).title.startswith("1") or described(silent_one).title  # a name, never empty


def _google(path: str, *words: str, width: int = 3, height: Annotated[int, Field(description="Pixels.")] = 4) -> None:
    """Make it smaller.

    What is left is sharp.

    Args:
        path (str): Where it lies,
            below the data.
        *words: Any of them.
        width: How wide.
        height: Not read: the field says it.

    Returns:
        Nothing.

    Raises:
        ValueError: Often.
    """


def _sphinx(path: str, *words: str, width: int = 3, height: Annotated[int, Field(description="Pixels.")] = 4) -> None:
    """Make it smaller.

    What is left is sharp.

    :param str path: Where it lies,
        below the data.
    :param words: Any of them.
    :param width: How wide.
    :returns: Nothing.
    """


def _numpy(path: str, *words: str, width: int = 3, height: Annotated[int, Field(description="Pixels.")] = 4) -> None:
    """Make it smaller.

    What is left is sharp.

    Parameters
    ----------
    path : str
        Where it lies,
        below the data.
    *words
        Any of them.
    width : int
        How wide.

    Returns
    -------
    None
    """


@pytest.mark.parametrize("written", [_google, _sphinx, _numpy])
def test_words_on_parameters_come_from_the_docstring_in_any_style(written):
    task = described(written)
    assert (task.title, task.description) == ("Make it smaller", "What is left is sharp.")
    assert {name: str(parameter.description) for name, parameter in task.by_name.items()} == {
        "path": "Where it lies,\nbelow the data.",
        "words": "Any of them.",
        "width": "How wide.",
        "height": "Pixels.",
    }


@pytest.mark.parametrize(
    ("text", "title", "description"),
    [
        ("Note: mind\nthe gap.", "", "Note: mind\nthe gap."),
        ("Try it.\n\nExample:\n    x = 1", "Try it", "Example:\n    x = 1"),
        ("Args:", "Args:", ""),
        (":param", ":param", ""),
        ("Try it.\n\n:nonsense x: y", "Try it", ":nonsense x: y"),
    ],
)
def test_a_docstring_that_tells_of_no_parameter_stays_as_it_is(text, title, description):
    def odd(x: int) -> None: ...

    odd.__doc__ = text
    assert catalog_docstring.read(odd) == (title, description, {})


def test_class_based_and_pydantic_tasks():
    class Counting(Task):
        name = "signatures.Counting"

        def run(self, amount: int, *, step: int = 1) -> None: ...

    s._app.register_task(Counting())
    task = catalog.LaunchableTask("signatures.Counting", s._app.tasks["signatures.Counting"])
    assert [parameter.name for parameter in task.parameters] == ["amount", "step"]

    def takes_a_model(login: s.Login) -> None: ...

    model = described(takes_a_model, pydantic=True)
    revived = through_a_message(model, {"login": {"user": "a", "password": "b"}})
    assert model.registered(**revived) is None


def test_a_check_of_the_whole_is_asked_with_typed_values():
    def not_both(a: int, b: int) -> None:
        if a and b:
            raise BadArgument("b", "Not both.")

    @launchable(check=not_both)
    def one_of(a: int = 0, b: int = 0, c: int = 0) -> None: ...

    task = described(one_of)
    assert task.validate({"a": "1", "c": 2}) == {"a": 1, "c": 2}
    assert task.validate({"a": 1, "b": 1}, check=False)
    with pytest.raises(BadArguments) as caught:
        task.validate({"a": 1, "b": "1"})
    assert caught.value.errors == [{"loc": ["b"], "msg": "Not both.", "type": "check"}]


def test_future_annotations(tmp_path: Any, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "from_the_future.py").write_text(
        "from __future__ import annotations\n"
        "from typing import TYPE_CHECKING, Annotated\n"
        "from pydantic import Field\n"
        "if TYPE_CHECKING:\n    from nowhere import Thing\n"
        "def it(x: Annotated[int, Field(ge=1)], y: Thing, z: list[Thing] | None = None): ...\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import from_the_future  # type: ignore[import-not-found]

    task = described(from_the_future.it)
    assert task.schema()["properties"]["x"]["minimum"] == 1
    assert task.schema()["properties"]["y"] == {"title": "Y"}
    assert task.validate({"x": "1", "y": {"any": "thing"}})["x"] == 1


def test_taskcast_apps_are_imported_with_their_tasks(tmp_path: Any, monkeypatch: Any, settings: Any):
    package = tmp_path / "somebodys_app"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "tasks.py").write_text(
        "from celery import shared_task\n@shared_task\ndef hello(name): return f'hello {name}'\n"
    )
    (tmp_path / "broken_app.py").write_text("raise RuntimeError('two\\nlines')")
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.TASKCAST_APPS = ["somebodys_app"]
    catalog.load()
    assert catalog.get("somebodys_app.tasks.hello").validate({"name": 3}) == {"name": 3}
    settings.TASKCAST_APPS = ["broken_app"]
    with pytest.raises(ImproperlyConfigured, match=r"broken_app cannot be imported \(RuntimeError: two lines\)"):
        catalog.load()


# --- what is shown


@shared_task(name="test_catalog.secretive")
def secretive(
    login: s.Login,
    key: SecretStr | None = None,
    tokens: dict[str, SecretStr] | None = None,
    tree: s.Tree | None = None,
    pair: tuple[str, SecretStr] | None = None,
    *rest: SecretStr,
) -> None: ...


def test_secrets_are_never_shown():
    raw = {"user": "ann", "password": "hunter2!"}
    kwargs = {
        "key": "key-value",
        "tokens": {"a": "token-a"},
        "tree": {"secret": "root-secret", "children": [{"secret": "leaf-secret"}]},
        "pair": ["name", "pair-secret"],
    }
    shown = catalog.shown("test_catalog.secretive", [raw], kwargs)
    assert shown["login"] == {"user": "ann", "password": "********"}
    text = json.dumps(shown)
    for secret in ("hunter2!", "key-value", "token-a", "root-secret", "leaf-secret", "pair-secret"):
        assert secret not in text
    assert set(catalog.secret_values("test_catalog.secretive", [raw], kwargs)) >= {"hunter2!", "key-value"}
    live = s.Login(user="ann", password=SecretStr("hunter2!"))
    assert "hunter2!" not in json.dumps(catalog.shown("test_catalog.secretive", [live], {"key": SecretStr("hunter2!")}))
    starmap = {"task": {"task": "test_catalog.secretive", "args": [], "kwargs": {}}, "it": [[raw]]}
    assert "hunter2!" not in json.dumps(catalog.shown("celery.starmap", [], starmap))


@shared_task(name="test_catalog.plain_secrets")
def plain_secrets(password: str, db_password=None, passwords: int = 3, **rest: str) -> None: ...


def test_what_is_called_a_password_is_a_secret_in_a_plain_task_too(settings):
    name, kwargs = "test_catalog.plain_secrets", {"db_password": "second-one", "passwords": 4, "api_key": "third-one"}
    shown = catalog.shown(name, ["first-one"], kwargs)
    assert shown == {
        "password": "********",
        "db_password": "********",
        "passwords": 4,
        "rest": {"api_key": "********"},
    }
    assert set(catalog.secret_values(name, ["first-one"], kwargs)) == {"first-one", "second-one", "third-one"}
    unknown = catalog.shown("no.such.task", ["a"], {"token": "fourth-one", "x": 1})
    assert unknown == {"args": ["a"], "kwargs": {"token": "********", "x": 1}}
    settings.TASKCAST_SECRET_NAMES = ["pin"]
    assert catalog.shown("no.such.task", [], {"token": "t", "card_pin": "1234"})["kwargs"] == {
        "token": "t",
        "card_pin": "********",
    }


@shared_task(name="test_catalog.secret_default")
def secret_default(key: SecretStr = SecretStr("first-default"), db_password: str = "other-default") -> None: ...  # noqa: B008


def test_the_default_of_a_secret_is_one_too():
    name = "test_catalog.secret_default"
    assert set(catalog.secret_values(name, [], {})) == {"first-default", "other-default"}
    assert set(catalog.secret_values(name, ["given-one"], {})) == {"given-one", "other-default"}
    assert catalog.shown(name, [], {}) == {}


def test_a_plain_password_is_typed_into_a_password_field():
    from dashboard.forms.form import form_class

    fields = form_class(catalog.get("test_catalog.plain_secrets"))().fields
    widgets = {name: type(field.widget).__name__ for name, field in fields.items()}
    assert widgets["password"] == widgets["db_password"] == "PasswordInput"
    assert widgets["passwords"] != "PasswordInput"


def test_shown_is_json_for_whatever_was_sent():
    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError

        __str__ = __repr__

    loop: list[Any] = []
    loop.append(loop)
    kwargs = {
        "a": float("nan"),
        "b": b"\xff",
        "c": Hostile(),
        "d": loop,
        "e": {1: 2},
        "f": 10**6000,
        "g": "\x00\ud800",
    }
    shown = catalog.shown("no.such.task", (1, datetime.date(2026, 1, 1)), kwargs)
    assert shown["args"] == [1, "2026-01-01"]
    text = json.dumps(shown, allow_nan=False, ensure_ascii=False)
    text.encode()
    assert "\\u0000" not in json.dumps(shown)
    assert catalog.shown("no.such.task", None, None) == {"args": [], "kwargs": {}}
    assert catalog.shown("tasks.samples.arithmetic.add", [4], {"y": 4}) == {"x": 4, "y": 4}
    assert catalog.shown("tasks.samples.arithmetic.add", [4, 5, 6], {"q": 1}) == {
        "x": 4,
        "y": 5,
        "q": 1,
        "args": [6],
    }


def test_shown_is_bounded():
    shown = catalog.shown("tasks.samples.arithmetic.add", ["x" * 1_000_000], {"y": "short"})
    assert shown["y"] == "short"
    assert len(json.dumps(shown)) < catalog.SHOWN_BYTES


# --- any value


SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**80), 2**80),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    str: st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
    datetime.date: st.dates(),
    datetime.datetime: st.datetimes(timezones=st.sampled_from([datetime.UTC])),
    datetime.time: st.times(),
    datetime.timedelta: st.timedeltas(datetime.timedelta(days=-10**8), datetime.timedelta(days=10**8)),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=3),
    UUID: st.uuids(),
    s.Colour: st.sampled_from(s.Colour),
    s.Level: st.sampled_from(s.Level),
    s.Corner: st.sampled_from(s.Corner),
    Literal["a", 3]: st.sampled_from(["a", 3]),
    SecretStr: st.text(st.characters(codec="utf-8", exclude_characters="\x00")).map(SecretStr),
}  # fmt: skip


class Nested(BaseModel):
    amounts: dict[str, Decimal]
    when: datetime.datetime | None = None


@st.composite
def typed_values(draw: st.DrawFn) -> tuple[Any, Any]:
    kind = draw(st.sampled_from(list(SCALARS)))
    values = SCALARS[kind]
    shape = draw(st.sampled_from(["plain", "optional", "list", "dict", "tuple", "set", "model"]))
    match shape:
        case "optional":
            return kind | None, draw(st.none() | values)
        case "list":
            return list[kind], draw(st.lists(values, max_size=4))  # type: ignore[valid-type]
        case "dict":
            return dict[str, kind], draw(st.dictionaries(SCALARS[str], values, max_size=3))  # type: ignore[valid-type]
        case "tuple":
            return tuple[kind, ...], tuple(draw(st.lists(values, max_size=3)))  # type: ignore[valid-type]
        case "set" if kind is not SecretStr:
            return set[kind], draw(st.sets(values, max_size=3))  # type: ignore[valid-type]
        case "model":
            amounts = st.dictionaries(SCALARS[str], SCALARS[Decimal], max_size=2)
            return Nested, Nested(amounts=draw(amounts), when=draw(st.none() | SCALARS[datetime.datetime]))
    return kind, draw(values)


@given(st.lists(typed_values(), min_size=1, max_size=4))
@settings(max_examples=120, deadline=None)
def test_any_value_of_any_type_arrives_exactly(pairs: list[tuple[Any, Any]]):
    def any_task(**_: Any) -> None: ...

    import inspect

    any_task.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(f"p{i}", inspect.Parameter.KEYWORD_ONLY, annotation=kind)
            for i, (kind, _) in enumerate(pairs)
        ]
    )
    task = catalog.LaunchableTask("any", type("Registered", (), {"run": staticmethod(any_task), "__doc__": None})())
    args = {f"p{i}": value for i, (_, value) in enumerate(pairs)}
    assert through_a_message(task, args) == args
    json.dumps(task.schema(), allow_nan=False)


@given(st.sampled_from([int, float, bool, int | None, list[int], dict[str, float]]), st.data())
@settings(max_examples=120, deadline=None)
def test_what_comes_as_text_arrives_as_exactly(kind: Any, data: st.DataObject):
    def any_task(x: kind) -> None: ...

    any_task.__annotations__ = {"x": kind}
    task = described(any_task)
    text = st.sampled_from(["true", "no", "1", "0"]) if kind is bool else (SCALARS[int] | SCALARS[float]).map(str)
    shapes = {list[int]: st.lists(SCALARS[int].map(str)), dict[str, float]: st.dictionaries(SCALARS[str], text)}
    args = {"x": data.draw(shapes.get(kind, text))}
    try:
        typed = task.validate(args)
    except BadArguments:
        return
    assert repr(through_a_message(task, args)) == repr(dict(typed))
    assert repr(task.wire(typed)) == repr(dict(typed))


def test_our_words_are_there_in_korean():
    from django.utils import translation
    from django.utils.functional import Promise

    from tasks import catalog_errors

    texts = [words for words in catalog_errors._WORDS.values() if isinstance(words, Promise)]
    english = [str(words) for words in texts]
    with translation.override("ko"):
        assert [text for text, words in zip(english, texts, strict=True) if str(words) == text] == []
        assert catalog_errors.fault(["x"], "too_short", min_length=2)["msg"] == "항목이 2개 이상이어야 합니다."
        for text, words in zip(english, texts, strict=True):
            assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", str(words)))


@pytest.mark.parametrize(
    ("sent", "typed", "places"),
    [
        ("3", 3, [()]),
        (3, 3, []),
        (3.0, 3, []),
        ("1.5", 1.5, [()]),
        (1, True, [()]),
        (True, True, []),
        ("3", "3", []),
        (["1", 2], [1, 2], [(0,)]),
        ({"a": {"b": ["x", "7"]}}, {"a": {"b": ["x", 7]}}, [("a", "b", 1)]),
        ("2026-11-22", datetime.date(2026, 11, 22), []),
    ],
)
def test_json_says_numbers_as_numbers(sent, typed, places):
    assert [place for place, _ in misread(sent, typed)] == places


@pytest.mark.parametrize("given", ["x", None, [1], {}])
def test_what_is_no_number_is_told_once(given):
    def half(x: int | float, y: Annotated[int | float, Field(ge=0)] = 1) -> None: ...

    with pytest.raises(BadArguments) as caught:
        described(half).validate({"x": given, "y": -1})
    assert [(e["loc"], e["msg"]) for e in caught.value.errors] == [
        (["x"], "Enter a number."),
        (["y"], "Must be at least 0."),
    ]


def test_a_number_in_quotes_is_told_as_such():
    def add(x: int, y: int) -> None: ...

    with pytest.raises(BadArguments) as caught:
        described(add).validate({"x": "4", "y": "four"}, json_types=True)
    by_name = {e["loc"][0]: (e["type"], e["msg"]) for e in caught.value.errors}
    assert by_name["y"][1] == "Enter a whole number."
    with pytest.raises(BadArguments) as caught:
        described(add).validate({"x": "4", "y": 4}, json_types=True)
    assert [(e["loc"], e["type"], e["msg"]) for e in caught.value.errors] == [
        (["x"], "int_type", "Enter a number, not text: leave out the quotes.")
    ]


def test_who_asks_while_the_tasks_are_loaded_waits_for_them(monkeypatch):
    began, go_on = threading.Event(), threading.Event()

    def slow():
        began.set()
        assert go_on.wait(10)

    monkeypatch.setattr(catalog, "_loaded_for", [])
    monkeypatch.setattr(catalog, "load", slow)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(catalog.get, "tasks.samples.arithmetic.add")
        assert began.wait(10)
        monkeypatch.setattr(catalog, "load", lambda: None)
        second = pool.submit(catalog.get, "tasks.samples.arithmetic.add")
        with pytest.raises(TimeoutError):
            second.result(0.2)
        go_on.set()
        assert first.result(10) is second.result(10)
