"""Thirty signatures that cover what a launch can be given, each with what is right and what is wrong.

The data is plain, so that every door of a launch can be driven by it. Tasks return the repr of what they were given.
"""

import datetime
import enum
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired
from uuid import UUID

from celery import shared_task
from pydantic import AwareDatetime, BaseModel, Field, HttpUrl, NaiveDatetime, SecretStr
from typing_extensions import TypedDict

from tasks import Choices
from tasks.launchable import BadArgument, LongText


@dataclass(frozen=True)
class Bad:
    """A mistake: what differs from the good `form` (None takes a field away) and from the good `args`.

    `at` is the name in HTML of the control where the message stands, `loc` the place of the fault in the API;
    `args` is None where JSON cannot be wrong in this way.
    """

    at: str
    form: dict[str, Any]
    args: dict[str, Any] | None = None
    loc: list[str | int] = field(default_factory=list)


@dataclass(frozen=True)
class Signature:
    """A task, what a browser sends for it, the same as JSON, and the repr of the arguments that have to arrive."""

    task: Any
    form: dict[str, Any]
    args: dict[str, Any]
    expected: str
    bad: tuple[Bad, ...] = ()

    @property
    def name(self) -> str:
        """The task's registered name."""
        return str(self.task.name)

    def texts(self, bad: Bad | None = None, *, in_table: bool = False) -> dict[str, str]:
        """What one types where there is no form: by `name` the text that the form's one control has, else JSON; by
        `name:` exact JSON, for what no text says. In a table that is also what is empty: an empty cell is no value."""
        form, args = ({**self.form, **bad.form}, {**self.args, **(bad.args or {})}) if bad else (self.form, self.args)
        changed = {name.partition(".")[0] for name in bad.form} if bad else set()
        found: dict[str, str] = {}
        for name, value in args.items():
            text = form.get(name)
            composite = [key for key in form if key.startswith(f"{name}.")]
            if bad and bad.args is None and name in changed:
                # Wrong as no JSON is: what was typed, or nothing at all.
                found[name] = bad.form[next(key for key in bad.form if key.partition(".")[0] == name)] or ""
            elif isinstance(text, str) and not composite and (text or name in changed or not in_table):
                found[name] = text
            elif isinstance(value, list | dict):
                found[name] = json.dumps(value)
            else:
                found[f"{name}:"] = json.dumps(value)
        return found


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Corner(enum.Enum):
    ORIGIN = (0, 0)
    END = (9, 9)


City = enum.Enum("City", {f"C{n}": f"city {n}" for n in range(12)})  # type: ignore[misc]


class Person(BaseModel):
    name: Annotated[str, Field(min_length=1)]
    age: Annotated[int, Field(ge=0, le=150)]
    member: bool = False


@dataclass
class Stop:
    place: str
    minutes: int = 5
    kind: Literal["load", "unload"] = "load"
    note: str | None = None


class Price(TypedDict):
    item: str
    amount: float
    currency: NotRequired[str]


class Customer(BaseModel):
    name: str
    since: datetime.date | None = None


class Order(BaseModel):
    customer: Customer
    urgent: bool = False
    lines: list[Person] = []


class Options(BaseModel):
    depth: int = 3
    tags: list[str] = Field(default_factory=list)


@dataclass
class Box:
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]


class Level3(BaseModel):
    n: int


class Level2(BaseModel):
    inner: Level3


class Level1(BaseModel):
    inner: Level2


class Login(BaseModel):
    user: str
    password: SecretStr


def warehouses() -> list[Any]:
    return [("A1", "North"), ("B2", "South"), "C3"]


def cities_of(country: str) -> list[str]:
    if country == "Atlantis":
        raise BadArgument("city", "Atlantis has no cities any more.")
    return {"Korea": ["Seoul", "Busan"], "France": ["Paris", "Lyon"]}[country]


def many_numbers() -> list[tuple[int, str]]:
    return [(n, f"Number {n}") for n in range(500)]


class Leg(BaseModel):
    city: Annotated[str, Choices(cities_of)]
    nights: int = 1


@shared_task
def weigh(
    kg: Annotated[float, Field(gt=0, le=500, json_schema_extra={"unit": "kg"})],
    boxes: Annotated[int, Field(ge=2, multiple_of=2)] = 2,
) -> str:
    return repr(locals())


@shared_task
def pay(price: Annotated[Decimal, Field(max_digits=6, decimal_places=2)], ratio: int | float = 1) -> str:
    return repr(locals())


@shared_task
def code(text: Annotated[str, Field(pattern=r"^[A-Z]{2}-\d+$", max_length=8)]) -> str:
    return repr(locals())


@shared_task
def write(text: LongText, title: str = "Untitled") -> str:
    return repr(locals())


@shared_task
def remark(left: str | None = None, emptied: str | None = None, taken_out: str | None = "x") -> str:
    return repr(locals())


@shared_task
def switch(on: bool, off: bool = True, perhaps: bool | None = None) -> str:
    return repr(locals())


@shared_task
def paint(colour: Colour, corner: Corner, finish: Literal["matt", "gloss", 3] = "matt") -> str:
    return repr(locals())


@shared_task
def travel(city: City) -> str:
    return repr(locals())


@shared_task
def pizza(toppings: list[Literal["ham", "olives", "basil"]], sizes: set[Literal[1, 2]] = frozenset()) -> str:  # type: ignore[assignment]
    return repr(locals())


@shared_task
def visit(cities: list[City] | None = None, colours: list[Colour] | None = None) -> str:
    return repr(locals())


@shared_task
def appoint(day: datetime.date, hour: datetime.time = datetime.time(9)) -> str:
    return repr(locals())


@shared_task
def moment(at: datetime.datetime) -> str:
    return repr(at.astimezone(datetime.UTC).isoformat())


@shared_task
def moments(local: NaiveDatetime, aware: AwareDatetime | None = None) -> str:
    return repr(locals())


@shared_task
def wait(span: datetime.timedelta, pause: datetime.timedelta = datetime.timedelta(seconds=90)) -> str:
    return repr(locals())


@shared_task
def lists(words: list[str], counts: list[int], unique: frozenset[int] | None = None) -> str:
    return repr(locals())


@shared_task
def invite(people: Annotated[list[Person], Field(min_length=1)]) -> str:
    return repr(locals())


@shared_task
def drive(stops: list[Stop]) -> str:
    return repr(locals())


@shared_task
def prices(rows: list[Price] | None = None) -> str:
    return repr(locals())


@shared_task
def order(order: Order, note: str = "") -> str:
    return repr(locals())


@shared_task
def search(text: str, options: Options | None = None, more: Options = Options(depth=7)) -> str:  # noqa: B008
    return repr(locals())


@shared_task
def pack(box: Box) -> str:
    return repr(locals())


@shared_task
def deep(level: Level1) -> str:
    return repr(locals())


@shared_task
def unlock(key: SecretStr, login: Login) -> str:
    return f"{key!r} {len(key.get_secret_value())} {login!r} {len(login.password.get_secret_value())}"


@shared_task
def payload(numbers: dict[str, int], pair: tuple[int, str]) -> str:
    return repr(locals())


@shared_task
def anything(x, y=None, z="text") -> str:  # type: ignore[no-untyped-def]
    return repr(locals())


@shared_task
def call(first: int, /, second: int = 2, *rest: int, key: str = "k", **others: float) -> str:
    return repr(locals())


@shared_task
def address(ident: UUID, url: HttpUrl, either: int | str = 0) -> str:
    return repr((ident, str(url), either))


@shared_task
def store(warehouse: Annotated[str, Choices(warehouses)], second: Annotated[str | None, Choices(warehouses)] = None) -> str:  # fmt: skip  # noqa: E501
    return repr(locals())


@shared_task
def deliver(country: Literal["Korea", "France", "Atlantis"], city: Annotated[str, Choices(cities_of)]) -> str:
    return repr(locals())


@shared_task
def route(country: str, legs: list[Leg], picks: Annotated[list[int], Choices(many_numbers)]) -> str:
    return repr(locals())


_PERSON = "Person(name='Ann', age=40, member=True)"

THIRTY: list[Signature] = [
    Signature(
        weigh,
        {"kg": "3.5", "boxes": "4"},
        {"kg": 3.5, "boxes": 4},
        "{'kg': 3.5, 'boxes': 4}",
        (
            Bad("kg", {"kg": "0"}, {"kg": 0}, ["kg"]),
            Bad("kg", {"kg": "heavy"}, {"kg": "heavy"}, ["kg"]),
            Bad("kg", {"kg": ""}),
            Bad("boxes", {"boxes": "3"}, {"boxes": 3}, ["boxes"]),
        ),
    ),
    Signature(
        pay,
        {"price": "1.50", "ratio": "2"},
        {"price": "1.50", "ratio": 2},
        "{'price': Decimal('1.50'), 'ratio': 2}",
        (
            Bad("price", {"price": "1.005"}, {"price": "1.005"}, ["price"]),
            Bad("ratio", {"ratio": "half"}, {"ratio": "half"}, ["ratio"]),
        ),
    ),
    Signature(
        code,
        {"text": "AB-12"},
        {"text": "AB-12"},
        "{'text': 'AB-12'}",
        (
            Bad("text", {"text": "ab"}, {"text": "ab"}, ["text"]),
            Bad("text", {"text": "AB-1234567"}, {"text": "AB-1234567"}, ["text"]),
        ),
    ),
    Signature(
        write,
        {"text": "one\r\ntwo", "title": ""},
        {"text": "one\ntwo", "title": ""},
        "{'text': 'one\\ntwo', 'title': ''}",
        (
            Bad("text", {"text": "a\x00"}, {"text": "a\x00"}, ["text"]),
            Bad("text", {"text": None}, {"text": 3}, ["text"]),
        ),
    ),
    Signature(
        remark,
        {"left": "", "emptied": '""', "taken_out": ""},
        {"left": None, "emptied": "", "taken_out": None},
        "{'left': None, 'emptied': '', 'taken_out': None}",
        (Bad("left", {"left": "\x00"}, {"left": 1}, ["left"]),),
    ),
    Signature(
        switch,
        {"on": "on", "perhaps": "false"},
        {"on": True, "off": False, "perhaps": False},
        "{'on': True, 'off': False, 'perhaps': False}",
        (Bad("perhaps", {"perhaps": "never"}, {"perhaps": "never"}, ["perhaps"]),),
    ),
    Signature(
        paint,
        {"colour": "green", "corner": "END", "finish": "3"},
        {"colour": "green", "corner": "END", "finish": 3},
        "{'colour': <Colour.GREEN: 'green'>, 'corner': <Corner.END: (9, 9)>, 'finish': 3}",
        (
            Bad("colour", {"colour": "blue"}, {"colour": "blue"}, ["colour"]),
            Bad("colour", {"colour": None}),
            Bad("corner", {"corner": "MIDDLE"}, {"corner": "MIDDLE"}, ["corner"]),
        ),
    ),
    Signature(
        travel,
        {"city": "city 11"},
        {"city": "city 11"},
        "{'city': <City.C11: 'city 11'>}",
        (Bad("city", {"city": "city 12"}, {"city": "city 12"}, ["city"]), Bad("city", {"city": ""})),
    ),
    Signature(
        pizza,
        {"toppings": ["ham", "basil"], "sizes": ["2"]},
        {"toppings": ["ham", "basil"], "sizes": [2]},
        "{'toppings': ['ham', 'basil'], 'sizes': {2}}",
        (
            Bad("toppings", {"toppings": ["ham", "tar"]}, {"toppings": ["ham", "tar"]}, ["toppings", 1]),
            Bad("toppings", {"toppings": []}),
        ),
    ),
    Signature(
        visit,
        {"cities": [], "colours": ["[]"]},
        {"cities": None, "colours": []},
        "{'cities': None, 'colours': []}",
        (Bad("cities", {"cities": ["city 1", "city 99"]}, {"cities": ["city 1", "city 99"]}, ["cities", 1]),),
    ),
    Signature(
        appoint,
        {"day": "2026-05-31", "hour": "14:30"},
        {"day": "2026-05-31", "hour": "14:30"},
        "{'day': datetime.date(2026, 5, 31), 'hour': datetime.time(14, 30)}",
        (
            Bad("day", {"day": "31.5."}, {"day": "31.5."}, ["day"]),
            Bad("hour", {"hour": "25:00"}, {"hour": "25:00"}, ["hour"]),
        ),
    ),
    Signature(
        moment,
        {"at": "2026-05-31T14:30"},  # in the reader's zone, which is Seoul's
        {"at": "2026-05-31T14:30+09:00"},
        "'2026-05-31T05:30:00+00:00'",
        (Bad("at", {"at": "yesterday"}, {"at": "yesterday"}, ["at"]),),
    ),
    Signature(
        moments,
        {"local": "2026-05-31T14:30", "aware": ""},
        {"local": "2026-05-31T14:30", "aware": None},
        "{'local': datetime.datetime(2026, 5, 31, 14, 30), 'aware': None}",
        (Bad("local", {"local": "soon"}, {"local": "2026-05-31T14:30Z"}, ["local"]),),
    ),
    Signature(
        wait,
        {"span": "1h 30m", "pause": "90"},
        {"span": "PT1H30M", "pause": 90},
        "{'span': datetime.timedelta(seconds=5400), 'pause': datetime.timedelta(seconds=90)}",
        (Bad("span", {"span": "a while"}, {"span": "a while"}, ["span"]),),
    ),
    Signature(
        lists,
        {"words": "a b\r\n\r\nc", "counts": "[1, 2]", "unique": "[]"},
        {"words": ["a b", "c"], "counts": [1, 2], "unique": []},
        "{'words': ['a b', 'c'], 'counts': [1, 2], 'unique': frozenset()}",
        (
            Bad("counts", {"counts": "1\n2x"}, {"counts": [1, "2x"]}, ["counts", 1]),
            Bad("words", {"words": ""}, {"words": "a"}, ["words"]),
        ),
    ),
    Signature(
        invite,
        {
            "people": "on",
            "people.0": "on", "people.0.name": "Ann", "people.0.age": "40", "people.0.member": "on",
            "people.4.name": "Ben", "people.4.age": "7",
            "people.5.name": "", "people.5.age": "",
        },
        {"people": [{"name": "Ann", "age": 40, "member": True}, {"name": "Ben", "age": 7}]},
        f"{{'people': [{_PERSON}, Person(name='Ben', age=7, member=False)]}}",
        (
            Bad("people.4.age", {"people.4.age": "151"},
                {"people": [{"name": "Ann", "age": 40}, {"name": "Ben", "age": 151}]}, ["people", 1, "age"]),
            Bad("people.4.age", {"people.4.age": ""},
                {"people": [{"name": "Ann", "age": 40}, {"name": "Ben"}]}, ["people", 1, "age"]),
            Bad("people.0.name", {"people.0.name": ""}, {"people": [{"name": "", "age": 40}]}, ["people", 0, "name"]),
            Bad("people", {"people.0": None, "people.0.name": None, "people.0.age": None, "people.0.member": None,
                           "people.4.name": None, "people.4.age": None}, {"people": []}, ["people"]),
            Bad("people", {"people": "[1"}, {"people": 1}, ["people"]),
        ),
    ),
    Signature(
        drive,
        {
            "stops": "on",
            "stops.0.place": "Seoul", "stops.0.minutes": "5", "stops.0.kind": "unload", "stops.0.note": '""',
            "stops.1.place": "", "stops.1.minutes": "5", "stops.1.kind": "load", "stops.1.note": "",
        },
        {"stops": [{"place": "Seoul", "kind": "unload", "note": ""}]},
        "{'stops': [Stop(place='Seoul', minutes=5, kind='unload', note='')]}",
        (
            Bad("stops.0.minutes", {"stops.0.minutes": "five"},
                {"stops": [{"place": "Seoul", "minutes": "five"}]}, ["stops", 0, "minutes"]),
            Bad("stops.0.kind", {"stops.0.kind": "sell"},
                {"stops": [{"place": "Seoul", "kind": "sell"}]}, ["stops", 0, "kind"]),
        ),
    ),
    Signature(
        prices,
        {"rows": ["off", "on"], "rows.0.item": "", "rows.0.amount": "", "rows.0.currency": ""},
        {"rows": []},
        "{'rows': []}",
        (Bad("rows.0.amount", {"rows.0.item": "tea"}, {"rows": [{"item": "tea"}]}, ["rows", 0, "amount"]),),
    ),
    Signature(
        order,
        {
            "order": "on", "order.customer": "on", "order.customer.name": "Kim", "order.customer.since": "2020-02-29",
            "order.urgent": "on",
            "order.lines": "on", "order.lines.0.name": "Ann", "order.lines.0.age": "40", "order.lines.0.member": "on",
            "note": "",
        },
        {"order": {"customer": {"name": "Kim", "since": "2020-02-29"}, "urgent": True,
                   "lines": [{"name": "Ann", "age": 40, "member": True}]}, "note": ""},
        "{'order': Order(customer=Customer(name='Kim', since=datetime.date(2020, 2, 29)), urgent=True, "
        f"lines=[{_PERSON}]), 'note': ''}}",
        (
            Bad("order.customer.since", {"order.customer.since": "2021-02-29"},
                {"order": {"customer": {"name": "Kim", "since": "2021-02-29"}}}, ["order", "customer", "since"]),
            Bad("order.customer.name", {"order.customer.name": ""}, {"order": {"customer": {}}},
                ["order", "customer", "name"]),
            Bad("order.lines.0.age", {"order.lines.0.age": "-1"},
                {"order": {"customer": {"name": "Kim"}, "lines": [{"name": "Ann", "age": -1}]}},
                ["order", "lines", 0, "age"]),
        ),
    ),
    Signature(
        search,
        {"text": "t", "options": ["off", "on"], "options.depth": "3", "options.tags": "", "more": "on",
         "more.depth": "7", "more.tags": "a\nb"},
        {"text": "t", "options": {}, "more": {"depth": 7, "tags": ["a", "b"]}},
        "{'text': 't', 'options': Options(depth=3, tags=[]), 'more': Options(depth=7, tags=['a', 'b'])}",
        (Bad("options.depth", {"options": "off", "options.depth": "x"}, {"options": {"depth": "x"}},
             ["options", "depth"]),),
    ),
    Signature(
        pack,
        {"box": "on", "box.width": "2", "box.height": "3"},
        {"box": {"width": 2, "height": 3}},
        "{'box': Box(width=2, height=3)}",
        (
            Bad("box.width", {"box.width": "0"}, {"box": {"width": 0, "height": 3}}, ["box", "width"]),
            Bad("box.height", {"box.height": ""}, {"box": {"width": 2}}, ["box", "height"]),
        ),
    ),
    Signature(
        deep,
        {"level": "on", "level.inner": "on", "level.inner.inner": '{"n": 1}'},
        {"level": {"inner": {"inner": {"n": 1}}}},
        "{'level': Level1(inner=Level2(inner=Level3(n=1)))}",
        (
            Bad("level.inner.inner", {"level.inner.inner": '{"n": "x"}'},
                {"level": {"inner": {"inner": {"n": "x"}}}}, ["level", "inner", "inner", "n"]),
            Bad("level.inner.inner", {"level.inner.inner": "{"}),
        ),
    ),
    Signature(
        unlock,
        {"key": "open sesame", "login": "on", "login.user": "ann", "login.password": "hunter22"},
        {"key": "open sesame", "login": {"user": "ann", "password": "hunter22"}},
        "SecretStr('**********') 11 Login(user='ann', password=SecretStr('**********')) 8",
        (
            Bad("login.password", {"login.password": ""}, {"login": {"user": "ann"}}, ["login", "password"]),
            Bad("key", {"key": ""}, {"key": 1}, ["key"]),
        ),
    ),
    Signature(
        payload,
        {"numbers": '{"a": 1}', "pair": '[2, "b"]'},
        {"numbers": {"a": 1}, "pair": [2, "b"]},
        "{'numbers': {'a': 1}, 'pair': (2, 'b')}",
        (
            Bad("numbers", {"numbers": "{"}, {"numbers": 1}, ["numbers"]),
            Bad("numbers", {"numbers": '{"a": "b"}'}, {"numbers": {"a": "b"}}, ["numbers", "a"]),
            Bad("pair", {"pair": "[2]"}, {"pair": [2]}, ["pair", 1]),
        ),
    ),
    Signature(
        anything,
        {"x": "4", "y": '"4"', "z": "[1, null]"},
        {"x": 4, "y": "4", "z": [1, None]},
        "{'x': 4, 'y': '4', 'z': [1, None]}",
        (Bad("x", {"x": '"\\u0000"'}, {"x": "\x00"}, ["x"]), Bad("x", {"x": ""})),
    ),
    Signature(
        call,
        {"first": "1", "second": "3", "rest": "7\n8", "key": "k", "others": '{"a": 0.5}'},
        {"first": 1, "second": 3, "rest": [7, 8], "key": "k", "others": {"a": 0.5}},
        "{'first': 1, 'second': 3, 'key': 'k', 'rest': (7, 8), 'others': {'a': 0.5}}",
        (
            Bad("rest", {"rest": "7\nx"}, {"rest": [7, "x"]}, ["rest", 1]),
            Bad("others", {"others": '{"key": 1}'}, {"others": {"key": 1}}, ["others", "key"]),
        ),
    ),
    Signature(
        address,
        {"ident": "12345678-1234-4234-8234-123456789abc", "url": "https://example.com/a", "either": '"4"'},
        {"ident": "12345678-1234-4234-8234-123456789abc", "url": "https://example.com/a", "either": "4"},
        "(UUID('12345678-1234-4234-8234-123456789abc'), 'https://example.com/a', '4')",
        (
            Bad("ident", {"ident": "no"}, {"ident": "no"}, ["ident"]),
            Bad("url", {"url": "not a url"}, {"url": "not a url"}, ["url"]),
        ),
    ),
    Signature(
        store,
        {"warehouse": "A1", "second": ""},
        {"warehouse": "A1", "second": None},
        "{'warehouse': 'A1', 'second': None}",
        (
            Bad("warehouse", {"warehouse": "Z9"}, {"warehouse": "Z9"}, ["warehouse"]),
            Bad("second", {"second": "North"}, {"second": "North"}, ["second"]),
        ),
    ),
    Signature(
        deliver,
        {"country": "Korea", "city": "Busan"},
        {"country": "Korea", "city": "Busan"},
        "{'country': 'Korea', 'city': 'Busan'}",
        (
            Bad("city", {"country": "France"}, {"country": "France"}, ["city"]),
            Bad("city", {"country": "Atlantis"}, {"country": "Atlantis"}, ["city"]),
            Bad("country", {"country": ""}, {"country": "Narnia"}, ["country"]),
        ),
    ),
    Signature(
        route,
        {"country": "France", "legs": "on", "legs.0": "on", "legs.0.city": "Lyon", "legs.0.nights": "2",
         "picks": ["3", "499"]},
        {"country": "France", "legs": [{"city": "Lyon", "nights": 2}], "picks": [3, 499]},
        "{'country': 'France', 'legs': [Leg(city='Lyon', nights=2)], 'picks': [3, 499]}",
        (
            Bad("legs.0.city", {"legs.0.city": "Seoul"}, {"legs": [{"city": "Seoul"}]}, ["legs", 0, "city"]),
            # What the callable makes of a country that it does not know is told without a word of its traceback.
            Bad("legs.0.city", {"country": "Narnia"}, {"country": "Narnia"}, ["legs", 0, "city"]),
            Bad("picks", {"picks": ["3", "500"]}, {"picks": [3, 500]}, ["picks"]),
        ),
    ),
]  # fmt: skip
