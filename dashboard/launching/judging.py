"""What a launch form hears of what is typed in it, before it is sent: in the same words as after."""

from itertools import chain
from typing import Any

from django.http import HttpResponse, JsonResponse

from dashboard.forms.parts import complaints

#: What the script asks for when somebody leaves a field.
CHECK = "check"


def answer(form: Any, when: Any) -> HttpResponse:
    """`{"errors": {id of a control: [message, …]}}`; nothing is launched, and nothing kept."""
    form.judge()
    errors: dict[str, list[str]] = {}
    for place, _label, message in chain(complaints(form), complaints(when)):
        errors.setdefault(place, []).append(message)
    return JsonResponse({"errors": errors})
