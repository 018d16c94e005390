"""What a launch form asks for while it is filled in: other rows, other choices."""

import re
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard import access
from dashboard.forms.asked import AskedField
from dashboard.forms.form import form_class
from dashboard.forms.nested import PartsField

#: The buttons that change a form without launching; no parameter is called so.
DO = ".do"


@require_safe
@login_required
def task_choices(request: HttpRequest, name: str) -> HttpResponse:
    """`?.of=FIELD` and the values of what it depends on: `{"choices": [[key, label], …], "trouble": text}`.

    Secrets and files are not sent here: addresses are logged.
    """
    task = access.get_task_or_404(request.user, name)
    form = form_class(task)(request.GET, user=request.user)
    field = _asked(form.fields, re.sub(r"\.(\d+|__row__)\.", ".", request.GET.get(".of", "")))
    choices, trouble = field.offered(form.asker)
    return JsonResponse({"choices": choices, "trouble": trouble})


def _asked(fields: Any, path: str) -> AskedField:
    """The field at `path`, as it is called in HTML but for the numbers of rows. Raises Http404."""
    name, _dot, rest = path.partition(".")
    field = fields.get(name)
    if rest and isinstance(field, PartsField):
        return _asked(field.fields, rest)
    if rest or not isinstance(field, AskedField):
        raise Http404(_("There is no such field."))
    return field


def given(request: HttpRequest) -> tuple[QueryDict, bool]:
    """What was posted, after what a button of the form asked for; and whether one did, so that nothing is done yet."""
    is_asked = DO in request.POST
    return changed(request.POST) if is_asked else request.POST, is_asked


def changed(data: QueryDict) -> QueryDict:
    """The form's data after its button: `add people`, `remove people.2`, or `renew`, which alone changes nothing."""
    after = data.copy()
    what, _space, path = after.pop(DO)[-1].partition(" ")
    if what == "add":
        numbers = [int(found[1]) for key in data if (found := re.match(rf"{re.escape(path)}\.(\d{{1,9}})\b", key))]
        after[f"{path}.{max(numbers, default=-1) + 1}"] = "on"
    if what == "remove":
        for key in [key for key in data if key == path or key.startswith(f"{path}.")]:
            del after[key]
    return after
