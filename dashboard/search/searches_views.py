"""Saving the search of the list under a name, and what becomes of it later."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dashboard import access
from dashboard.models import SavedSearch
from dashboard.search import searches


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def save(request: HttpRequest) -> HttpResponse:
    """Ask for a name where none was typed, or it won't do; else keep the search, and back to the list."""
    given = request.POST if request.method == "POST" else None
    form = searches.SearchForm(given, owner=request.user)
    if given is not None and form.is_valid():
        return _to_list(request, searches.save(request.user, form))
    asked = given or request.GET
    context = {"form": form, "q": asked.get("q", ""), "order": asked.get("order", "")}
    return render(request, "dashboard/search_new.html", context, status=200 if given is None else 422)


def _to_list(request: HttpRequest, row: SavedSearch) -> HttpResponse:
    messages.success(request, _("Saved as “{name}”.").format(name=row.name))
    return redirect(f"{reverse('taskcast:jobs')}?{searches.query(row)}")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a saved search, or delete it."""
    row = access.get_search_or_404(request.user, pk)
    if request.method == "POST" and "delete" in request.POST:
        row.delete()
        messages.success(request, _("“{name}” is deleted.").format(name=row.name))
        return redirect("taskcast:jobs")
    form = searches.NameForm(request.POST or None, owner=request.user, row=row)
    if request.method == "POST" and form.is_valid():
        row.name = form.cleaned_data["name"]
        row.save(update_fields=["name"])
        return _to_list(request, row)
    context = {"row": row, "form": form, "query": searches.query(row)}
    return render(request, "dashboard/search_change.html", context, status=422 if request.method == "POST" else 200)
