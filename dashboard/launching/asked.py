"""What was typed into a form whose task asks to be confirmed, while a question stands between the form and the launch.

The question is a page with an address of its own (`?.asked=ID`), as is the form that one goes back to (`?.typed=ID`):
to either a browser goes back without sending anything once more. So what was typed is kept, of each user the newest
few; what is older than a day goes when the next is kept. It is sealed by the site's secret key: a copy of the database
alone opens no secret in it.
"""

import base64
import json
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography.fernet import Fernet, InvalidToken
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from dashboard import access
from dashboard.models import AskedLaunch
from tasks.catalog import LaunchableTask

#: Parts of an address, each with an id; no parameter is called so.
ASKED, TYPED = ".asked", ".typed"
IN_ADDRESS = {ASKED, TYPED}

_KEPT = timedelta(days=1)
_MOST = 20  # of one user


def keep(owner: Any, task: LaunchableTask, fields: Iterable[tuple[str, str]]) -> AskedLaunch:
    """Keep the names and values that were posted to a form of `task`; remove what is too old."""
    AskedLaunch.objects.filter(asked_at__lt=timezone.now() - _KEPT).delete()
    older = AskedLaunch.objects.filter(owner=owner).order_by("-asked_at").values_list("pk", flat=True)
    AskedLaunch.objects.filter(pk__in=list(older[_MOST - 1 :])).delete()
    return AskedLaunch.objects.create(owner=owner, task=task.name, sealed=_sealed(fields))


def replace(row: AskedLaunch, fields: Iterable[tuple[str, str]]) -> None:
    """Keep other values from now on: those without secrets, once it is launched."""
    AskedLaunch.objects.filter(pk=row.pk).update(sealed=_sealed(fields))


def fields(row: AskedLaunch) -> QueryDict | None:
    """What was posted; None where the site has another secret key by now."""
    try:
        pairs = json.loads(_fernet().decrypt(bytes(row.sealed)))
    except InvalidToken:
        return None
    found = QueryDict(mutable=True)
    for name, value in pairs:
        found.appendlist(name, value)
    return found


def ask(request: HttpRequest, task: LaunchableTask, fields: Iterable[tuple[str, str]]) -> HttpResponse:
    """Keep what was typed, and go to the question, at the form's own address."""
    return redirect(f"{request.path}?{urlencode({ASKED: keep(request.user, task, fields).pk})}")


def back(request: HttpRequest) -> str:
    """From the question to the form as it was."""
    return f"{request.path}?{urlencode({TYPED: request.GET[ASKED]})}"


def typed(request: HttpRequest, task: LaunchableTask) -> tuple[AskedLaunch, QueryDict] | None:
    """What the address means; None where it is not kept (any more), which the next page says then."""
    text = request.GET.get(ASKED) or request.GET.get(TYPED) or ""
    try:
        row = access.find_asked(request.user, task, uuid.UUID(text))
    except ValueError:
        row = None
    if row and (found := fields(row)) is not None:
        return row, found
    messages.warning(request, _("What was typed is not kept any more."))
    return None


def is_launched(request: HttpRequest, job_id: uuid.UUID) -> bool:
    """Whether the yes has come already: there is the job, and the reader may see it."""
    return access.jobs_for(request.user).filter(pk=job_id).exists()


def say_launched(request: HttpRequest) -> None:
    """Who has gone back is told that nothing is left to be confirmed."""
    messages.info(request, _("This was launched already: to launch it now is to launch it once more."))


def _sealed(fields: Iterable[tuple[str, str]]) -> bytes:
    return _fernet().encrypt(json.dumps(list(fields)).encode())


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(salted_hmac("dashboard.asked", "sealed", algorithm="sha256").digest()))
