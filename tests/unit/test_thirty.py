"""Thirty signatures by form, JSON, command line and table: right values arrive, wrong ones are told at their place."""

import csv
import io
import uuid
from html.parser import HTMLParser
from typing import Any

import pytest
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from dashboard.forms.form import ArgumentsForm, form_class
from dashboard.forms.parts import complaints
from dashboard.tables import rows as table_rows
from dashboard.tables.rows import BadTable
from dashboard.terminal.arguments import read as read_words
from tasks import catalog
from tasks.catalog import BadArguments
from tests.support.signatures_thirty import THIRTY, Bad, Signature

CASES = [pytest.param(one, bad, id=f"{one.name.rpartition('.')[2]} {bad.at}") for one in THIRTY for bad in one.bad]


def sent(one: Signature, **changes: Any) -> ArgumentsForm:
    data = QueryDict(mutable=True)
    for name, value in {**one.form, **changes}.items():
        if value is not None:
            data.setlist(name, value if isinstance(value, list) else [value])
    return form_class(catalog.get(one.name))(data, MultiValueDict())


def called(one: Signature, args: dict[str, Any], **how: Any) -> str:
    """What the task says, given these arguments by way of a message."""
    task = catalog.get(one.name)
    values = task.revive(task.wire(task.validate(args, **how)))
    positional, named = task.call(values)
    return str(task.registered.run(*positional, **named))


def test_there_are_thirty() -> None:
    assert len({one.name for one in THIRTY}) == len(THIRTY) == 30


@pytest.mark.parametrize("one", THIRTY, ids=lambda one: one.name.rpartition(".")[2])
def test_what_is_right_arrives_exactly(one: Signature) -> None:
    form = sent(one)
    assert form.is_valid(), list(complaints(form))
    assert called(one, form.arguments()) == one.expected
    assert called(one, one.args, json_types=True) == one.expected


@pytest.mark.parametrize(("one", "bad"), CASES)
def test_what_is_wrong_is_told_at_its_place(one: Signature, bad: Bad) -> None:
    form = sent(one, **bad.form)
    assert not form.is_valid()
    assert [place.removesuffix("_0") for place, _label, _message in complaints(form)] == [f"id_{bad.at}"]
    if bad.args is not None:
        with pytest.raises(BadArguments) as caught:
            catalog.get(one.name).validate({**one.args, **bad.args}, json_types=True)
        assert [fault["loc"] for fault in caught.value.errors] == [bad.loc]


def words(one: Signature, bad: Bad | None = None) -> list[str]:
    return [f"{name}={text}" for name, text in one.texts(bad).items()]


def csv_of(texts: dict[str, str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([texts.keys(), texts.values()])
    return out.getvalue()


def nobody(parameter: Any) -> str:
    raise AssertionError(f"asked for {parameter.name}")


@pytest.mark.parametrize("one", THIRTY, ids=lambda one: one.name.rpartition(".")[2])
def test_what_is_typed_without_a_form_arrives_exactly(one: Signature) -> None:
    task = catalog.get(one.name)
    line = read_words(task, words(one), nobody)
    assert called(one, line.args, json_types=line.is_exact) == one.expected
    table = table_rows.read(task, csv_of(one.texts(in_table=True)))
    assert table.misread == {}
    assert [called(one, args, json_types=table.is_exact) for args in table.rows] == [one.expected]


@pytest.mark.parametrize(("one", "bad"), CASES)
def test_what_is_wrong_without_a_form_is_told_of_its_parameter(one: Signature, bad: Bad) -> None:
    task = catalog.get(one.name)
    parameter = bad.at.partition(".")[0]
    with pytest.raises(BadArguments) as caught:
        task.validate(read_words(task, words(one, bad), nobody).args)
    assert {fault["loc"][0] for fault in caught.value.errors} == {parameter}
    texts = one.texts(bad, in_table=True)
    with pytest.raises(BadTable) as refused:
        table_rows.launch_table(task, csv_of(texts), user=None, job_id=uuid.uuid4())
    # A row in which nothing stands is none.
    assert {cell[:2] for cell in refused.value.cells} == ({(2, parameter)} if any(texts.values()) else set())


@pytest.mark.parametrize(("one", "bad"), CASES)
def test_nothing_typed_is_lost(one: Signature, bad: Bad) -> None:
    """What a refused form shows, sent once more, is refused for the same; what cannot be chosen is not shown."""
    form = sent(one, **bad.form)
    shown = Shown(form)
    again = form_class(catalog.get(one.name))(shown.data, MultiValueDict())
    told = {place for place, *_ in complaints(form)} - shown.not_kept
    assert {place for place, *_ in complaints(again)} - shown.not_kept == told


class Shown(HTMLParser):
    """What a browser would send of the page that shows a form; `not_kept` are the ids of choices and secrets."""

    def __init__(self, form: ArgumentsForm) -> None:
        super().__init__()
        self.data = QueryDict(mutable=True)
        self.not_kept: set[str] = set()
        self._name = self._text = ""
        self._in_template = False
        self.feed("".join(str(bound) for bound in form))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_template |= tag == "template"
        given = {name: value or "" for name, value in attrs}
        if not self._in_template:
            self._take(tag, given)

    def _take(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "")
        if tag == "select" or kind in ("radio", "checkbox", "password"):
            self.not_kept |= {given.get("id", ""), given.get("id", "").rpartition("_")[0]}
        if kind in ("checkbox", "radio"):
            if "checked" in given:
                self.data.appendlist(given["name"], given.get("value", "on"))
        elif tag == "input":
            self.data.appendlist(given["name"], given.get("value", ""))
        elif tag in ("select", "textarea"):
            self._name, self._text = given["name"], ""
            if tag == "select":
                self.data[self._name] = ""
        elif tag == "option" and "selected" in given:
            self.data[self._name] = given["value"]

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        self._in_template &= tag != "template"
        if tag == "textarea" and not self._in_template:
            self.data.appendlist(self._name, self._text.removeprefix("\n"))
