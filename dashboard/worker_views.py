"""The page of workers and queues, where queues are paused and resumed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard import access, workers
from tasks import queues
from tasks.eventlog import LogUnavailable


@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Workers, what they do, and what waits for them."""
    if not access.may_see_workers(request.user):
        raise PermissionDenied
    try:
        found = workers.overview(request.user)
    except LogUnavailable:
        return render(request, "dashboard/workers.html", {"away": True})
    return render(request, "dashboard/workers.html", {**found, "may_pause": access.may_pause_queues(request.user)})


@require_POST
def pause(request: HttpRequest, name: str) -> HttpResponse:
    """Have no worker take anything more from the queue, or have them take again."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("taskcast:workers"))
    if not access.may_pause_queues(request.user):
        raise PermissionDenied(_("You may not pause queues."))
    steer = queues.resume if request.POST.get("to") == "resume" else queues.pause
    if not steer(name, user=request.user):
        messages.info(request, _("That is so already."))
    return redirect("taskcast:workers")
