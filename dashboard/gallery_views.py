"""The gallery: every part of the pages in every state, from fixed data. For who develops them: with DEBUG, for staff.

What lives elsewhere stands still here (`data-still`): elements take over from what the server wrote, and hear nothing.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard import access, gallery, loglines
from tasks.events import STATES

#: Pages that say no, by name; those of the whole site are our own project's (project/templates).
REFUSALS = {
    "400": ("400.html", 400),
    "403": ("dashboard/403.html", 403),
    "404": ("dashboard/404.html", 404),
    "500": ("500.html", 500),
    "csrf": ("403_csrf.html", 403),
    "too-large": ("dashboard/too_large.html", 413),
    "away": ("dashboard/away.html", 503),
}


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """All parts on one page."""
    if refused := _refused(request):
        return refused
    jobs = gallery.jobs()
    for level in (messages.SUCCESS, messages.INFO, messages.WARNING, messages.ERROR):
        messages.add_message(request, level, _("A message"))
    context = {
        "states": STATES,
        "jobs": list(jobs.values()),
        "job_names": sorted(jobs),
        "names": {},
        "bars": [jobs[name] for name in ("started", "unknown", "batch", "succeeded", "failed", "cancelled")],
        "values": gallery.values(),
        "form": _SampleForm({"number": "many", "choice": "b"}),
        "refusals": REFUSALS,
    }
    return render(request, "dashboard/gallery.html", context)


@require_safe
def job(request: HttpRequest, name: str) -> HttpResponse:
    """One job as its page shows it."""
    if refused := _refused(request):
        return refused
    found = gallery.jobs().get(name)
    if found is None:
        raise Http404
    lines = gallery.lines(found)
    found["seq"] = len(lines)
    events = [{"seq": n, "time": line["time"], "kind": "log", "lines": [line]} for n, line in enumerate(lines, 1)]
    beside: dict[str, Any] = {"usual": None, "samples": [], "moments": []}
    data = {"job": found, "epoch": 1, "seq": found["seq"], "events": events, "lines": len(lines), **beside}
    numbered = loglines.numbered(lines, len(lines))
    context = {"job": found, "title": name, "data": data, "lines": numbered, "earlier": 0, "names": {}, **beside}
    return render(request, "dashboard/gallery_job.html", context)


@require_safe
def refusal(request: HttpRequest, name: str) -> HttpResponse:
    """One of the pages that say no."""
    if refused := _refused(request):
        return refused
    if name not in REFUSALS:
        raise Http404
    template, status = REFUSALS[name]
    return render(request, template, status=status)


def _refused(request: HttpRequest) -> HttpResponse | None:
    if not access.has_gallery():
        raise Http404
    if not request.user.is_authenticated:
        return login_required(overview)(request)
    if not access.may_see_gallery(request.user):
        raise Http404
    return None


class _SampleForm(forms.Form):
    text = forms.CharField(help_text="What it is for.")
    number = forms.IntegerField()
    optional = forms.CharField(required=False)
    choice = forms.ChoiceField(choices=[("a", "First"), ("b", "Second")])
    longer = forms.CharField(widget=forms.Textarea, required=False)
    secret = forms.CharField(widget=forms.PasswordInput, required=False)
    check = forms.BooleanField(required=False, help_text="Ticked or not.")
