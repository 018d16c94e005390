"""What authors say to those who launch, in the reader's language; the samples' words are all there in Korean."""

import ast
import enum
import gettext
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, Field

from dashboard.forms.choices import choices_of
from dashboard.forms.form import form_class
from tasks import catalog
from tasks.catalog_words import words_of
from tasks.launchable import BadArgument, launchable
from tasks.samples.tables import check_profile_csv
from tests.support.signatures import described

COMPILED = Path("tasks/locale/ko/LC_MESSAGES/django.mo")
SAMPLES = [task.name for task in catalog.launchables() if task.name.startswith("tasks.samples.")]
HANGUL = re.compile("[가-힣]")
HOLE = re.compile(r"\{\w+\}")


def marked() -> set[str]:
    """Every text of tasks/ that stands in a call for translation."""
    calls = [
        node
        for path in Path("tasks").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    names = ("_", "gettext", "gettext_lazy", "gettext_noop")
    first = [call.args[0] for call in calls if call.func.id in names and call.args]  # type: ignore[attr-defined]
    return {arg.value for arg in first if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}


def test_every_text_of_the_engine_and_the_samples_has_korean_words():
    with COMPILED.open("rb") as compiled:
        korean = gettext.GNUTranslations(compiled)
    texts = marked()
    assert "A subject is one line." in texts
    assert sorted(text for text in texts if korean.gettext(text) == text) == []
    assert [text for text in texts if sorted(HOLE.findall(text)) != sorted(HOLE.findall(korean.gettext(text)))] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_a_korean_page_of_a_sample_is_korean(name: str):
    task = catalog.get(name)
    with translation.override("ko"):
        assert HANGUL.search(task.title)
        schema = task.schema()
        assert schema["title"] == task.title
        for bound in form_class(task)():
            label, help_text = str(bound.label), str(bound.help_text)
            assert HANGUL.search(label) or label in ("X", "Y")
            assert not help_text or not re.search(
                "[a-z]{3}", re.sub(r"TASKCAST_DATA|CSV|jpeg|\S+: email", "", help_text)
            )
            assert schema["properties"][bound.name]["title"] == label
    assert not HANGUL.search(str(task.schema()))


def test_words_of_choices_are_translated_and_their_values_are_not():
    with translation.override("ko"):
        found = choices_of(Literal["auto", "utf-8"], words_of("tasks.samples.tables"))
        assert {key: (value, str(label)) for key, (value, label) in found.items()} == {
            "auto": ("auto", "자동"),
            "utf-8": ("utf-8", "utf-8"),
        }


class Day(enum.Enum):
    NAME = 1


class Person(BaseModel):
    name: str
    when: str = Field(title=gettext_lazy("Jobs"), description=gettext_lazy("Schedules"))


def test_an_authors_own_texts_stand_as_written_unless_he_has_made_them_translatable():
    @launchable(title="Jobs", description="Schedules")
    def sweep(
        name: str,
        day: Annotated[str, Field(title="Row", description="File", examples=["text"])],
        week: Literal["auto", "comma"],
        of: Day,
        person: Person,
        when: Annotated[str, Field(title=gettext_lazy("Jobs"), description=gettext_lazy("Schedules"))] = "",
    ) -> None: ...

    task = described(sweep)
    with translation.override("ko"):
        form = form_class(task)()
        assert (task.title, task.description) == ("Jobs", "Schedules")
        assert [str(bound.label) for bound in form] == ["Name", "Row", "Week", "Of", "Person", "작업"]
        assert (str(form["day"].help_text), form["day"].field.widget.attrs["placeholder"]) == ("File", "text")
        assert [str(label) for key, label in form["week"].field.widget.choices if key] == ["auto", "comma"]
        assert [str(label) for key, label in form["of"].field.widget.choices if key] == ["Name"]
        assert [str(part.label) for part in form["person"].parts[0]] == ["Name", "작업"]
        schema = task.schema()
        told = schema["properties"]["when"]
        assert (told["title"], told["description"]) == (str(form["when"].label), "예약")
        assert schema["$defs"]["Person"]["properties"]["when"]["title"] == "작업"
    assert task.schema()["properties"]["when"]["title"] == "Jobs"


def test_a_title_and_a_question_may_be_lazy():
    title, question = gettext_lazy("Jobs"), gettext_lazy("Schedules")

    @launchable(title=title, description=title, confirm=question)
    def sweep() -> None: ...

    task = described(sweep)
    with translation.override("ko"):
        assert (task.title, task.description, task.confirmation) == ("작업", "작업", "예약")
    assert (task.title, task.description, task.confirmation) == ("Jobs", "Jobs", "Schedules")


def test_a_form_made_in_one_language_is_read_in_another():
    with translation.override("ko"):
        form_type = form_class(catalog.get("tasks.samples.tables.profile_csv"))
    with translation.override("en"):
        form = form_type()
        assert form["file"].label == "File"
        assert form["file"].help_text == "A CSV file from your machine."
    with translation.override("ko"):
        assert form["file"].help_text == "내 컴퓨터에 있는 CSV 파일."


def test_what_a_sample_refuses_is_said_in_korean():
    with translation.override("ko"), pytest.raises(BadArgument, match="파일을 선택하거나"):
        check_profile_csv()


def helps(function: Any) -> dict[str, str]:
    return {bound.name: str(bound.help_text) for bound in form_class(described(function))()}


def test_bounds_are_said_in_numbers_that_agree():
    def lengths(
        a: Annotated[str, Field(min_length=1)],
        b: Annotated[str, Field(min_length=2, max_length=9)],
        c: Annotated[str, Field(max_length=1)],
        d: Annotated[str, Field(min_length=1)] = "x",
        e: Annotated[str | None, Field(min_length=1)] = None,
        f: Annotated[float, Field(ge=1)] = 2,
    ) -> None: ...

    assert helps(lengths) == {
        "a": "",
        "b": "At least 2 characters. At most 9 characters.",
        "c": "At most 1 character.",
        "d": "At least 1 character. Default: x",
        "e": "",
        "f": "At least 1. Default: 2",
    }


def test_an_authors_sentence_ends_before_ours_begins():
    def told(
        a: Annotated[int, Field(description="How often", ge=1)],
        b: Annotated[int, Field(description="How often?", ge=1)],
        c: Annotated[int, Field(description="As people say (roughly)", ge=1)],
        d: Annotated[int, Field(description="As people say (roughly.)", ge=1)],
        e: Annotated[int, Field(description="How often")],
    ) -> None: ...

    assert list(helps(told).values()) == [
        "How often. At least 1.",
        "How often? At least 1.",
        "As people say (roughly). At least 1.",
        "As people say (roughly.) At least 1.",
        "How often",
    ]


def test_an_optional_field_says_its_default():
    import datetime

    from pydantic import SecretStr

    from tests.support.signatures import Colour

    def optional(
        times: int = 3,
        name: str | None = None,
        text: str = "<b>",
        long: str = "x" * 100,
        colour: Colour = Colour.RED,
        several: list[Colour] = [Colour.RED, Colour.GREEN],  # noqa: B006
        tick: bool = True,
        maybe: bool | None = False,
        day: datetime.date = datetime.date(2026, 5, 31),
        wait: datetime.timedelta = datetime.timedelta(minutes=90),
        key: SecretStr = SecretStr("hidden"),  # noqa: B008
        lines: list[str] = ["a", "b"],  # noqa: B006
    ) -> None: ...

    assert helps(optional) == {
        "times": "Default: 3",
        "name": "",
        "text": "Default: &lt;b&gt;",
        "long": "",
        "colour": "Default: Red",
        "several": "Default: Red, Green",
        "tick": "",
        "maybe": "Default: No",
        "day": "Default: 2026-05-31",
        "wait": "Like 1h 30m, 90 min or 1:30:00; a number alone is seconds. Default: 1h 30m",
        "key": "",
        "lines": "One on each line.",
    }


def test_a_link_does_not_change_what_the_default_is_said_to_be():
    from django.http import QueryDict

    def optional(times: int = 3) -> None: ...

    form = form_class(described(optional))(query=QueryDict("times=5"))
    assert form["times"].value() == "5"
    assert form["times"].help_text == "Default: 3"
