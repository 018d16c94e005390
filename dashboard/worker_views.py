"""The page of workers and queues, where queues are paused and resumed, and workers drained, and given processes.

Whatever changes what others wait for is asked about first, on a page that says what will happen.
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dashboard import access, workers
from tasks import orders, queues
from tasks.eventlog import LogUnavailable

_STEPS = {"grow": 1, "shrink": -1}


@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Workers, what they do, and what waits for them."""
    return _shown(request, "dashboard/workers.html")


@require_safe
@login_required
def now(request: HttpRequest) -> HttpResponse:
    """The same as it is now, without the page around it."""
    return _shown(request, "dashboard/_workers.html")


def _shown(request: HttpRequest, template: str) -> HttpResponse:
    if not access.may_see_workers(request.user):
        raise PermissionDenied
    context: dict[str, Any] = {"now": timezone.now()}
    try:
        context |= workers.overview(request.user)
    except LogUnavailable:
        context["away"] = True
    context |= {
        "may_pause": access.may_pause_queues(request.user),
        "may_steer": access.may_steer_workers(request.user),
        "least": orders.LEAST,
        "most": orders.MOST,
    }
    return render(request, template, context)


@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest, name: str) -> HttpResponse:
    """Have no worker take anything more from the queue, or have them take again; asked with GET, what that means."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("taskcast:workers"))
    if not access.may_pause_queues(request.user):
        raise PermissionDenied(_("You may not pause queues."))
    if request.method != "POST":
        return render(request, "dashboard/queue_pause.html", {"name": name})
    steer = queues.resume if request.POST.get("to") == "resume" else queues.pause
    if not steer(name, user=request.user):
        messages.info(request, _("That is so already."))
    return redirect("taskcast:workers")


@require_http_methods(["GET", "HEAD", "POST"])
def steer(request: HttpRequest, name: str) -> HttpResponse:
    """Have a worker drain, take again, or have one process more or fewer: `do` says what. GET asks whether to."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("taskcast:workers"))
    if not access.may_steer_workers(request.user):
        raise PermissionDenied(_("You may not steer workers."))
    do = (request.POST if request.method == "POST" else request.GET).get("do", "")
    try:
        found = workers.lease_of(name)
        if found is None:
            raise Http404(_("No worker of this name runs."))
        lease, said = found
        size = _new_size(do, lease, said)
        if request.method != "POST":
            held = said.get("reserved")
            context = {"do": do, "said": said, "held": None if held is None else len(held), "size": size}
            return render(request, "dashboard/worker_steer.html", context)
        _order(do, lease, size, request.user)
    except LogUnavailable:
        messages.error(request, _("Redis does not answer; try again."))
    except ValueError as error:
        messages.warning(request, str(error))
    return redirect("taskcast:workers")


def _new_size(do: str, lease: str, said: dict[str, Any]) -> int | None:
    """How many processes the pool is to have; None for what leaves it as it is. Raises ValueError, in the reader's
    words, for what cannot be asked."""
    if do in ("drain", "take"):
        return None
    if do not in _STEPS:
        raise ValueError(_("“{asked}” cannot be asked of a worker.").format(asked=do[:40]))
    if not said.get("resizable"):
        raise ValueError(_("The pool of this worker cannot be made larger or smaller."))
    # Of two who ask at once, the second goes on from what the first has asked for.
    size = int(orders.asked([lease])[lease].get("size") or said["size"]) + _STEPS[do]
    if not orders.LEAST <= size <= orders.MOST:
        words = _("A pool has {least} to {most} processes.")
        raise ValueError(words.format(least=orders.LEAST, most=orders.MOST))
    return size


def _order(do: str, lease: str, size: int | None, user: Any) -> None:
    if size is not None:
        orders.resize(lease, size, user=user)
    elif do == "drain":
        orders.drain(lease, user=user)
    else:
        orders.take_again(lease, user=user)
