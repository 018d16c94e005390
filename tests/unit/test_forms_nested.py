"""Models and tables in a form: filled in by an address, as JSON where they do not fit, without their secrets."""

from typing import Any

import pytest
from django.http import QueryDict
from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict, Unpack

from dashboard.forms.form import form_class
from dashboard.forms.parts import complaints
from dashboard.launching import relaunch
from dashboard.launching.form_views import changed
from tasks import Choices, UploadedFile, catalog
from tasks.catalog import MASK, BadArguments
from tasks.catalog_members import members
from tasks.choices import Asker
from tests.support import signatures as s
from tests.support.signatures import described
from tests.support.signatures_thirty import THIRTY, Leg, Options, Person, Signature
from tests.unit.test_thirty import Shown, called


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")
    n: int = 0
    password: str = ""


class Extra(TypedDict, total=False):
    depth: int


def take(loose: Loose, people: list[Person] | None = None) -> None: ...


def shown_for(query: str, function: Any = take) -> Shown:
    return Shown(form_class(described(function))(query=QueryDict(query)))


def test_an_address_fills_in_a_model_and_a_table() -> None:
    data = shown_for('loose={"n": 4}&people=[{"name": "Ann", "age": 40}]').data
    assert (data["loose.n"], data["people.0.name"], data["people.0.age"]) == ("4", "Ann", "40")
    assert data.getlist("people") == ["off", "on"]
    assert data["people.1.name"] == ""


@pytest.mark.parametrize("text", ['{"n": 4, "more": [1]}', '{"n": [4]', "4", '{"zebra": 1}'])
def test_what_the_parts_do_not_hold_is_shown_as_json(text: str) -> None:
    form = form_class(described(take))(QueryDict(mutable=True) | {"loose": text}, {})
    html = str(form["loose"])
    assert '<textarea name="loose"' in html
    # A secret among it is not shown again.
    assert Shown(form).data["loose"] == ""


def test_json_of_a_table_that_is_wrong_is_kept_and_told() -> None:
    def plain(people: list[Person]) -> None: ...

    form = form_class(described(plain))(QueryDict(mutable=True) | {"people": '[{"name": "Ann", "who": 1}]'}, {})
    assert [message for _place, _label, message in complaints(form)] == ["1.age: This is required."]
    assert Shown(form).data["people"] == '[{"name": "Ann", "who": 1}]'


def test_files_and_what_is_no_model_stay_json() -> None:
    class Holder(BaseModel):
        file: UploadedFile

    def hold(holder: Holder, tree: s.Tree, **more: Unpack[Extra]) -> None: ...

    fields = {bound.name: str(bound) for bound in form_class(described(hold))()}
    assert '<textarea name="holder"' in fields["holder"]
    # A model that contains itself ends somewhere.
    assert 'name="tree.children.0.children"' in fields["tree"]
    assert 'name="more.depth"' in fields["more"]
    assert members(int) is None


def test_rows_come_and_go_by_buttons() -> None:
    data = QueryDict("people.3.name=a&people.3=on&people.5.name=b&x=1", mutable=True)
    added = changed(QueryDict(data.urlencode() + "&.do=add people"))
    assert (added["people.6"], added["people.3.name"], ".do" in added) == ("on", "a", False)
    dropped = changed(QueryDict(data.urlencode() + "&.do=remove people.3"))
    assert sorted(dropped) == ["people.5.name", "x"]
    assert changed(QueryDict("people.30.name=a&.do=remove people.3"))["people.30.name"] == "a"


def test_a_form_that_is_shown_again_says_nothing() -> None:
    def plain(people: list[Person], n: int) -> None: ...

    form = form_class(described(plain))(QueryDict("people.0=on&people.0.name=&people.0.age=x&n=y"), {})
    form.show_again()
    assert list(complaints(form)) == []
    assert Shown(form).data["people.0.age"] == "x"


@pytest.mark.parametrize("one", THIRTY, ids=lambda one: one.name.rpartition(".")[2])
def test_a_job_is_launched_again_with_exactly_the_same(one: Signature) -> None:
    task = catalog.get(one.name)
    shown = catalog.shown(one.name, *task.call(task.wire(task.validate(one.args))))
    address = relaunch.address({"task": one.name, "args": shown})
    assert "hunter22" not in address
    assert "%2A%2A" not in address
    form_type = form_class(task)
    data = Shown(form_type(query=QueryDict(address.partition("?")[2]))).data
    if one.name.endswith("unlock"):
        assert data["login.user"] == "ann"
        data["key"], data["login.password"] = one.args["key"], one.args["login"]["password"]
    form = form_type(data, {})
    assert form.is_valid(), list(complaints(form))
    assert called(one, form.arguments()) == one.expected


def test_a_model_that_may_be_none_is_so_until_something_says_otherwise() -> None:
    hidden = Loose(password="hunter22")

    def find(loose: Loose | None = None, other: Options | None = Options(depth=7), secret: Loose = hidden) -> None: ...  # noqa: B008  # fmt: skip

    task = described(find)
    as_it_stands = Shown(form_class(task)()).data
    assert as_it_stands.getlist("loose") == ["off"]
    assert as_it_stands.getlist("other") == ["off", "on"]
    assert as_it_stands.getlist("secret") == ["off"]

    def meant(**changes: Any) -> dict[str, Any]:
        data = as_it_stands.copy()
        for name, value in changes.items():
            data.setlist(name.replace("__", "."), value)
        form = form_class(task)(data, {})
        assert form.is_valid()
        return form.arguments()

    assert meant() == {"other": {"depth": 7, "tags": []}}
    assert meant(loose=["off", "on"])["loose"] == {"n": 0}
    assert meant(loose__n=["5"])["loose"] == {"n": 5}
    assert meant(other=["off"])["other"] is None
    assert meant(other=["off"], other__depth=["8"])["other"] == {"depth": 8, "tags": []}
    assert meant(secret__n=["1"])["secret"] == {"n": 1}


def test_none_is_launched_again_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    options = Options(depth=7)

    def maybe(a: str | None = "x", b: list[int] | None = [1], c: Options | None = options) -> None: ...  # noqa: B006

    task = described(maybe)
    monkeypatch.setattr(catalog, "get", lambda name: task)
    address = relaunch.address({"task": "t.maybe", "args": {"a": None, "b": None, "c": None}})
    assert address == "/tasks/t.maybe/?a=&b=&c="
    form_type = form_class(task)
    form = form_type(Shown(form_type(query=QueryDict("a=&b=&c="))).data, {})
    assert form.is_valid()
    assert task.validate(form.arguments()) == {"a": None, "b": None, "c": None}


def test_a_plain_password_inside_of_a_model_is_masked_too() -> None:
    task = described(take)
    assert task.masked({"loose": {"n": 1, "password": "hunter2"}}) == {"loose": {"n": 1, "password": MASK}}
    assert '<input type="password" name="loose.password"' in str(form_class(task)()["loose"])


def test_choices_are_asked_once_a_launch_and_not_in_the_worker() -> None:
    asked: list[str] = []

    def cities(country: str) -> list[str]:
        asked.append(country)
        return ["Seoul"]

    class Stay(BaseModel):
        city: s.Annotated[str, Choices(cities)]

    def trip(country: str, stays: list[Stay]) -> None: ...

    task = described(trip)
    typed = task.validate({"country": "Korea", "stays": [{"city": "Seoul"}] * 50})
    assert asked == ["Korea"]
    task.revive(task.wire(typed))
    assert asked == ["Korea"]
    with pytest.raises(BadArguments) as caught:
        task.validate({"country": "Korea", "stays": [{"city": "Seoul"}, {"city": "Paris"}]})
    assert [(fault["loc"], fault["msg"]) for fault in caught.value.errors] == [
        (["stays", 1, "city"], 'Choose one of these: "Seoul".')
    ]


def test_choices_get_typed_values_defaults_included() -> None:
    seen: dict[str, Any] = {}

    def sizes(colour: s.Colour, on: bool, other: int = 7) -> list[int]:
        seen.update(colour=colour, on=on, other=other)
        return [1, 2]

    def shirt(colour: s.Colour, size: s.Annotated[int, Choices(sizes)], on: bool = True) -> None: ...

    described(shirt).validate({"colour": "red", "size": 2})
    assert seen == {"colour": s.Colour.RED, "on": True, "other": 7}
    form = form_class(described(shirt))(query=QueryDict("colour=green&on=0"))
    assert '<option value="2">2</option>' in str(form["size"])
    assert seen == {"colour": s.Colour.GREEN, "on": False, "other": 7}


def test_what_is_chosen_stays_while_the_choices_cannot_be_read() -> None:
    def broken() -> list[str]:
        raise OSError("secret place")

    def store(place: s.Annotated[str, Choices(broken)], n: int) -> None: ...

    form = form_class(described(store))(QueryDict("place=A1&n=x"), {})
    told = [message for *_, message in complaints(form)]
    assert len(told) == 2
    assert "could not be read" in "".join(told)
    assert "secret place" not in "".join(told)
    assert Shown(form).data["place"] == "A1"


def test_a_country_that_is_not_known_yet_is_asked_for() -> None:
    asker = Asker({}.__getitem__, {"country": "Country"})
    (choices,) = [item for item in Leg.model_fields["city"].metadata if isinstance(item, Choices)]
    with pytest.raises(ValueError, match="choices_wait"):
        asker.offered(choices)
