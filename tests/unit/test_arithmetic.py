"""The seed's three tasks: their names, and that they are plain functions."""

from project.celery import app
from tasks.samples import arithmetic


def test_their_names_are_those_of_the_contract():
    app.loader.import_default_modules()
    assert {f"tasks.samples.arithmetic.{name}" for name in ("add", "mul", "xsum")} <= app.tasks.keys()


def test_they_count():
    assert arithmetic.add(4, 4) == 8
    assert arithmetic.mul(4, 2.5) == 10
    assert arithmetic.xsum([1, 2, 3.5]) == 6.5
