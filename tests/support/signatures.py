"""Task functions of every kind that the catalogue has to understand, the hostile ones included."""

import datetime
import enum
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional
from uuid import UUID

from celery import Celery
from pydantic import BaseModel, Field, SecretStr, field_validator

from tasks import UploadedFile
from tasks.catalog_task import LaunchableTask

_app = Celery("signatures", set_as_current=False)


def described(function: Callable[..., Any], **options: Any) -> LaunchableTask:
    """`function` as a task of an app of its own, and what the catalogue makes of it."""
    name = f"signatures.{function.__qualname__}.{id(function)}"
    return LaunchableTask(name, _app.task(name=name, **options)(function))


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Corner(enum.Enum):
    ORIGIN = (0, 0)
    END = (9, 9)


class Login(BaseModel):
    user: str
    password: SecretStr
    born: datetime.date | None = None


class Strict(BaseModel, strict=True):
    day: datetime.date


class Doubling(BaseModel):
    number: int

    @field_validator("number")
    @classmethod
    def double(cls, value: int) -> int:
        return value * 2


class Tree(BaseModel):
    secret: SecretStr | None = None
    children: list["Tree"] = []


class Opaque:
    pass


def numbers(
    whole: Annotated[int, Field(ge=1, le=10, title="How many", description="Of them.")],
    real: Annotated[float, Field(gt=0, lt=1)] = 0.5,
    money: Decimal = Decimal("1.50"),
    maybe: Annotated[Optional[int], Field(ge=0)] = None,  # noqa: UP045
) -> None: ...


def texts(
    plain: str,
    coded: Annotated[str, Field(pattern=r"^[a-z]{2}$", max_length=2)] = "ab",
    nullable: str | None = None,
    secret: SecretStr = SecretStr("default secret"),  # noqa: B008
    long: Annotated[str, Field(json_schema_extra={"format": "textarea"})] = "",
) -> None: ...


def choices(
    colour: Colour,
    literal: Literal["a", "b", 3] = "a",
    level: Level = Level.LOW,
    corner: Corner = Corner.END,
    several: list[Colour] | None = None,
    yes: bool = True,
    perhaps: bool | None = None,
) -> None: ...


def times(
    day: datetime.date,
    moment: datetime.datetime,
    hour: datetime.time = datetime.time(9, 30),
    span: datetime.timedelta = datetime.timedelta(hours=1),
    ident: UUID | None = None,
) -> None: ...


def many(
    words: list[str],
    counts: list[int] | None = None,
    unique: set[int] = frozenset(),  # type: ignore[assignment]
    pair: tuple[int, str] = (1, "a"),
    mapping: dict[str, int] | None = None,
    once: Iterable[int] = (),
) -> None: ...


def models(login: Login, strict: Strict | None = None, doubling: Doubling | None = None) -> None: ...


def files(one: UploadedFile, more: list[UploadedFile] | None = None) -> None: ...


def untyped(x, y=None, z="text"): ...


def unresolvable(x: "Nowhere.at.all", y: "int" = 3, z: "Opaque | None" = None) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def odd_defaults(
    made: Any = lambda: None,
    kept: Opaque = Opaque(),  # noqa: B008
    field: int = Field(3, ge=1),
    never: Callable[[], None] = print,
    weird: 5 = None,  # type: ignore[valid-type]
) -> None: ...


def form_names(
    data: int,
    files: int,
    fields: int,
    errors: int,
    clean: int,
    prefix: int,
    is_valid: int,
    csrfmiddlewaretoken: int,
    csrfmiddlewaretoken_: int = 0,
    class_: int = 0,
    cleaned_data: int = 0,
    model_config: int = 0,
    json: int = 0,
    _hidden: int = 0,
) -> None: ...


def positional(first: int, second: int = 2, /, third: int = 3, *rest: int, key: int = 4, **others: int) -> None: ...


def called_self(self: int, other: int = 1) -> None: ...


ALL: list[Callable[..., Any]] = [
    numbers,
    texts,
    choices,
    times,
    many,
    models,
    files,
    untyped,
    unresolvable,
    odd_defaults,
    form_names,
    positional,
    called_self,
]
