"""The catalogue: what the reader may launch, found by words, by application, by what he keeps or launched lately."""

from itertools import groupby
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from dashboard import access, catalogue
from dashboard.models import Favourite

_LONGEST_QUERY = 200


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tasks(request: HttpRequest) -> HttpResponse:
    """The catalogue; `?q=words` narrows it. A POST keeps a task among the reader's favourites, or no longer."""
    if request.method == "POST":
        return _keep(request)
    cards = catalogue.cards(request.user)
    query = request.GET.get("q", "").strip()[:_LONGEST_QUERY]
    found = catalogue.matching(cards, query) if query else []
    shown = {card.at for card in found}
    homes = [(title, list(members)) for title, members in groupby(cards, lambda card: card.group)]
    context = {
        "query": query,
        "cards": cards,
        "may_launch": access.may_launch_anything(request.user),
        "sees_all": access.sees_all(request.user),
        "found": found,
        "recent": catalogue.recent(cards),
        "favourites": [card for card in cards if card.is_favourite and card.at not in shown],
        # What is found stands in the results, and is in no group: no card is on the page twice.
        "groups": [
            (title, [card for card in members if not card.is_favourite and card.at not in shown])
            for title, members in homes
        ],
    }
    return render(request, "dashboard/tasks.html", context)


def _keep(request: HttpRequest) -> HttpResponse:
    """`task` and `keep` (1 or 0). A script is answered with 204, a form with the catalogue as it was."""
    task = access.get_task_or_404(request.user, request.POST.get("task", ""))
    if request.POST.get("keep") == "1":
        Favourite.objects.get_or_create(user_id=str(request.user.pk), task=task.name)
    else:
        access.favourites_for(request.user).filter(task=task.name).delete()
    if request.headers.get("Accept") == "application/json":
        return HttpResponse(status=204)
    query = request.POST.get("q", "")[:_LONGEST_QUERY]
    return redirect(reverse("taskcast:tasks") + (f"?{urlencode({'q': query})}" if query else "") + f"#{task.name}")
