"""A task that asks for it is launched by people in two steps: what is shown in between, and what comes along.

Whoever launches on a page asks `is_needed` first. What was typed into a form is kept meanwhile (asked.py); what is
short, and no secret, stands in hidden fields of the page, which posts them once more, with the yes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard import file_names
from dashboard.forms.form import ArgumentsForm
from dashboard.launching.when import WhenForm
from tasks import catalog
from tasks.catalog import LaunchableTask

#: The button that says yes; no parameter is called so.
SURE = ".sure"


@dataclass(frozen=True)
class Question:
    """One task that is about to be launched: how many `jobs`, and of a single one what it is given, as people read it.

    `facts` are labels and words about the launch, such as its time.
    """

    task: LaunchableTask
    jobs: int = 1
    args: Mapping[str, Any] | None = None
    names: Mapping[str, str] | None = None
    facts: Iterable[tuple[Any, str]] = ()


def is_needed(request: HttpRequest, task: LaunchableTask) -> bool:
    """Whether the task asks to be confirmed, and what was posted does not say yes."""
    return bool(task.confirmation) and SURE not in request.POST


def of_form(form: ArgumentsForm, when: WhenForm) -> Question:
    """What is asked about a launch form that is right."""
    positional, named = form.task.call(form.task.wire(form.arguments()))
    args = catalog.shown(form.task.name, positional, named)
    names = file_names.of([{"args": args, "owner": form.user.get_username()}])
    return Question(form.task, args=args, names=names, facts=when.facts())


def page(
    request: HttpRequest,
    questions: Iterable[Question],
    *,
    carried: Iterable[tuple[str, str]] = (),
    back: str,
) -> HttpResponse:
    """Ask. A yes posts `carried` (names and values) to the same address; who does not mean it goes `back`."""
    context = {"questions": list(questions), "carried": list(carried), "back": back}
    response = render(request, "dashboard/confirm.html", context)
    if request.method != "POST":
        # A browser that goes back to it after a yes is to ask us what there is to see now.
        response.headers["Cache-Control"] = "private, no-store"
    return response
